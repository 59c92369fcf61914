import numpy as np
import pytest
from run_skills import Linear, library_with, plan_of

from robot_skills.core.errors import NoPlanError
from robot_skills.run.execute.executor import Executor
from robot_skills.run.execute.shadow import SHADOW_CONFIG, ShadowLog, ShadowOver, ShadowRobot

OFFSET_M = (0.0, 0.02, -0.01)


def no_plan(facts, barred=None):
    raise NoPlanError("no other plan")


@pytest.fixture
def shadowed(task, robot, body):
    """Runs a policy as a shadow for some seconds: what it wanted, and the arm before and after."""

    def run(policy, duration_s):
        before = robot.observe().joint_position
        shadow = ShadowRobot(robot, duration_s, lambda: robot.settle(0.01))
        log, told = ShadowLog(shadow, body.kinematics), []
        library = library_with(pick=policy)

        def watch(moment):
            told.append(log.watch(moment))

        with pytest.raises(ShadowOver):
            Executor(library, task, shadow, body, SHADOW_CONFIG, watch).run(
                plan_of(frozenset(), ("pick", "red")), no_plan
            )
        return log, told, robot.observe().joint_position - before

    return run


def test_a_shadow_tells_what_a_policy_wants_and_moves_nothing(shadowed, down):
    log, told, moved = shadowed(Linear.still(down).moving(OFFSET_M), 2.0)
    assert np.abs(moved).max() < 1e-3
    ((step, figures),) = log.summary()["skills"].items()
    assert step == "pick(red)"
    assert figures["control_steps"] == pytest.approx(40, abs=2)
    assert figures["ee_m"][0] == pytest.approx(np.linalg.norm(OFFSET_M), abs=0.002)
    assert 0.0 < figures["joint_rad"][1] <= 0.1 + 1e-6  # the control law's leash
    assert log.summary()["arm_moved_rad"] < 1e-3
    assert told[-1].startswith("shadow: would go 22 mm")


def test_a_shadow_ends_when_its_time_is_over_and_not_because_nothing_moves(shadowed, down):
    log, _, _ = shadowed(Linear.still(down), 4.0)
    assert log.summary()["skills"]["pick(red)"]["control_steps"] > 70
    assert log.lines()[-1].startswith("the arm itself moved by 0.00")
