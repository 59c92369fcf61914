"""robot-skills deploy: the same skills and executor on a real arm, or on its twin."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

from robot_skills.cli.arm_target import ArmTarget, Reached
from robot_skills.cli.deploy_clearance import Clearance, calibrated

if TYPE_CHECKING:
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
class Deploy(ArmTarget):
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

        self.target().check_reachable()
        check_file(self.twin_log)
        check_file(self.out)
        library = load_library(self.library)
        if not self.host:
            return self._deploy(library, None, watch, seat)
        if self.dry_run:
            return self._deploy(library, self.given_calibration(), watch, seat)
        clearance, speed_max_rad_s = self.clearance(), self.limits.speed_max_rad_s
        clearance.check_standing(library)
        given = self.given_calibration()
        clearance.check_speed(given, speed_max_rad_s)
        first = clearance.is_first_fast_run(given, speed_max_rad_s)
        ramped = replace(self, safety=replace(self.limits, first_run=True)) if first else self
        result = ramped._deploy(library, given, watch, seat)
        clearance.remember(given, result.trace, speed_max_rad_s)
        return result

    def clearance(self) -> Clearance:
        """What the arm at --host asks of the library before it moves."""
        return Clearance(self.calibration_file, self.library)

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

        with _terminable(), self.target(library).reached(self.goal) as reached:
            goal = given_goal(reached.task, self.goal)
            on_arm = GoalOnArm(library, reached.task, reached.arm, self.limits)
            with self.connect(reached, given) as robot:
                own = calibrated(given, reached, robot.info)
                print(f"calibration {own.id}, serial {own.serial or 'not told'}")
                seated = seat or (lambda *_: contextlib.nullcontext(watch))
                with seated(robot, reached) as seen_by:
                    trace = on_arm.carry_out(goal, robot, seen_by)
            stats = reached.stats
        workspace = Workspace(*reached.task.workspace_m)
        exceeded = exceeded_limits(stats, reached.arm, self.limits, workspace) if stats else []
        return Deployment(trace, stats, exceeded)

    def target(self, library: "SkillLibrary | None" = None) -> Self:
        """The same where it will run: in the library's environment, a dry run on the arm's twin."""
        env = self.env or (library.task if library is not None else "")
        if not self.dry_run or self.twin:
            return replace(self, env=env)
        return replace(self, env=env, twin=self.arm, host="", perception="")

    def _check(self) -> None:
        from robot_skills.cli.deploy_check import CheckRun, camera_sources
        from robot_skills.deploy.bringup.check import Views

        views = Views(camera_sources(self.camera), self.demonstrations, self.pictures)
        CheckRun(self.target(), self.yes, views, self.extrinsics).run()

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
