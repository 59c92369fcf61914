"""Noticing at once, planning around what fails, and going on in spite of what goes wrong."""

from dataclasses import replace

import numpy as np
import pytest
from run_skills import OPERATORS, Linear, library_with, plan_of

from robot_skills.core.errors import NoPlanError
from robot_skills.core.facts import parse_facts
from robot_skills.core.observation import Observation
from robot_skills.core.skill import NOTHING_BARRED, Barred, Plan, PlanStep
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.execute.executor import Executor
from robot_skills.run.execute.needed import UndoneWatch, needed_before, needed_during
from robot_skills.run.execute.pretence import is_sound, pretences
from robot_skills.run.execute.retries import Retries
from robot_skills.run.execute.senses import Senses
from robot_skills.run.execute.skill_monitor import Outcome, SkillMonitor
from robot_skills.sim.disturbances import Disturbance, DisturbanceKind, DisturbedArm


def no_plan(facts, barred=None):
    raise NoPlanError("nothing brings it about")


def said(trace, kind):
    return [event.text for event in trace.events if event.kind == kind]


def step(name, *arguments):
    return PlanStep(OPERATORS[name].ground(arguments))


def fact(text):
    return next(iter(parse_facts(text)))


class Changing:
    """The simulated arm, whose drawer is set somewhere after some control steps."""

    def __init__(self, robot, at, drawer):
        self.rate_hz = robot.rate_hz
        self._robot, self._at, self._drawer = robot, at, drawer
        self._count = 0

    def observe(self):
        return self._robot.observe()

    def act(self, joints, width_m):
        self._count += 1
        if self._count >= self._at:
            self._robot.data.qpos[self._robot.scene.fixture_qpos["drawer"]] = self._drawer
        return self._robot.act(joints, width_m)

    def stop(self):
        self._robot.stop()


@pytest.fixture
def opened(robot):
    robot.data.qpos[robot.scene.fixture_qpos["drawer"]] = 0.16
    return robot


def test_regression_keeps_what_later_steps_need_and_drops_what_they_bring():
    steps = [step("pick", "red"), step("drop", "red")]
    goal = parse_facts("in(red, tray) open(drawer)")
    assert needed_before(steps, goal) == parse_facts("clear(red) gripper_empty() open(drawer)")
    assert needed_during(steps[0], steps[1:], goal) == parse_facts("open(drawer)")


def test_what_was_undone_is_told_once_it_has_been_missing_for_long_enough():
    kept, gone = parse_facts("open(drawer) clear(blue)"), parse_facts("clear(blue)")
    watch = UndoneWatch(kept | parse_facts("on(red, blue)"), kept)
    assert watch.undone(gone, 2) == frozenset()
    assert watch.undone(kept, 2) == frozenset()
    assert watch.undone(gone, 2) == frozenset()
    assert watch.undone(gone, 2) == parse_facts("open(drawer)")
    watch.forget(parse_facts("open(drawer)"))
    assert watch.undone(gone, 2) == frozenset()


def test_executor_notices_at_once_that_what_is_still_needed_was_undone(task, opened, body, down):
    moving = Linear.still(down).moving((0.0, 0.0, 0.01))
    library = library_with(pick=moving, drop=moving)
    plan = replace(
        plan_of(frozenset(), ("pick", "red")), goal=parse_facts("open(drawer) on(red, green)")
    )
    robot = Changing(opened, at=6, drawer=0.0)
    executor = Executor(library, task, robot, body, ExecutorConfig(attempts=1))
    trace = executor.run(
        plan, lambda facts, barred=None: Plan(facts, plan.goal, (step("drop", "red"),), 0)
    )
    undone = next(event for event in trace.events if event.kind == "undone")
    assert undone.text == "open(drawer) no longer holds"
    assert 6 + 4 <= undone.control_step <= 6 + 7
    assert said(trace, "failure")[0] == "pick(red): what the plan needs was undone"


def test_a_step_goes_on_where_the_best_plan_still_begins_with_it(task, opened, body, pick):
    library = library_with(pick=pick)
    plan = plan_of(frozenset(), ("pick", "red"))
    plan = replace(plan, goal=plan.goal | parse_facts("open(drawer)"))

    def replan(facts, barred=None):
        if fact("holding(red)") in facts:
            raise NoPlanError("nothing opens the drawer")
        return Plan(facts, plan.goal, plan.steps, 0.0)

    trace = Executor(library, task, Changing(opened, 6, 0.0), body).run(plan, replan)
    assert said(trace, "undone") == ["open(drawer) no longer holds"]
    assert said(trace, "start") == ["pick(red)"]
    assert said(trace, "replan")[0] == "goes on: pick(red)"
    assert said(trace, "failure") == []


def test_executor_holds_still_while_nothing_is_seen_and_then_goes_on(task, robot, body, pick):
    heights = []

    def watch(moment):
        heights.append(body.kinematics.ee_pose(moment.observation.joint_position)[2])

    arm = DisturbedArm(robot, Disturbance(DisturbanceKind.UNSEEN, "", 5))
    executor = Executor(library_with(pick=pick), task, arm, body, watch=watch)
    trace = executor.run(plan_of(frozenset(), ("pick", "red")), no_plan)
    assert trace.success
    assert [text.split(": ")[1] for text in said(trace, "unseen")] == [
        "not seen, holding still",
        "seen again",
    ]
    assert np.ptp(heights[14:24]) < 0.002


def test_executor_stops_when_things_stay_unseen(task, robot, body, pick):
    arm = DisturbedArm(robot, Disturbance(DisturbanceKind.UNSEEN, "", 5))
    config = ExecutorConfig(blind_steps=6, attempts=1)
    executor = Executor(library_with(pick=pick), task, arm, body, config)
    trace = executor.run(plan_of(frozenset(), ("pick", "red")), no_plan)
    assert said(trace, "failure") == ["pick(red): what it is about is not seen any more"]
    assert trace.ending.startswith("Stopped after 0.")
    assert "pick(red) failed 1 times" in trace.ending


def test_senses_let_a_held_thing_move_with_the_hand_while_it_is_unseen(task, robot, body):
    class Seen:
        rate_hz = 20.0

        def __init__(self, observation):
            self.observation = observation

        def observe(self):
            return self.observation

    first = robot.observe()
    ee = body.kinematics.ee_pose(first.joint_position)
    held = replace(first.object_pose["red"], pose=np.array([*ee[:3], 1.0, 0, 0, 0]))
    first = replace(first, gripper_width_m=0.04, object_pose={**first.object_pose, "red": held})
    source = Seen(first)
    senses = Senses(task, source, body.kinematics)
    assert fact("holding(red)") in senses.facts
    joints = first.joint_position + 0.05
    source.observation = Observation(first.time_s + 0.3, joints, joints, 0.04)
    senses.look()
    moved = senses.observation.object_pose["red"]
    assert moved.source == "attached"
    assert np.allclose(moved.pose[:3], senses.ee[:3], atol=1e-9)
    assert np.array_equal(
        senses.observation.object_pose["green"].pose, first.object_pose["green"].pose
    )
    assert senses.unseen_s(["red", "green"]) == pytest.approx(0.3)
    stamped = replace(first.object_pose["green"], time_s=5e9)  # another clock, but a new stamp
    source.observation = replace(source.observation, object_pose={"green": stamped})
    senses.look()
    assert senses.unseen_s(["green"]) == 0.0
    assert senses.unseen_s(["red"]) == pytest.approx(0.3)


def test_a_failing_step_is_planned_around_then_its_skill_and_at_last_tried_again():
    retries = Retries(ExecutorConfig(switch_after=2, barred_steps=2, attempts=3))
    assert retries.bars() == [NOTHING_BARRED]
    for _ in range(2):
        retries.count(step("pick", "red"))
    one = Barred(frozenset({("pick", ("red",))}))
    assert retries.bars() == [one, NOTHING_BARRED]
    for _ in range(2):
        retries.count(step("pick", "green"))
    both = frozenset({("pick", ("red",)), ("pick", ("green",))})
    assert retries.bars() == [Barred(both, frozenset({"pick"})), Barred(both), NOTHING_BARRED]
    assert retries.spent(step("pick", "red")) == ""
    retries.count(step("pick", "red"))
    assert retries.spent(step("pick", "red")) == "pick(red) failed 3 times"


def test_a_whole_plan_may_fail_only_so_often():
    retries = Retries(ExecutorConfig(failures=2))
    retries.count(step("pick", "red"), blamed=False)
    assert retries.bars() == [NOTHING_BARRED]
    assert retries.all_spent == ""
    retries.count(step("pick", "green"))
    assert retries.all_spent == "2 steps of the plan failed"


def test_another_skill_is_used_when_one_keeps_failing(task, robot, body, pick, down):
    still = library_with(pick=Linear.still(down))
    grab = library_with(pick=pick).skills[0]
    operator = replace(OPERATORS["pick"], name="grab", skill="grab")
    library = replace(
        still, skills=(*still.skills, replace(grab, name="grab", operators=(operator,)))
    )

    def replan(facts, barred=NOTHING_BARRED):
        chosen = operator if ("pick", ("red",)) in barred.operators else OPERATORS["pick"]
        return Plan(facts, parse_facts("holding(red)"), (PlanStep(chosen.ground(("red",))),), 0.0)

    trace = Executor(library, task, robot, body).run(replan(frozenset()), replan)
    assert trace.success
    assert said(trace, "start") == ["pick(red)", "pick(red)", "grab(red)"]


def test_a_drawer_between_its_ends_may_be_taken_for_either_the_nearer_first(task, robot):
    half = replace(robot.observe(), fixture_position={"drawer": 0.1})
    known = parse_facts("on(red, table) on(green, table)")
    assert pretences(known, task, half) == [
        parse_facts("open(drawer)"),
        parse_facts("closed(drawer)"),
    ]
    assert pretences(known | parse_facts("open(drawer)"), task, half) == []
    leaning = parse_facts("on(green, table) open(drawer)")
    assert pretences(leaning, task, half) == [parse_facts("on(red, table)")]


def test_only_the_step_that_ends_it_may_rely_on_what_is_pretended():
    pretended = parse_facts("clear(red)")
    assert is_sound([step("pick", "red")], pretended, frozenset())
    needs = replace(OPERATORS["drop"], preconditions=parse_facts("clear(?x)"), delete=frozenset())
    assert not is_sound([PlanStep(needs.ground(("red",)))], pretended, frozenset())
    assert not is_sound([], pretended, pretended)


def test_after_an_alarm_a_grasp_is_given_up_sooner_but_not_by_a_hand_that_lets_go(pick):
    skill = library_with(pick=pick).skills[0]
    config = ExecutorConfig(lost_steps=10, alarmed_steps=2, stuck_steps=100)

    def steps_until_lost(alarmed, is_gripping=True):
        monitor = SkillMonitor(step("drop", "red"), skill, config)
        if alarmed:
            monitor.alarm(is_gripping)
        looks = (monitor.judge(frozenset(), np.zeros(3), 0.0) for _ in range(20))
        return next(n for n, outcome in enumerate(looks, 1) if outcome is Outcome.LOST)

    assert steps_until_lost(alarmed=False) == 11
    assert steps_until_lost(alarmed=True) == 3
    assert steps_until_lost(alarmed=True, is_gripping=False) == 11


def test_without_a_plan_what_the_next_step_needs_is_brought_about_again(
    task, robot, body, pick, drop
):
    library = library_with(pick=pick, drop=drop)
    config = ExecutorConfig(attempts=2, limit=9)
    plan = plan_of(frozenset(), ("pick", "red"), ("drop", "red"))
    trace = Executor(library, task, robot, body, config).run(plan, no_plan)
    assert said(trace, "start") == ["pick(red)", "drop(red)"] * 2
    assert said(trace, "stop") == ["drop(red) failed 2 times"]
