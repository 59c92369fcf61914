"""The executor's decisions, with hand-written skills on the simulated arm."""

from dataclasses import replace

import numpy as np
import pytest
from run_skills import Linear, library_with, plan_of

from robot_skills.core.errors import InputError, NoPlanError
from robot_skills.core.facts import Fact, format_facts
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.execute.executor import Executor

HOLDING = Fact("holding", ("red",))


def no_plan(facts, barred=None):
    raise NoPlanError("nothing brings it about")


def kinds(trace):
    return [event.kind for event in trace.events]


def said(trace, kind):
    return [event.text for event in trace.events if event.kind == kind]


def is_stopped(robot):
    scene, data = robot.scene, robot.data
    return np.array_equal(data.ctrl[scene.arm_actuators], data.qpos[scene.arm_qpos])


@pytest.fixture
def carry_out(task, robot, body):
    def carry_out(library, *steps, replan=no_plan, watch=None, **settings):
        executor = Executor(library, task, robot, body, ExecutorConfig(**settings), watch)
        return executor.run(plan_of(frozenset(), *steps), replan)

    return carry_out


def test_executor_reaches_a_goal_and_says_how(carry_out, pick):
    trace = carry_out(library_with(pick=pick), ("pick", "red"))
    assert trace.success
    assert kinds(trace) == ["plan", "start", "success", "goal"]
    assert HOLDING in trace.final_facts
    assert trace.retries == 0


def test_success_needs_the_effects_confirmed_over_steps(carry_out, pick):
    moments = []
    trace = carry_out(library_with(pick=pick), ("pick", "red"), confirm=7, watch=moments.append)
    held = [HOLDING in moment.facts for moment in moments]
    assert held.count(True) == 7
    assert all(held[-7:])
    assert len(moments) == trace.control_steps


def test_effects_that_hold_end_a_skill_that_never_thinks_it_is_done(carry_out, pick):
    moments = []
    library = library_with(pick=pick.never_finishing())
    trace = carry_out(library, ("pick", "red"), patience=10, watch=moments.append)
    assert trace.success
    assert sum(HOLDING in moment.facts for moment in moments) == 11


def test_executor_stops_the_arm_when_a_skill_times_out(carry_out, robot, drop):
    library = library_with(pick=drop)
    trace = carry_out(library, ("pick", "red"), late=0.5, attempts=1)
    assert not trace.success
    assert said(trace, "failure") == ["pick(red): it took too long"]
    assert said(trace, "stop") == ["pick(red) failed 1 times"]
    assert trace.control_steps == 21  # half the median of 40, and one more to be late
    assert is_stopped(robot)


def test_executor_notices_that_nothing_moves(carry_out, robot, down):
    library = library_with(pick=Linear.still(down))
    trace = carry_out(library, ("pick", "red"), attempts=1)
    assert said(trace, "failure") == ["pick(red): nothing moves any more"]
    assert trace.control_steps < 40
    assert is_stopped(robot)


def test_executor_notices_a_skill_that_ends_without_its_effects(carry_out, drop):
    library = library_with(pick=drop.finishing())
    trace = carry_out(library, ("pick", "red"), attempts=1, lost_steps=5)
    assert said(trace, "failure") == ["pick(red): it ended without its effects"]
    assert trace.control_steps == 6


def test_executor_notices_that_what_a_skill_needs_is_lost_and_replans(carry_out, pick, drop):
    library = library_with(pick=pick, drop=drop)
    asked = []

    def replan(facts, barred=None):
        asked.append(facts)
        return plan_of(facts, ("pick", "red"), ("drop", "red"))

    trace = carry_out(library, ("pick", "red"), ("drop", "red"), replan=replan, attempts=2, limit=9)
    assert said(trace, "failure")[0] == "drop(red): what it needs no longer holds"
    assert HOLDING not in asked[0]
    assert said(trace, "replan")[0] == "pick(red) -> drop(red)"
    assert said(trace, "start") == ["pick(red)", "drop(red)"] * 2
    assert said(trace, "stop") == ["drop(red) failed 2 times"]


def test_executor_withdraws_upward_before_it_tries_again(carry_out, body, down):
    heights = []

    def watch(moment):
        if moment.step is None:
            joints = moment.observation.joint_position
            heights.append(body.kinematics.ee_pose(joints)[2])

    library = library_with(pick=Linear.still(down))
    carry_out(library, ("pick", "red"), attempts=2, watch=watch, withdraw_m=0.05, withdraw_steps=16)
    assert len(heights) == 16
    assert heights[-1] - heights[0] > 0.03


def test_an_arm_that_failed_twice_goes_home_before_it_tries_again(carry_out, body, down):
    withdrawn = []

    def watch(moment):
        if moment.step is None:
            withdrawn.append(moment.observation.joint_position)

    library = library_with(pick=Linear.still(down).moving((0.0, -0.02, 0.0)))
    carry_out(library, ("pick", "red"), attempts=3, home_after=2, limit=20.0, watch=watch)
    far = np.abs(np.array(withdrawn) - body.arm.home).max(axis=1)
    assert far[15] > 0.3  # the first time it only rises
    assert far[-1] < 0.02


def test_executor_repeats_a_step_where_there_is_no_other_plan(carry_out, down):
    trace = carry_out(library_with(pick=Linear.still(down)), ("pick", "red"), attempts=3)
    assert said(trace, "start") == ["pick(red)"] * 3
    assert trace.retries == 3
    assert "no plan from here" in said(trace, "replan")[0]


def test_executor_keeps_to_the_episodes_time(carry_out, robot, down):
    library = library_with(pick=Linear.still(down))
    trace = carry_out(library, ("pick", "red"), limit=0.25)
    assert trace.control_steps == 10  # a quarter of the median of 40
    assert said(trace, "failure") == ["pick(red): the episode's time is over"]
    assert is_stopped(robot)


@pytest.mark.parametrize(("longer", "allowed"), [(1.0, 20), (2.0, 40), (9.0, 130)])
def test_another_plan_may_take_its_own_time_up_to_a_bound(task, robot, body, down, longer, allowed):
    config = ExecutorConfig(limit=0.5, longer=longer)
    executor = Executor(library_with(pick=Linear.still(down)), task, robot, body, config)
    plan = plan_of(frozenset(), ("pick", "red"))
    executor._begin(plan, no_plan)
    executor._count = 110
    executor._allow_time_for(plan)
    assert executor._limit == allowed


def test_executor_has_nothing_to_do_where_the_goal_holds(carry_out, robot, pick):
    library = library_with(pick=pick)
    assert carry_out(library, ("pick", "red")).success
    before = robot.data.time
    again = carry_out(library, ("pick", "red"))
    assert kinds(again) == ["plan", "goal"]
    assert again.control_steps == 0
    assert robot.data.time == before


def test_a_trace_explains_every_decision_in_order(carry_out, pick, drop):
    library = library_with(pick=pick, drop=drop)
    trace = carry_out(library, ("pick", "red"), ("drop", "red"), attempts=1)
    lines = trace.explain().splitlines()
    assert len(lines) == len(trace.events)
    steps = [event.control_step for event in trace.events]
    assert steps == sorted(steps)
    ended = [event for event in trace.events if event.kind in ("success", "failure")]
    started = [event for event in trace.events if event.kind == "start"]
    assert [(e.skill, e.arguments) for e in ended] == [(s.skill, s.arguments) for s in started]
    assert lines[0].split() == ["0.00", "s", "plan", "pick(red)", "->", "drop(red)"]
    assert format_facts(trace.final_facts).count("holding") == 0


def test_a_library_for_another_arm_is_refused(task, robot, body, pick):
    library = replace(library_with(pick=pick), arm="panda")
    with pytest.raises(InputError, match="trained for the arm panda; this is ur5e"):
        Executor(library, task, robot, body)


def test_a_library_of_another_rate_is_refused(task, robot, body, pick):
    library = replace(library_with(pick=pick), rate_hz=10.0)
    with pytest.raises(InputError, match="trained at 10 Hz; this robot is controlled at 20 Hz"):
        Executor(library, task, robot, body)
