"""robot-skills deploy: the same skills and executor on a real arm, or on its twin."""

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from robot_skills.cli.arm_target import ArmTarget, Reached, own_env
from robot_skills.deploy.safety.settings import SafetySettings
from robot_skills.deploy.settings import ControlSettings

if TYPE_CHECKING:
    from robot_skills.cli.desk import Desk
    from robot_skills.core.arm import ArmProfile
    from robot_skills.core.skill import SkillLibrary
    from robot_skills.core.task import Goal
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
    """Address of whatever serves object poses; the arm's own by default."""

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
        from robot_skills.cli.given_goal import given_goal
        from robot_skills.cli.goal_on_arm import GoalOnArm
        from robot_skills.core.control import Workspace
        from robot_skills.deploy.safety.review import exceeded_limits
        from robot_skills.storage.libraries import load_library
        from robot_skills.storage.writable import check_file

        self.target().check()
        check_file(self.twin_log)
        check_file(self.out)
        library = load_library(self.library)
        self._check_standing(library)
        given = self.given_calibration()
        if given is not None and not self.dry_run:
            self.check_slow_before(given)
        with _terminable(), self.target(library).reached() as reached:
            goal = given_goal(reached.task, self.goal)
            with self.connect(reached, given) as robot:
                calibration = calibrated(given, reached, robot)
                print(f"calibration {calibration.id}, serial {calibration.serial or 'not told'}")
                seated = seat or (lambda *_: contextlib.nullcontext(watch))
                with seated(robot, reached) as seen_by:
                    safety = self.safety_of(reached.arm)
                    on_arm = GoalOnArm(library, reached.task, reached.arm, safety)
                    trace = on_arm.carry_out(goal, robot, seen_by)
            stats = reached.stats
        self._remember(calibration, goal, trace.success)
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

    def given_calibration(self) -> "Calibration | None":
        """The calibration of the arm at --host; None for a twin that stands for no arm.

        Raises InputError where it is missing, edited, or of another arm or model.
        """
        from robot_skills.deploy.calibration import load_calibration

        if not self.host:
            return None
        found = load_calibration(self.calibration_file())
        found.check(self.target().profile())
        return found

    def calibration_file(self) -> Path:
        """Where the calibration of the arm at --host is."""
        from robot_skills.deploy.calibration import calibration_file

        return calibration_file(self.calibration, self.target().profile().name, self.host)

    def check_slow_before(self, calibration: "Calibration") -> None:
        """Raise InputError where full speed is asked for before a slow run succeeded."""
        from robot_skills.core.errors import InputError
        from robot_skills.deploy.done_runs import (
            SLOW_RAD_S,
            load_runs,
            runs_file,
            was_slow_before,
        )
        from robot_skills.storage.libraries import library_sha256

        if self.safety.speed_max_rad_s <= SLOW_RAD_S:
            return
        library = library_sha256(self.library)
        if not was_slow_before(
            load_runs(runs_file(self.calibration_file())), calibration.id, library
        ):
            raise InputError(
                f"no slow run of {self.library} succeeded on this arm as it is calibrated now; "
                "type the same command with --config first_day first"
            )

    def _remember(self, calibration: "Calibration", goal: "Goal", success: bool) -> None:
        """Keep a run on a real arm beside its calibration."""
        from robot_skills.cli.deploy_check import now
        from robot_skills.core.facts import format_facts
        from robot_skills.deploy.done_runs import DoneRun, add_run, runs_file
        from robot_skills.storage.libraries import library_sha256

        if not self.host or self.dry_run:
            return
        file = runs_file(self.calibration_file())
        speed = self.safety.speed_max_rad_s
        sha256 = library_sha256(self.library)
        facts = format_facts(goal.facts)
        add_run(file, DoneRun(now(), calibration.id, sha256, facts, speed, success))

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
            reached = bool(result.twin["goal_held"])
            print("\n".join(twin_report(result)))
        if not reached:
            raise SystemExit(1)

    def _check_standing(self, library: "SkillLibrary") -> None:
        """Raise InputError for a real arm unless the library is allowed on hardware."""
        from robot_skills.core.errors import InputError
        from robot_skills.storage.library_standing import Standing, load_record

        standing = load_record(self.library).standing
        if self.host and not self.dry_run and standing is not Standing.HARDWARE:
            raise InputError(
                f"a real arm takes only a library that is {Standing.HARDWARE.meaning}; "
                f"{self.library} {library.version} is: {standing.meaning}. See robot-skills "
                "library promote --help, or use --twin"
            )

    @contextlib.contextmanager
    def _desk(self, robot: "DriverRobot", reached: Reached) -> "Iterator[Watch]":
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


def calibrated(
    given: "Calibration | None", reached: Reached, robot: "DriverRobot"
) -> "Calibration":
    """The calibration that fits the connected arm; InputError where the given one does not.

    A twin gets one on the fly; where it stands for an arm, that arm's with the twin's own serial.
    """
    from robot_skills.cli.deploy_check import now
    from robot_skills.deploy.calibration import calibration_of

    if reached.twin is None:
        assert given is not None  # --host loads one before it connects
        given.check(reached.arm, robot.info)
        return given
    own = calibration_of(reached.arm, robot.info, "a twin", now())
    if given is not None:
        own = replace(given, serial=own.serial, firmware=own.firmware)
    own.check(reached.arm, robot.info)
    return own


@contextlib.contextmanager
def seated_desk(robot: "DriverRobot", reached: Reached, title: str) -> "Iterator[Desk]":
    """The operator's desk: live on a terminal, plain lines elsewhere."""
    from robot_skills.cli.desk import Desk
    from robot_skills.cli.live_view import Shown
    from robot_skills.record.terminal import TerminalKeys

    kind = "twin of " if reached.twin else ""
    shown = Shown(
        f"{kind}{reached.arm.name} at {reached.address.host}, {title}", reached.arm.joints
    )
    with contextlib.ExitStack() as stack:
        keys = stack.enter_context(TerminalKeys()) if sys.stdin.isatty() else None
        yield stack.enter_context(Desk(robot, shown, keys.pressed if keys else None))


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
