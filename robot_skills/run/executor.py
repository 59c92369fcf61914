"""Carries a plan out on any robot: looks at the facts, acts, notices, tries again, re-plans."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.body import Body
from robot_skills.core.control import EndEffectorController, Workspace
from robot_skills.core.errors import InputError, NoPlanError
from robot_skills.core.facts import State, format_facts
from robot_skills.core.observation import Observation
from robot_skills.core.policy import ActionChunk, Subgoal
from robot_skills.core.predicates import FactObserver
from robot_skills.core.robot import Robot
from robot_skills.core.skill import Plan, PlanStep, Skill, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.nets.residual import ActResidual
from robot_skills.nets.skill_policy import SkillPolicy, chunk_in_world
from robot_skills.nets.skill_sight import OPEN_THRESHOLD_M
from robot_skills.run.joining import joining_index
from robot_skills.run.subgoals import bind_subgoal
from robot_skills.run.trace import Event, EventKind, Trace

Floats = NDArray[np.float64]

Replan = Callable[[State], Plan]


@dataclass(frozen=True)
class ExecutorConfig:
    """When a skill counts as done, stuck or late, in control steps and metres.

    Effects must hold `confirm` steps running; then the policy's own opinion ends the skill, or
    `patience` further steps. A skill may take `late` times the demonstrations' median; the
    episode `limit` times the plan's.
    """

    replan_every: int = 6
    confirm: int = 3
    patience: int = 60
    done_probability: float = 0.5
    late: float = 2.5
    limit: float = 3.0
    stuck_steps: int = 25
    stuck_m: float = 0.004
    lost_steps: int = 10
    withdraw_m: float = 0.08
    withdraw_steps: int = 16
    attempts: int = 4


class Outcome(Enum):
    """How a skill ended; the value is what the trace says."""

    SUCCESS = "its effects hold"
    LATE = "it took too long"
    STUCK = "nothing moves any more"
    LOST = "what it needs no longer holds"
    NO_EFFECT = "it ended without its effects"
    OUT_OF_TIME = "the episode's time is over"


@dataclass(frozen=True)
class Moment:
    """What a watcher is shown each control step."""

    observation: Observation
    facts: State
    plan: Plan
    step: PlanStep | None
    control_step: int


@dataclass(frozen=True)
class SkillMoment:
    """A skill that is about to start (no outcome yet) or has just ended.

    `joint_target` (J,) rad and `ee_target` (7,) in world are what the arm was last sent to, None
    before the first command: with the robot's own state, all that the next step depends on.
    """

    step: PlanStep
    subgoal: Subgoal
    observation: Observation
    facts: State
    ee_pose: Floats
    joint_target: Floats | None
    ee_target: Floats | None
    control_step: int
    outcome: Outcome | None = None


Watch = Callable[[Moment], None]
WatchSkills = Callable[[SkillMoment], None]


class Executor:
    """Runs plans with a library's skills on one robot."""

    def __init__(
        self,
        library: SkillLibrary,
        task: Task,
        robot: Robot,
        body: Body,
        config: ExecutorConfig | None = None,
        watch: Watch | None = None,
        watch_skills: WatchSkills | None = None,
    ) -> None:
        if library.arm != body.arm.name:
            raise InputError(
                f"the library was trained for the arm {library.arm}; this is {body.arm.name}"
            )
        if library.rate_hz != robot.rate_hz:
            raise InputError(
                f"the library was trained at {library.rate_hz:g} Hz; this robot is controlled at "
                f"{robot.rate_hz:g} Hz"
            )
        self._library = library
        self._task = task
        self._robot = robot
        self._kinematics = body.kinematics
        workspace = Workspace(task.workspace_m[0], task.workspace_m[1])
        self._controller = EndEffectorController(
            body.kinematics, body.arm, robot.rate_hz, workspace
        )
        self._config = config or ExecutorConfig()
        self._watch = watch
        self._watch_skills = watch_skills
        self._policies = {
            skill.name: SkillPolicy(skill, task, body.kinematics, robot.rate_hz)
            for skill in library.skills
        }
        self._events: list[Event] = []
        self._count = 0
        self._limit = 0
        self._plan: Plan | None = None
        self._target: Floats | None = None
        self._observation = robot.observe()
        present = tuple(name for name in task.objects if name in self._observation.object_pose)
        self._observer = FactObserver(task, present)
        self._look()

    def run(self, plan: Plan, replan: Replan) -> Trace:
        """Carry the plan out until its goal holds, nothing helps, or the time is over."""
        self._controller.reset()
        self._begin(plan)
        waiting = list(plan.steps)
        attempts: dict[str, int] = {}
        while not self._reached(plan.goal):
            step = self._next(waiting, replan, plan.goal)
            if step is None:
                break
            outcome = self._perform(step)
            if outcome is Outcome.SUCCESS:
                self._note("success", f"{step}: {outcome.value}", step)
                continue
            self._note("failure", f"{step}: {outcome.value}", step)
            attempts[str(step)] = attempts.get(str(step), 0) + 1
            if outcome is Outcome.OUT_OF_TIME:
                break
            if attempts[str(step)] >= self._config.attempts:
                self._note("stop", f"{step} failed {attempts[str(step)]} times")
                break
            self._withdraw()
            waiting = [step, *waiting] if not self._replanned(waiting, replan) else waiting
        return self._finish(plan.goal)

    def attempt(
        self, step: PlanStep, joint_target: Floats | None = None, ee_target: Floats | None = None
    ) -> Outcome:
        """Carry out one step alone, as it would go on from what the arm was last sent to."""
        self._controller.reset(joint_target)
        self._target = ee_target
        self._begin(Plan(self._facts, step.operator.add, (step,), 0.0))
        return self._perform(step)

    def practise(self, skill: str, act: ActResidual) -> None:
        """Let `act` correct a refined skill, in the place of what the skill has learned."""
        self._policies[skill] = SkillPolicy(
            self._library.skill(skill), self._task, self._kinematics, self._robot.rate_hz, act
        )

    # Deciding

    def _begin(self, plan: Plan) -> None:
        self._plan = plan
        median = sum(self._library.skill(s.skill).median_steps for s in plan.steps)
        self._limit = round(self._config.limit * median)
        self._note("plan", " -> ".join(str(step) for step in plan.steps) or "nothing to do")

    def _reached(self, goal: State) -> bool:
        if not goal <= self._facts:
            return False
        self._note("goal", f"{format_facts(goal)} holds")
        return True

    def _next(self, waiting: list[PlanStep], replan: Replan, goal: State) -> PlanStep | None:
        """The step to do now; re-plans when the plan ran out or its next step cannot start.

        Where no plan leads on from here, a waiting step is tried all the same: a drawer left half
        open is neither open nor closed, and no operator speaks of it.
        """
        if waiting and waiting[0].operator.preconditions <= self._facts:
            return waiting.pop(0)
        if waiting:
            lacking = waiting[0].operator.preconditions - self._facts
            self._note("replan", f"{waiting[0]} lacks {format_facts(lacking)}")
        if self._count >= self._limit:
            self._note("stop", Outcome.OUT_OF_TIME.value)
            return None
        if not self._replanned(waiting, replan) and not waiting:
            self._note("stop", f"no plan leads to {format_facts(goal)}")
            return None
        return waiting.pop(0) if waiting else None

    def _replanned(self, waiting: list[PlanStep], replan: Replan) -> bool:
        """Put a new plan's steps in `waiting`; False where there is none from these facts."""
        try:
            plan = replan(self._facts)
        except NoPlanError as error:
            self._note("replan", f"no plan from here: {error}")
            return False
        self._plan = plan
        waiting[:] = plan.steps
        self._note("replan", " -> ".join(str(step) for step in plan.steps) or "nothing left to do")
        return True

    # Acting

    def _perform(self, step: PlanStep) -> Outcome:
        skill = self._library.skill(step.skill)
        subgoal = bind_subgoal(step, skill, self._task, self._observation)
        self._note("start", str(step), step)
        run = _SkillRun(step, skill, self._config)
        policy = self._policies[skill.name]
        policy.reset()
        self._show_skill(step, subgoal)
        while True:
            chunk = policy.act([self._observation], subgoal)
            outcome = self._follow(chunk, policy, run)
            if outcome is not None:
                self._show_skill(step, subgoal, outcome)
                return outcome

    def _follow(self, chunk: ActionChunk, policy: SkillPolicy, run: "_SkillRun") -> Outcome | None:
        targets = chunk_in_world(chunk)
        used = min(self._config.replan_every, len(targets))
        first = joining_index(targets, self._target, used)
        for index in range(first, first + used):
            width = float(chunk.gripper_width_m[index])
            target = policy.correct(self._observation, targets[index], width)
            policy.sent(width)
            self._act(target, width, run.step)
            outcome = run.judge(self._facts, self._ee, chunk.done_probability)
            if outcome is not None:
                return outcome
            if self._count >= self._limit:
                return Outcome.OUT_OF_TIME
        return None

    def _withdraw(self) -> None:
        """Rise a little, keeping hold of what is held, so that the next try starts clear."""
        width = self._observation.gripper_width_m
        holds = any(fact.predicate == "holding" for fact in self._facts)
        width = 0.0 if holds else max(width, 2 * OPEN_THRESHOLD_M)
        start = self._ee.copy()
        for count in range(self._config.withdraw_steps):
            share = (count + 1) / self._config.withdraw_steps
            target = start.copy()
            target[2] += share * self._config.withdraw_m
            self._act(target, width, None)

    def _act(self, ee_pose: Floats, width_m: float, step: PlanStep | None) -> None:
        joints = self._controller.step(self._observation.joint_position, ee_pose)
        self._target = ee_pose
        self._robot.act(joints, width_m)
        self._count += 1
        self._look()
        if self._watch is not None and self._plan is not None:
            self._watch(Moment(self._observation, self._facts, self._plan, step, self._count))

    def _look(self) -> None:
        self._observation = self._robot.observe()
        self._ee = self._kinematics.ee_pose(self._observation.joint_position)
        self._facts = self._observer.facts(self._observation, self._ee)

    # Telling

    def _show_skill(self, step: PlanStep, subgoal: Subgoal, outcome: Outcome | None = None) -> None:
        if self._watch_skills is None:
            return
        self._watch_skills(
            SkillMoment(
                step=step,
                subgoal=subgoal,
                observation=self._observation,
                facts=self._facts,
                ee_pose=self._ee,
                joint_target=self._controller.target,
                ee_target=self._target,
                control_step=self._count,
                outcome=outcome,
            )
        )

    def _note(self, kind: EventKind, text: str, step: PlanStep | None = None) -> None:
        skill, arguments = (step.skill, step.arguments) if step else ("", ())
        self._events.append(Event(self._count, kind, text, skill, arguments))

    def _finish(self, goal: State) -> Trace:
        self._robot.stop()
        self._look()
        return Trace(
            success=goal <= self._facts,
            control_steps=self._count,
            rate_hz=self._robot.rate_hz,
            goal=goal,
            final_facts=self._facts,
            events=tuple(self._events),
        )


class _SkillRun:
    """Watches one skill: are its effects there, does it still move, is what it needs still so."""

    def __init__(self, step: PlanStep, skill: Skill, config: ExecutorConfig) -> None:
        self.step = step
        self._config = config
        self._limit = round(config.late * skill.median_steps)
        self._kept = frozenset(f for f in step.operator.preconditions if f.predicate == "holding")
        self._steps = 0
        self._holds = 0
        self._lost = 0
        self._ended = 0
        self._path: list[Floats] = []

    def judge(self, facts: State, ee: Floats, done_probability: float) -> Outcome | None:
        """How the skill ended, or None while it goes on."""
        self._steps += 1
        self._path.append(ee[:3])
        if self._brought_about(facts):
            return self._judge_effects(done_probability)
        self._holds = 0
        self._lost = 0 if self._kept <= facts else self._lost + 1
        self._ended = self._ended + 1 if done_probability > self._config.done_probability else 0
        return self._judge_trouble()

    def _brought_about(self, facts: State) -> bool:
        operator = self.step.operator
        return operator.add <= facts and not operator.delete & facts

    def _judge_effects(self, done_probability: float) -> Outcome | None:
        self._holds += 1
        sure = self._holds >= self._config.confirm
        ended = done_probability > self._config.done_probability
        if sure and (ended or self._holds > self._config.patience):
            return Outcome.SUCCESS
        return None

    def _judge_trouble(self) -> Outcome | None:
        config = self._config
        if self._lost > config.lost_steps:
            return Outcome.LOST
        if self._ended > config.lost_steps:
            return Outcome.NO_EFFECT
        if self._steps > self._limit:
            return Outcome.LATE
        recent = self._path[-config.stuck_steps :]
        if len(recent) == config.stuck_steps and _extent(recent) < config.stuck_m:
            return Outcome.STUCK
        return None


def _extent(path: list[Floats]) -> float:
    points = np.array(path)
    return float(np.linalg.norm(points.max(axis=0) - points.min(axis=0)))


def execute(
    plan: Plan,
    library: SkillLibrary,
    task: Task,
    robot: Robot,
    replan: Replan,
    body: Body,
    watch: Watch | None = None,
) -> Trace:
    """Carry a plan out on a robot, in simulation or real, with the skills of a library.

    `replan` gives a new plan from the facts of the moment or raises NoPlanError. Raises InputError
    when the library was trained for another arm, and RobotFault when the robot stops itself.
    """
    return Executor(library, task, robot, body, watch=watch).run(plan, replan)
