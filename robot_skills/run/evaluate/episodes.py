"""Seeded episodes of tasks, and what came of them, task by task and skill by skill."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np

from robot_skills.core.body import Body
from robot_skills.core.errors import NoPlanError
from robot_skills.core.facts import State
from robot_skills.core.predicates import FactObserver
from robot_skills.core.robot import Robot
from robot_skills.core.skill import NOTHING_BARRED, Barred, Plan, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.nets.sight.camera_sight import CameraSetup
from robot_skills.run.evaluate.statistics import Rate, wilson
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.execute.executor import Executor
from robot_skills.run.execute.trace import Trace
from robot_skills.run.execute.watching import Watch, WatchSkills
from robot_skills.sim.render import Cameras
from robot_skills.sim.robosuite_episode import succeeded
from robot_skills.sim.scene import Scene, build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import Situation, reset, situation_of


class MakePlan(Protocol):
    """A plan from facts to a goal over the objects present, without what is barred."""

    def __call__(  # noqa: D102 - said above
        self,
        facts: State,
        goal: State,
        objects: tuple[str, ...],
        barred: Barred = NOTHING_BARRED,
    ) -> Plan: ...


@dataclass(frozen=True)
class Watchers:
    """Who is shown every control step, and who the start and end of every skill.

    `robot` is acted on in the place of the simulated arm, where something is put around that.
    """

    steps: Watch | None = None
    skills: WatchSkills | None = None
    robot: Robot | None = None


Spectator = Callable[[SimArm], Watchers]


@dataclass(frozen=True)
class Episode:
    """One evaluated episode; `trace` is None where no plan was found at the start."""

    goal: str
    seen: bool
    seed: int
    success: bool
    trace: Trace | None
    reason: str = ""

    @property
    def first_try(self) -> bool:
        """Whether it succeeded without any skill having to be repeated."""
        return self.success and self.trace is not None and self.trace.retries == 0


class Simulation:
    """Scenes and starts of one task and arm, compiled once; seen by cameras where policies need it.

    Raises InputError where cameras are asked for and nothing can be drawn.
    """

    def __init__(self, task: Task, body: Body, cameras: CameraSetup | None = None) -> None:
        self.task, self.body = task, body
        self._setup = cameras
        self._scene = cache(self._build)
        self._cameras = cache(self._look)

    def _build(self, objects: tuple[str, ...]) -> Scene:
        return build_scene(self.task, self.body.arm, objects, visual=self._setup is not None)

    def _look(self, objects: tuple[str, ...]) -> Cameras | None:
        if self._setup is None:
            return None
        size = (self._setup.height, self._setup.width)
        return Cameras(self._scene(objects), *size, self._setup.cameras)

    def start(self, goal: str, seed: int) -> tuple[SimArm, Situation]:
        """A robot in the random start that belongs to a seed and a goal: a template, or facts."""
        rng = np.random.default_rng([seed, sum(map(ord, goal))])
        situation = situation_of(self.task, goal, rng)
        robot = self.robot(situation.objects)
        reset(robot, self.body.kinematics, situation.goal, rng)
        return robot, situation

    def robot(self, objects: tuple[str, ...]) -> SimArm:
        """A robot before these objects, in MuJoCo's own start."""
        return SimArm(self._scene(objects), cameras=self._cameras(objects))

    def facts(self, robot: SimArm) -> State:
        """Facts that hold now in truth."""
        observation = robot.observe()
        ee = self.body.kinematics.ee_pose(observation.joint_position)
        return FactObserver(self.task, robot.scene.objects).facts(observation, ee)


def run_episode(
    simulation: Simulation,
    library: SkillLibrary,
    make_plan: MakePlan,
    goal: str,
    seed: int,
    config: ExecutorConfig | None = None,
    spectator: Spectator | None = None,
) -> Episode:
    """Plan and carry out one random situation of a goal: a template, or facts.

    `spectator` is told of the robot when it is ready, and gives back who watches.
    """
    robot, situation = simulation.start(goal, seed)
    wanted, objects = situation.goal.facts, situation.objects

    def replan(facts: State, barred: Barred = NOTHING_BARRED) -> Plan:
        return make_plan(facts, wanted, objects, barred)

    try:
        plan = replan(simulation.facts(robot))
    except NoPlanError as error:
        return Episode(goal, situation.goal.seen, seed, False, None, str(error))
    watchers = spectator(robot) if spectator else Watchers()
    executor = Executor(
        library,
        simulation.task,
        watchers.robot or robot,
        simulation.body,
        config,
        watchers.steps,
        watchers.skills,
    )
    trace = executor.run(plan, replan)
    success = succeeded(robot, wanted, simulation.facts(robot))
    return Episode(goal, situation.goal.seen, seed, success, trace, _reason(trace))


def _reason(trace: Trace) -> str:
    stops = [event.text for event in trace.events if event.kind in ("failure", "stop")]
    return "" if trace.success else (stops[-1] if stops else "")


def success_rate(episodes: Sequence[Episode]) -> Rate:
    """Share of episodes that reached their goal, with its Wilson interval."""
    return wilson(sum(episode.success for episode in episodes), len(episodes))


def skill_rates(episodes: Sequence[Episode]) -> dict[str, Rate]:
    """Share of a skill's runs that brought its effects about, by skill."""
    return {skill: wilson(*counts) for skill, counts in skill_counts(episodes).items()}


def skill_counts(episodes: Sequence[Episode]) -> dict[str, tuple[int, int]]:
    """How often a skill brought its effects about, out of how many runs, by skill."""
    good: dict[str, int] = {}
    tried: dict[str, int] = {}
    for event in (e for episode in episodes if episode.trace for e in episode.trace.events):
        if event.kind == "start":
            tried[event.skill] = tried.get(event.skill, 0) + 1
        if event.kind == "success":
            good[event.skill] = good.get(event.skill, 0) + 1
    return {skill: (good.get(skill, 0), count) for skill, count in sorted(tried.items())}
