"""robot-skills deploy: the same skills and executor on a real arm, or on its twin."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from robot_skills.cli.arm_target import ArmTarget, Reached, own_env
from robot_skills.cli.deploy_clearance import Clearance, calibrated
from robot_skills.deploy.safety.settings import SafetySettings
from robot_skills.deploy.settings import ControlSettings

if TYPE_CHECKING:
    from robot_skills.core.arm import ArmProfile
    from robot_skills.core.skill import SkillLibrary
    from robot_skills.deploy.calibration import Calibration
    from robot_skills.deploy.driver_robot import DriverRobot
    from robot_skills.run.evaluate.episodes import Episode
    from robot_skills.run.execute.trace import Trace
    from robot_skills.run.execute.watching import Watch

Seat = Callable[["DriverRobot", Reached], AbstractContextManager["Watch | None"]]


@dataclass(frozen=True)
class Deployment:
    """What came of one run: the executor's trace and, on a twin, the twin's own log."""

    trace: "Trace"
    twin: dict[str, Any]
    exceeded: list[str]


@dataclass(frozen=True)
class Deploy:
    """Reach a goal on a real arm (--host, --arm) or on its twin in a process of its own (--twin).

    First --check, which ends with a calibration; then --shadow, --dry-run, --config first_day, and
    last of all full speed. A real arm takes only a library that was promoted to it (robot-skills
    library promote). Space or q stops; so do Ctrl-C, any fault, and the end. The limits are
    software, not a safety-rated function: keep the emergency stop within reach.
    """

    goal: str = ""
    """Facts that should hold, such as 'in(red, drawer)'."""

    library: Path = Path("runs/demo/library")
    """Folder of a skill library."""

    twin: str = ""
    """Start a twin of this arm and use it: fr3, so101, ur5e or xarm6."""

    host: str = ""
    """Address of a real arm: an IP address, or a serial line such as /dev/ttyACM0."""

    arm: str = ""
    """Profile of the arm at --host: a name in assets/arms/ or a folder."""

    driver: str = ""
    """Drive the arm through ros2 or lerobot instead of its vendor's own client."""

    perception: str = ""
    """Address of whatever serves object poses; by default the arm's, or this computer's."""

    env: str = ""
    """Environment: a name in envs/ or a folder with a task.toml; the library's own by default."""

    seed: int = 0
    """Seed of the twin's start, and of how it differs from training."""

    gap: float = 1.0
    """How much the twin differs from training: 0 not at all, 1 as an arm may, 2 twice that."""

    twin_log: Path | None = None
    """File for the twin's own log, with the true path at 125 Hz."""

    check: bool = False
    """Look at everything about the arm, move each joint by little, and write its calibration."""

    yes: bool = False
    """Answer every question of --check with yes; for twins only."""

    shadow: bool = False
    """Let the policies run on live readings while the arm stands still; shows what they want."""

    shadow_s: float = 20.0
    """How long a shadow runs, in s of the robot's time."""

    dry_run: bool = False
    """The same on the arm's twin: what --host and --arm name is not touched."""

    calibration: str = ""
    """Calibration of the arm, by name or file; by default that of --arm at --host."""

    camera: tuple[str, ...] = ()
    """Cameras for --check to compare, as NAME=DEVICE or NAME=FILE, such as front=0."""

    demonstrations: Path = Path("runs/demonstrations")
    """Demonstrations whose stills --check compares with the cameras'."""

    pictures: Path = Path("runs/check")
    """Folder for the pictures that --check draws."""

    extrinsics: Path | None = None
    """TOML file with camera poses to keep in the calibration: name = [x, y, z, w, x, y, z]."""

    out: Path | None = None
    """JSON file for the result; those on the twin are evidence for robot-skills library promote."""

    control: ControlSettings = field(default_factory=ControlSettings)
    safety: SafetySettings = field(default_factory=SafetySettings)

    def run(self) -> None:
        """Check, shadow, or reach the goal; status 1 when the goal does not hold at the end."""
        from robot_skills.cli import deploy_shadow

        if self.check:
            self._check()
        elif self.shadow:
            deploy_shadow.run(self)
        else:
            self._reach_and_tell()

    def deploy(self, watch: "Watch | None" = None, seat: "Seat | None" = None) -> Deployment:
        """Reach the goal; raises NoPlanError, and RobotFault when the arm stops itself.

        `seat` gives the operator a place beside the robot, and perhaps someone who watches.
        """
        from robot_skills.storage.libraries import load_library
        from robot_skills.storage.writable import check_file

        self.target().check()
        check_file(self.twin_log)
        check_file(self.out)
        library = load_library(self.library)
        clearance = self.clearance()
        if clearance is None or self.dry_run:
            given = clearance.given() if clearance else None
            return self._deploy(library, given, watch, seat)
        clearance.check_standing(library)
        given, speed_max_rad_s = clearance.given(), self.safety.speed_max_rad_s
        clearance.check_speed(given, speed_max_rad_s)
        first = clearance.is_first_fast_run(given, speed_max_rad_s)
        ramped = replace(self, safety=replace(self.safety, first_run=True)) if first else self
        result = ramped._deploy(library, given, watch, seat)
        clearance.remember(given, result.trace, speed_max_rad_s)
        return result

    def clearance(self) -> Clearance | None:
        """What the arm at --host asks for before it moves; None where a twin stands for no arm."""
        if not self.host:
            return None
        return Clearance(self.host, self.target().profile(), self.calibration, self.library)

    def _deploy(
        self,
        library: "SkillLibrary",
        given: "Calibration | None",
        watch: "Watch | None",
        seat: "Seat | None",
    ) -> Deployment:
        from robot_skills.cli.given_goal import given_goal
        from robot_skills.cli.goal_on_arm import GoalOnArm
        from robot_skills.core.control import Workspace
        from robot_skills.deploy.safety.review import exceeded_limits

        with _terminable(), self.target(library).reached() as reached:
            goal, safety = given_goal(reached.task, self.goal), self.safety_of(reached.arm)
            on_arm = GoalOnArm(library, reached.task, reached.arm, safety)
            with self.connect(reached, given) as robot:
                own = calibrated(given, reached, robot.info)
                print(f"calibration {own.id}, serial {own.serial or 'not told'}")
                seated = seat or (lambda *_: contextlib.nullcontext(watch))
                with seated(robot, reached) as seen_by:
                    trace = on_arm.carry_out(goal, robot, seen_by)
            stats = reached.stats
        workspace = Workspace(*reached.task.workspace_m)
        exceeded = exceeded_limits(stats, reached.arm, safety, workspace) if stats else []
        return Deployment(trace, stats, exceeded)

    def target(self, library: "SkillLibrary | None" = None) -> ArmTarget:
        """The arm that the flags name; a dry run takes its twin instead."""
        name = self.twin or self.arm
        dry = self.dry_run and not self.twin
        env = self.env or (library.task if library is not None else own_env(name))
        return ArmTarget(
            twin=name if dry else self.twin,
            host="" if dry else self.host,
            arm=self.arm,
            driver=self.driver,
            perception="" if dry else self.perception,
            env=env,
            goal=self.goal,
            seed=self.seed,
            gap=self.gap,
            twin_log=self.twin_log,
        )

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
            self.safety_of(reached.arm),
            None if blind else reached.perception,
            calibration=calibration if reached.twin is None else None,
            read_only=read_only,
        )

    def safety_of(self, arm: "ArmProfile") -> SafetySettings:
        """The arm's own defaults with what was changed on the command line."""
        from robot_skills.deploy.safety.settings import safety_settings

        given = {f.name: getattr(self.safety, f.name) for f in fields(self.safety)}
        defaults = asdict(SafetySettings())
        return safety_settings(arm, **{k: v for k, v in given.items() if v != defaults[k]})

    def _check(self) -> None:
        from robot_skills.cli.deploy_check import CheckRun, camera_sources
        from robot_skills.deploy.bringup.check import Views

        def connect(reached: Reached, read_only: bool) -> "DriverRobot":
            return self.connect(reached, read_only=read_only, blind=True)

        views = Views(camera_sources(self.camera), self.demonstrations, self.pictures)
        CheckRun(self.target(), connect, self.calibration, self.yes, views, self.extrinsics).run()

    def _reach_and_tell(self) -> None:
        result = self._kept() if self.out is not None else self.deploy(seat=self._desk)
        print(result.trace.explain())
        reached = result.trace.success
        print(f"goal {'holds' if reached else 'does not hold'} as perceived")
        if result.twin:
            reached = bool(result.twin["goal_held"]) and not result.exceeded
            print("\n".join(twin_report(result)))
        if not reached:
            raise SystemExit(1)

    @contextlib.contextmanager
    def _desk(self, robot: "DriverRobot", reached: Reached) -> "Iterator[Watch]":
        from robot_skills.cli.desk import seated_desk

        with seated_desk(robot, reached, f"goal {self.goal}") as desk:
            yield desk.watch

    def _kept(self) -> Deployment:
        """Reach the goal and write what came of it, be it a fault, to --out."""
        from robot_skills.core.errors import RobotFault
        from robot_skills.run.evaluate.episodes import Episode

        try:
            result = self.deploy(seat=self._desk)
        except RobotFault as fault:
            self._write(Episode(self.goal, False, self.seed, False, None, str(fault)))
            raise
        reached, reason = result.trace.success, ""
        if result.twin:  # what it says in truth is what counts
            reached = bool(result.twin["goal_held"]) and not result.exceeded
            reason = "; ".join(result.exceeded)
        self._write(Episode(self.goal, False, self.seed, reached, result.trace, reason))
        return result

    def _write(self, episode: "Episode") -> None:
        from robot_skills.cli.provenance import library_identity
        from robot_skills.cli.run import write_results

        target = self.target()
        robot = f"twin {target.twin}, gap {self.gap:g}" if target.twin else f"arm {target.name}"
        settings = {"env": self.env, "seed": self.seed} | library_identity(self.library, robot)
        if self.out is not None:
            write_results(self.out, [episode], settings)


def twin_report(result: Deployment) -> list[str]:
    """The twin's own log in a few lines."""
    stats = result.twin
    speeds = ", ".join(f"{speed:.2f}" for speed in stats["largest_joint_speed_rad_s"])
    lines = [
        f"twin: goal {'holds' if stats['goal_held'] else 'does not hold'} in truth",
        f"twin: largest joint speeds {speeds} rad/s over {stats['robot_time_s']:.1f} s",
    ]
    found = [f"twin: limit exceeded: {words}" for words in result.exceeded]
    return lines + (found or ["twin: no limit exceeded"])


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM unwind as Ctrl-C does, so that the arm is stopped on the way."""

    def interrupt(_signal: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
