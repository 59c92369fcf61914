"""robot-skills deploy: the same skills and executor on a real arm, or on its twin."""

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from robot_skills.deploy.settings import ControlSettings, LimitSettings

if TYPE_CHECKING:
    from robot_skills.core.arm import ArmProfile
    from robot_skills.core.skill import SkillLibrary
    from robot_skills.core.task import Goal, Task
    from robot_skills.deploy.driver_robot import DriverRobot
    from robot_skills.run.evaluate.episodes import Episode
    from robot_skills.run.execute.trace import Trace
    from robot_skills.run.execute.watching import Watch


@dataclass(frozen=True)
class Deployment:
    """What came of one run: the executor's trace and, on a twin, the twin's own log."""

    trace: "Trace"
    twin: dict[str, Any]
    exceeded: list[str]


@dataclass(frozen=True)
class Deploy:
    """Reach a goal on a real arm (--host) or on its twin in a process of its own (--twin).

    A real arm takes only a library that was promoted to it (robot-skills library promote).
    The arm stops on any fault, on Ctrl-C and at the end. The limits are software, not a
    safety-rated function: keep the emergency stop within reach. --check connects, reads and
    moves nothing.
    """

    goal: str = ""
    """Facts that should hold, such as 'in(red, drawer)'."""

    library: Path = Path("runs/demo/library")
    """Folder of a skill library."""

    twin: str = ""
    """Start a twin of this arm, such as ur5e, and use it."""

    host: str = ""
    """Address of a real UR arm, as its pendant shows it."""

    arm: str = "ur5e"
    """Profile of the arm at --host: a name in assets/arms/ or a folder."""

    perception: str = ""
    """Address of whatever serves object poses; the arm's own by default."""

    env: str = "blocks"
    """Environment: a name in envs/ or a folder with a task.toml."""

    seed: int = 0
    """Seed of the twin's start, and of how it differs from training."""

    gap: float = 1.0
    """How much the twin differs from training: 0 not at all, 1 as an arm may, 2 twice that."""

    twin_log: Path | None = None
    """File for the twin's own log, with the true path at 125 Hz."""

    check: bool = False
    """Only connect, read for a second and report; nothing moves."""

    out: Path | None = None
    """JSON file for the result; those on the twin are evidence for robot-skills library promote."""

    control: ControlSettings = field(default_factory=ControlSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)

    def run(self) -> None:
        """Reach the goal, or check; ends with status 1 when the goal does not hold at the end."""
        if self.check:
            with self._target() as (host, _):
                self._check(host)
            return
        result = self._kept() if self.out is not None else self.deploy()
        print(result.trace.explain())
        reached = result.trace.success
        print(f"goal {'holds' if reached else 'does not hold'} as perceived")
        if result.twin:
            reached = bool(result.twin["goal_held"])
            print("\n".join(twin_report(result)))
        if not reached:
            raise SystemExit(1)

    def deploy(self, watch: "Watch | None" = None) -> Deployment:
        """Reach the goal; raises NoPlanError, and RobotFault when the arm stops itself."""
        from robot_skills.cli.given_goal import given_goal
        from robot_skills.core.arm import load_arm
        from robot_skills.core.control import Workspace
        from robot_skills.core.task_file import load_task
        from robot_skills.deploy.connect import ur_robot
        from robot_skills.deploy.review import exceeded_limits
        from robot_skills.paths import find
        from robot_skills.storage.libraries import load_library
        from robot_skills.storage.writable import check_file

        self._check_target()
        check_file(self.twin_log)
        check_file(self.out)
        library = load_library(self.library)
        self._check_standing(library)
        task, folder = load_task(find("envs", self.env)), find("assets/arms", self._arm_name)
        arm, goal = load_arm(folder), given_goal(task, self.goal)
        with _terminable(), self._target() as (host, twin):
            robot = ur_robot(host, folder, task, self.control, self.limits, self.perception)
            with robot:
                trace = self._carry_out(goal, robot, arm, task, library, watch)
            stats = twin.stats() if twin else {}
        workspace = Workspace(task.workspace_m[0], task.workspace_m[1])
        exceeded = exceeded_limits(stats, arm, self.limits, workspace) if stats else []
        return Deployment(trace, stats, exceeded)

    def _carry_out(
        self,
        goal: "Goal",
        robot: "DriverRobot",
        arm: "ArmProfile",
        task: "Task",
        library: "SkillLibrary",
        watch: "Watch | None",
    ) -> "Trace":
        from robot_skills.core.body import Body
        from robot_skills.core.facts import State, format_facts
        from robot_skills.core.predicates import FactObserver
        from robot_skills.core.skill import NOTHING_BARRED, Barred, Plan
        from robot_skills.deploy.connect import deployed_arm
        from robot_skills.plan import plan_without
        from robot_skills.run.execute.executor import execute
        from robot_skills.sim.kinematics import MujocoKinematics

        kinematics = MujocoKinematics(arm)
        seen = robot.observe()
        objects = tuple(name for name in task.objects if name in seen.object_pose)
        observer = FactObserver(task, objects)

        def replan(facts: State, barred: Barred = NOTHING_BARRED) -> Plan:
            return plan_without(barred, facts, goal.facts, library, task, objects)

        start = observer.facts(seen, kinematics.ee_pose(seen.joint_position))
        print(f"start: {format_facts(start)}\ngoal:  {format_facts(goal.facts)}")
        plan = replan(start)
        slower = deployed_arm(arm, self.limits)
        return execute(plan, library, task, robot, replan, Body(slower, kinematics), watch)

    @property
    def _arm_name(self) -> str:
        return self.twin or self.arm

    def _check_target(self) -> None:
        from robot_skills.core.errors import InputError, unknown_name
        from robot_skills.deploy.twins import TWINS

        if bool(self.twin) == bool(self.host):
            raise InputError("give either --twin ur5e or --host with a UR arm's address")
        if self.twin and self.twin not in TWINS:
            raise unknown_name("twin", self.twin, TWINS)

    def _check_standing(self, library: "SkillLibrary") -> None:
        """Raise InputError for a real arm unless the library is allowed on hardware."""
        from robot_skills.core.errors import InputError
        from robot_skills.storage.library_standing import Standing, load_record

        standing = load_record(self.library).standing
        if self.host and standing is not Standing.HARDWARE:
            raise InputError(
                f"a real arm takes only a library that is {Standing.HARDWARE.meaning}; "
                f"{self.library} {library.version} is: {standing.meaning}. See robot-skills "
                "library promote --help, or use --twin"
            )

    def _kept(self) -> Deployment:
        """Reach the goal and write what came of it, be it a fault, to --out."""
        from robot_skills.core.errors import RobotFault
        from robot_skills.run.evaluate.episodes import Episode

        try:
            result = self.deploy()
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

        robot = f"twin {self.twin}, gap {self.gap:g}" if self.twin else f"arm {self._arm_name}"
        settings = {"env": self.env, "seed": self.seed} | library_identity(self.library, robot)
        if self.out is not None:
            write_results(self.out, [episode], settings)

    @contextlib.contextmanager
    def _target(self) -> Iterator[tuple[str, Any]]:
        """The address to connect to, and the twin behind it if there is one."""
        from robot_skills.deploy.twins.process import TwinProcess, own_address
        from robot_skills.deploy.twins.settings import TwinSettings

        self._check_target()
        if self.host:
            yield self.host, None
            return
        # A check needs no goal, but every start leaves some goal open: the task's first.
        settings = TwinSettings(
            host=own_address(),
            arm=self.twin,
            task=self.env,
            goal=self.goal or first_goal(self.env),
            seed=self.seed,
            gap=self.gap,
            log=str(self.twin_log or ""),
        )
        with TwinProcess(settings) as twin:
            yield twin.host, twin

    def _check(self, host: str) -> None:
        from robot_skills.core.arm import load_arm
        from robot_skills.deploy.check import check_arm
        from robot_skills.deploy.control_process import ArmAddress
        from robot_skills.paths import find

        folder = find("assets/arms", self._arm_name)
        address = ArmAddress("ur", host, folder)
        for line in check_arm(address, load_arm(folder), self.control, self.perception or host):
            print(line)


def first_goal(env: str) -> str:
    """Name of the first goal of an environment."""
    from robot_skills.core.task_file import load_task
    from robot_skills.paths import find

    return next(iter(load_task(find("envs", env)).goals))


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
