import numpy as np
import pytest

from robot_skills.core.facts import parse_facts
from robot_skills.run.controls.flat import STILL_STEPS, GoalEpisode


@pytest.fixture
def episode(robot, task, body):
    return lambda goal: GoalEpisode(robot, parse_facts(goal), task, body)


def test_a_goal_that_holds_is_reached_once_it_is_confirmed(episode):
    found = episode("clear(red)")
    assert not found.reached
    while not found.over:
        found.advance(found.view.ee, closing=False)
    trace = found.finish()
    assert trace.success
    assert trace.control_steps == 2  # the first look counts as well
    assert trace.goal <= trace.final_facts


def test_a_policy_that_came_to_rest_is_not_waited_for(episode):
    found = episode("on(red, green)")
    target = found.view.ee
    while not found.over:
        found.advance(target, closing=False)
    trace = found.finish()
    assert not trace.success
    assert STILL_STEPS - 1 <= trace.control_steps < 2 * STILL_STEPS


def test_the_hand_goes_where_it_is_asked_to(episode):
    found = episode("on(red, green)")
    target = found.view.ee + np.array([0.03, 0.02, 0.01, 0, 0, 0, 0])
    for _ in range(30):
        found.advance(target, closing=True)
    assert found.view.ee[:3] == pytest.approx(target[:3], abs=0.004)
    assert found.view.closing
    assert found.view.width_m < 0.02
