"""Carries a plan out on any robot: looks at the facts, acts, notices, tries again, re-plans."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.body import Body
from robot_skills.core.errors import InputError, NoPlanError
from robot_skills.core.facts import State, format_facts
from robot_skills.core.policy import ActionChunk, Subgoal
from robot_skills.core.robot import Robot
from robot_skills.core.skill import NOTHING_BARRED, Barred, Plan, PlanStep, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.nets.residual import ActResidual
from robot_skills.nets.sight.camera_sight import library_cameras
from robot_skills.nets.sight.skill_sight import OPEN_THRESHOLD_M
from robot_skills.nets.skill_policy import SkillPolicy, chunk_in_world
from robot_skills.run.execute.alarm import Alarm
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.execute.joining import joining_index
from robot_skills.run.execute.motion import Motion
from robot_skills.run.execute.needed import UndoneWatch, needed_during
from robot_skills.run.execute.plan_keeper import PlanKeeper, Replan
from robot_skills.run.execute.senses import Senses
from robot_skills.run.execute.skill_monitor import Outcome, SkillMonitor
from robot_skills.run.execute.subgoal_keeper import SubgoalKeeper
from robot_skills.run.execute.trace import Event, EventKind, Trace
from robot_skills.run.execute.watching import Moment, SkillMoment, Watch, WatchSkills

Floats = NDArray[np.float64]


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
        _check_fit(library, robot, body)
        self._library = library
        self._task = task
        self._robot = robot
        self._kinematics = body.kinematics
        self._config = config or ExecutorConfig()
        self._watch = watch
        self._watch_skills = watch_skills
        self._policies = {
            skill.name: SkillPolicy(skill, task, body.kinematics, robot.rate_hz)
            for skill in library.skills
        }
        self._senses = Senses(task, robot, body.kinematics)
        self._motion = Motion(robot, body, task, self._senses)
        self._events: list[Event] = []
        self._count = 0
        self._limit = self._longest = 0

    def run(self, plan: Plan, replan: Replan) -> Trace:
        """Carry the plan out until its goal holds, nothing helps, or the time is over."""
        self._motion.reset()
        self._begin(plan, replan)
        while not self._reached():
            step = self._next()
            if step is None:
                break
            outcome = self._perform(step)
            if outcome is Outcome.SUCCESS:
                self._note("success", f"{step}: {outcome.value}", step)
                self._plans.succeeded(step)
            elif not self._recovered(step, outcome):
                break
        return self._finish()

    def attempt(
        self, step: PlanStep, joint_target: Floats | None = None, ee_target: Floats | None = None
    ) -> Outcome:
        """Carry out one step alone, as it would go on from what the arm was last sent to."""
        self._motion.reset(joint_target, ee_target)
        self._begin(Plan(self._facts, step.operator.add, (step,), 0.0), _no_other_plan)
        return self._perform(self._plans.waiting.pop(0))

    def practise(self, skill: str, act: ActResidual) -> None:
        """Let `act` correct a refined skill, in the place of what the skill has learned."""
        self._policies[skill] = SkillPolicy(
            self._library.skill(skill), self._task, self._kinematics, self._robot.rate_hz, act
        )

    # Deciding

    @property
    def _facts(self) -> State:
        return self._senses.facts

    def _begin(self, plan: Plan, replan: Replan) -> None:
        self._plans = PlanKeeper(plan, replan, self._task, self._senses, self._config, self._note)
        self._limit = self._time_for(plan)
        self._longest = round(self._config.longer * self._limit)
        self._note("plan", _in_words(plan) or "nothing to do")

    def _time_for(self, plan: Plan) -> int:
        medians = sum(self._library.skill(step.skill).median_steps for step in plan.steps)
        return round(self._config.limit * medians)

    def _allow_time_for(self, plan: Plan) -> None:
        """Another way than the one that was planned may take its own time, but not for ever."""
        wanted = min(self._count + self._time_for(plan), self._longest)
        self._limit = max(self._limit, wanted)

    def _reached(self) -> bool:
        goal = self._plans.goal
        if not goal <= self._facts:
            return False
        self._note("goal", f"{format_facts(goal)} holds")
        return True

    def _next(self) -> PlanStep | None:
        """The step to do now; re-plans when the plan ran out or its next step cannot start.

        Where no plan leads on from here, a waiting step is tried all the same, unless the opposite
        of what it needs holds; what had been brought about for it is brought about again first.
        """
        plans = self._plans
        if plans.is_ready:
            return plans.waiting.pop(0)
        if plans.waiting:
            self._note("replan", f"{plans.waiting[0]} lacks {format_facts(plans.lacking)}")
        if self._count >= self._limit:
            self._note("stop", Outcome.OUT_OF_TIME.value)
            return None
        if not self._replanned():
            if not plans.is_worth_a_try:
                self._note("stop", f"no plan leads to {format_facts(plans.goal)}")
                return None
            plans.step_back()
        return plans.waiting.pop(0) if plans.waiting else None

    def _recovered(self, step: PlanStep, outcome: Outcome) -> bool:
        """Draw back and choose how to go on after a step ended badly; False where nothing helps."""
        self._note("failure", f"{step}: {outcome.value}", step)
        if outcome is Outcome.OUT_OF_TIME:
            return False
        stop = self._plans.failed(step, outcome)
        if stop:
            self._note("stop", stop)
            return False
        for target, width_m in self._motion.withdrawal(self._config):
            self._act(target, width_m, None)
        if self._plans.failures(step) >= self._config.home_after and not self._senses.is_holding:
            for _ in self._motion.going_home(self._config.home_steps):
                self._acted(None)
        if not self._replanned():
            self._plans.waiting.insert(0, step)
        return True

    def _replanned(self) -> bool:
        """Let a new plan's steps wait; False where there is none from these facts.

        What is under way, such as a drawer that somebody is pushing, is first given time to end.
        """
        plan = self._plans.find()
        if plan is None and self._plans.is_open:
            for _ in range(self._config.settle_steps):
                self._act(*self._motion.holding_still(), None)
            plan = self._plans.find() or self._plans.find_pretending()
        if plan is None:
            return False
        self._plans.adopt(plan)
        if self._plans.is_going_around:
            self._allow_time_for(plan)
        self._note("replan", _in_words(plan) or "nothing left to do")
        return True

    # Acting

    def _perform(self, step: PlanStep) -> Outcome:
        skill = self._library.skill(step.skill)
        keeper = SubgoalKeeper(step, skill, self._task, self._config.rebind_m)
        subgoal = keeper.subgoal(self._senses.observation)
        self._note("start", str(step), step)
        run = SkillMonitor(step, skill, self._config)
        needed = needed_during(step, self._plans.waiting, self._plans.goal)
        self._undone_watch = UndoneWatch(needed, self._facts)
        self._alarm = Alarm(step, skill, self._task, self._senses)
        policy = self._policies[skill.name]
        policy.reset()
        self._show_skill(step, subgoal)
        outcome = self._until_seen(step)
        while outcome is None:
            subgoal = keeper.subgoal(self._senses.observation)
            chunk = policy.act([self._senses.observation], subgoal)
            outcome = self._follow(chunk, policy, run) or self._until_seen(step)
        self._show_skill(step, subgoal, outcome)
        return outcome

    def _follow(self, chunk: ActionChunk, policy: SkillPolicy, run: SkillMonitor) -> Outcome | None:
        """Carry the beginning of a chunk out; None where the skill is to go on."""
        targets = chunk_in_world(chunk)
        used = min(self._config.replan_every, len(targets))
        first = joining_index(targets, self._motion.ee_target, used)
        for index in range(first, first + used):
            width_m = float(chunk.gripper_width_m[index])
            sent = policy.correct(self._senses.observation, targets[index], width_m)
            policy.sent(sent.width_m)
            self._act(sent.ee_pose, sent.width_m, run.step)
            if self._is_blind(run.step):
                return None
            self._listen(run)
            outcome = run.judge(self._facts, self._senses.ee, chunk.done_probability)
            outcome = outcome or self._undone(run)
            if outcome is not None:
                return outcome
            if self._count >= self._limit:
                return Outcome.OUT_OF_TIME
        return None

    def _listen(self, run: SkillMonitor) -> None:
        """Where the alarm goes off, let facts that contradict the plan count sooner for a while."""
        if self._alarm.surprise(self._motion.width_m) > 1.0:
            if not run.alarmed:
                self._note("alarm", "things move as the skill never saw them move", run.step)
            run.alarm(is_gripping=self._motion.width_m < OPEN_THRESHOLD_M)

    def _undone(self, run: SkillMonitor) -> Outcome | None:
        """React at once to what was undone meanwhile, unless the best plan begins with the step."""
        step, config = run.step, self._config
        patience = config.alarmed_steps if run.alarmed else config.undone_steps
        undone = self._undone_watch.undone(self._facts, patience)
        if not undone:
            return None
        self._note("undone", f"{format_facts(undone)} no longer holds", step)
        self._undone_watch.forget(undone)
        plan = self._plans.find() or self._plans.find_pretending()
        if plan is None:
            return Outcome.UNDONE if undone & step.operator.preconditions else None
        self._allow_time_for(plan)
        if not plan.steps or plan.steps[0] != step:
            return Outcome.UNDONE
        self._plans.adopt(plan)
        self._plans.waiting.pop(0)
        self._note("replan", f"goes on: {_in_words(plan)}")
        return None

    def _is_blind(self, step: PlanStep) -> bool:
        return self._senses.unseen_s(step.arguments) > self._config.unseen_s

    def _until_seen(self, step: PlanStep) -> Outcome | None:
        """Hold still while what the step is about is not seen; its time does not run meanwhile."""
        if not self._is_blind(step):
            return None
        names = ", ".join(step.arguments)
        self._note("unseen", f"{names}: not seen, holding still", step)
        for _ in range(self._config.blind_steps):
            self._limit += 1
            self._act(*self._motion.holding_still(), step)
            if not self._is_blind(step):
                self._note("unseen", f"{names}: seen again", step)
                self._alarm.forget()
                return None
        return Outcome.UNSEEN

    def _act(self, ee_pose: Floats, width_m: float, step: PlanStep | None) -> None:
        self._motion.go(ee_pose, width_m)
        self._acted(step)

    def _acted(self, step: PlanStep | None) -> None:
        self._count += 1
        if self._watch is not None:
            seen, target = self._senses.observation, self._motion.ee_target
            plan = self._plans.plan
            self._watch(Moment(seen, self._facts, plan, step, self._count, ee_target=target))

    # Telling

    def _show_skill(self, step: PlanStep, subgoal: Subgoal, outcome: Outcome | None = None) -> None:
        if self._watch_skills is None:
            return
        self._watch_skills(
            SkillMoment(
                step=step,
                subgoal=subgoal,
                observation=self._senses.observation,
                facts=self._facts,
                ee_pose=self._senses.ee,
                joint_target=self._motion.joint_target,
                ee_target=self._motion.ee_target,
                control_step=self._count,
                outcome=outcome,
            )
        )

    def _note(self, kind: EventKind, text: str, step: PlanStep | None = None) -> None:
        skill, arguments = (step.skill, step.arguments) if step else ("", ())
        self._events.append(Event(self._count, kind, text, skill, arguments))

    def _finish(self) -> Trace:
        self._robot.stop()
        self._senses.look()
        goal = self._plans.goal
        return Trace(
            success=goal <= self._facts,
            control_steps=self._count,
            rate_hz=self._robot.rate_hz,
            goal=goal,
            final_facts=self._facts,
            events=tuple(self._events),
        )


def check_arm(library: SkillLibrary, arm: ArmProfile) -> None:
    """Raise InputError where the library was trained for another arm."""
    if library.arm != arm.name:
        raise InputError(f"the library was trained for the arm {library.arm}; this is {arm.name}")


def _check_fit(library: SkillLibrary, robot: Robot, body: Body) -> None:
    check_arm(library, body.arm)
    if library.rate_hz != robot.rate_hz:
        raise InputError(
            f"the library was trained at {library.rate_hz:g} Hz; this robot is controlled at "
            f"{robot.rate_hz:g} Hz"
        )
    setup = library_cameras(library)
    images = robot.observe().images if setup else {}
    missing = [name for name in setup.cameras if name not in images] if setup else []
    if missing:
        raise InputError(
            f"the library looks through the cameras {', '.join(missing)}; this robot has "
            f"{', '.join(images) or 'none'}"
        )


def _in_words(plan: Plan) -> str:
    return " -> ".join(str(step) for step in plan.steps)


def _no_other_plan(facts: State, barred: Barred = NOTHING_BARRED) -> Plan:
    raise NoPlanError("a step that is tried alone has no other plan")


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
