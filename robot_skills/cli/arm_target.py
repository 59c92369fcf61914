"""The arm that a command line names: a real one at --host, or a twin in a process of its own."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robot_skills.core.arm import ArmProfile
    from robot_skills.core.task import Task
    from robot_skills.deploy.control.address import ArmAddress
    from robot_skills.deploy.twins.process import TwinProcess


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
    """Which arm; empty `env` is the arm's own scale of blocks, `goal` what a twin leaves open."""

    twin: str = ""
    host: str = ""
    arm: str = ""
    driver: str = ""
    perception: str = ""
    env: str = ""
    goal: str = ""
    seed: int = 0
    gap: float = 1.0
    twin_log: Path | None = None

    @property
    def name(self) -> str:
        """Profile of the arm: a name in assets/arms/ or a folder."""
        return self.twin or self.arm

    @property
    def task_name(self) -> str:
        """Environment: a name in envs/ or a folder."""
        return self.env or own_env(self.name)

    def check(self) -> None:
        """Raise InputError for what cannot be reached, before anything is started."""
        from robot_skills.core.errors import InputError, unknown_name
        from robot_skills.deploy.twins import TWINS

        if bool(self.twin) == bool(self.host):
            raise InputError(
                f"give either --twin with one of {', '.join(TWINS)}, or --host with an arm's "
                "address and --arm"
            )
        if self.twin and not self.driver and "/" not in self.twin and self.twin not in TWINS:
            raise unknown_name("twin", self.twin, TWINS)
        if self.host and not self.arm:
            raise InputError(f"--host {self.host} needs --arm: which arm it is, such as ur5e")

    def profile(self) -> "ArmProfile":
        """The arm's profile, behind the driver that was asked for."""
        from robot_skills.core.arm import driven_by, load_arm
        from robot_skills.paths import find

        return driven_by(load_arm(find("assets/arms", self.name)), self.driver)

    @contextlib.contextmanager
    def reached(self) -> Iterator[Reached]:
        """The arm, or a twin that lives as long as the context."""
        from robot_skills.core.task_file import load_task
        from robot_skills.paths import find

        self.check()
        arm, task = self.profile(), load_task(find("envs", self.task_name))
        if self.host:
            local = self.host.startswith("/")  # a serial line or a ROS namespace serves no poses
            poses_at = self.perception or ("127.0.0.1" if local else self.host)
            yield Reached(self._address(arm, self.host), arm, task, poses_at, None)
            return
        with self._twin(task) as twin:
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

    def _twin(self, task: "Task") -> "TwinProcess":
        from robot_skills.deploy.twins.process import TwinProcess, own_address
        from robot_skills.deploy.twins.settings import TwinSettings

        # Every start leaves some goal open: where none is wanted, the task's first.
        settings = TwinSettings(
            host=own_address(),
            arm=self.twin,
            driver=self.driver,
            task=self.task_name,
            goal=self.goal or next(iter(task.goals)),
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
