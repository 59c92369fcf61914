"""The arm that a command line names: a real one at --host, or a twin in a process of its own."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from robot_skills.deploy.safety.settings import SafetySettings
from robot_skills.deploy.settings import ControlSettings

if TYPE_CHECKING:
    from robot_skills.core.arm import ArmProfile
    from robot_skills.core.task import Task
    from robot_skills.deploy.calibration import Calibration
    from robot_skills.deploy.control.address import ArmAddress
    from robot_skills.deploy.driver_robot import DriverRobot
    from robot_skills.deploy.twins.process import TwinProcess

ARMS_OWN = SafetySettings()  # this very object: nobody gave any, so those of the arm are meant


@dataclass(frozen=True)
class Reached:
    """An arm that answers at `address`; `twin` is None for a real one."""

    address: "ArmAddress"
    arm: "ArmProfile"
    task: "Task"
    perception: str
    twin: "TwinProcess | None"

    @property
    def stats(self) -> dict[str, Any]:
        """The twin's own log, summed up; nothing of a real arm."""
        return self.twin.stats() if self.twin is not None else {}


@dataclass(frozen=True)
class ArmTarget:
    """Which arm, and within what limits: the flags of every verb that drives one."""

    twin: str = ""
    """Start a twin of this arm and use it: fr3, so101, ur5e or xarm6."""

    host: str = ""
    """Address of a real arm: an IP address, or a serial line such as /dev/ttyACM0."""

    arm: str = ""
    """Profile of the arm at --host: a name in assets/arms/ or a folder."""

    driver: str = ""
    """Drive the arm through ros2 or lerobot instead of its vendor's own client."""

    calibration: str = ""
    """Calibration of the arm, by name or file; by default that of --arm at --host."""

    perception: str = ""
    """Address of whatever serves object poses; by default the arm's, or this computer's."""

    env: str = ""
    """Environment: a name in envs/ or a folder; by default the blocks at the arm's own scale."""

    seed: int = 0
    """Seed of the twin's start, and of how it differs from training."""

    gap: float = 1.0
    """How much the twin differs from training: 0 not at all, 1 as an arm may, 2 twice that."""

    twin_log: Path | None = None
    """File for the twin's own log, with the true path at 125 Hz."""

    control: ControlSettings = field(default_factory=ControlSettings)
    safety: SafetySettings = field(default_factory=lambda: ARMS_OWN)

    SAFER: ClassVar[dict[str, Any]] = {}  # what a verb changes of every arm's own settings

    @property
    def name(self) -> str:
        """Profile of the arm: a name in assets/arms/ or a folder."""
        return self.twin or self.arm

    @property
    def task_name(self) -> str:
        """Environment: a name in envs/ or a folder."""
        return self.env or own_env(self.name)

    def defaults(self) -> Self:
        """What is not given on a command line that names this arm: its own safety settings."""
        return replace(type(self)(), safety=self.own_safety()) if self.name else type(self)()

    def own_safety(self) -> SafetySettings:
        """What the arm is driven with where nothing else is asked for."""
        from robot_skills.deploy.safety.settings import safety_settings

        return safety_settings(self.profile(), **self.SAFER)

    @property
    def limits(self) -> SafetySettings:
        """The safety settings in force: those given, or the arm's own."""
        return self.own_safety() if self.safety is ARMS_OWN else self.safety

    def check_reachable(self) -> None:
        """Raise InputError for what cannot be reached, before anything is started."""
        from robot_skills.core.errors import InputError
        from robot_skills.deploy.drivers.clients import check_client
        from robot_skills.deploy.twins import TWINS

        if bool(self.twin) == bool(self.host):
            raise InputError(
                f"give either --twin with one of {', '.join(TWINS)}, or --host with an arm's "
                "address and --arm"
            )
        if self.host and not self.arm:
            raise InputError(f"--host {self.host} needs --arm: which arm it is, such as ur5e")
        driven = self.profile().deploy
        if driven is not None:
            check_client(driven.driver)

    def profile(self) -> "ArmProfile":
        """The arm's profile, behind the driver that was asked for; InputError lists what fits."""
        from robot_skills.core.arm import driven_by, load_arm
        from robot_skills.core.errors import unknown_name
        from robot_skills.deploy.twins import TWINS
        from robot_skills.paths import find

        if self.twin and not self.driver and "/" not in self.twin and self.twin not in TWINS:
            raise unknown_name("twin", self.twin, TWINS)
        return driven_by(load_arm(find("assets/arms", self.name)), self.driver)

    @contextlib.contextmanager
    def reached(self, goal: str = "") -> Iterator[Reached]:
        """The arm, or a twin that lives as long as the context; it leaves the `goal` open."""
        from robot_skills.core.task_file import load_task
        from robot_skills.paths import find

        self.check_reachable()
        arm, task = self.profile(), load_task(find("envs", self.task_name))
        if self.host:
            local = self.host.startswith("/")  # a serial line or a ROS namespace serves no poses
            poses_at = self.perception or ("127.0.0.1" if local else self.host)
            yield Reached(self._address(arm, self.host), arm, task, poses_at, None)
            return
        with self._twin(task, goal) as twin:
            address = self._address(arm, twin.address)
            yield Reached(address, arm, task, self.perception or twin.host, twin)

    def _address(self, arm: "ArmProfile", address: str) -> "ArmAddress":
        from robot_skills.core.errors import InputError
        from robot_skills.deploy.control.address import ArmAddress

        if arm.deploy is None:
            raise InputError(
                f"{arm.file} has no [deploy]: it does not say how {arm.name} is driven; give "
                "--driver ros2 where ros2_control drives it"
            )
        return ArmAddress(arm.deploy.driver, address, arm.file.parent)

    @property
    def calibration_file(self) -> Path:
        """Where the calibration of the arm at --host is."""
        from robot_skills.deploy.calibration import calibration_file

        return calibration_file(self.calibration, self.profile().name, self.host)

    def given_calibration(self) -> "Calibration":
        """That of the arm at --host; InputError where it is missing, edited, or does not fit."""
        from robot_skills.deploy.calibration import load_calibration

        found = load_calibration(self.calibration_file)
        found.check(self.profile())
        return found

    def connect(
        self,
        reached: Reached,
        calibration: "Calibration | None" = None,
        read_only: bool = False,
        blind: bool = False,
    ) -> "DriverRobot":
        """The robot, ready to be entered; `blind` without perception."""
        from robot_skills.deploy.connect import connected_robot

        return connected_robot(
            reached.address,
            reached.task,
            self.control,
            self.limits,
            None if blind else reached.perception,
            calibration=calibration if reached.twin is None else None,
            read_only=read_only,
        )

    def _twin(self, task: "Task", goal: str) -> "TwinProcess":
        from robot_skills.deploy.twins.process import TwinProcess, own_address
        from robot_skills.deploy.twins.settings import TwinSettings

        # Every start leaves some goal open: where none is wanted, the task's first.
        settings = TwinSettings(
            host=own_address(),
            arm=self.twin,
            driver=self.driver,
            task=self.task_name,
            goal=goal or next(iter(task.goals)),
            seed=self.seed,
            gap=self.gap,
            log=str(self.twin_log or ""),
        )
        return TwinProcess(settings)


def own_env(arm: str) -> str:
    """The blocks at an arm's own scale, where there are any."""
    from robot_skills.paths import data_folder

    scaled = f"blocks_{Path(arm).name}"
    return scaled if (data_folder("envs") / scaled).is_dir() else "blocks"
