"""Practice: a skill as an environment, the gate, and which skill is worth it."""

from dataclasses import replace

import numpy as np
import pytest
from pick_trials import NOWHERE, try_pick
from run_skills import library_with

from robot_skills.core.errors import InputError
from robot_skills.core.skill import Handoff
from robot_skills.nets.residual import ResidualReach, with_residual
from robot_skills.run.practice import gate
from robot_skills.run.practice.environment import SkillPractice, step_of
from robot_skills.run.practice.refined import accept, with_skill
from robot_skills.run.practice.starts import limiting_skill, skill_needs, trials_of
from robot_skills.run.trials.collecting import try_step
from robot_skills.run.trials.trial import SkillTrial

REACH = ResidualReach(position_m=0.03, rotation_rad=0.1, every=3)
NOTHING = np.zeros(7)


@pytest.fixture
def start(robot, library, simulation):
    """A trial of the pick from the gripper 12 cm above the block."""
    return try_pick(simulation, library, robot, "red")


def carried_out(environment, action):
    environment.reset()
    steps = 0
    while True:
        _, reward, terminated, _, info = environment.step(action)
        steps += 1
        if terminated:
            return reward, info["outcome"], steps


def test_without_corrections_practice_is_what_the_executor_does(simulation, library, start):
    environment = SkillPractice(simulation, library, [start], REACH)
    reward, outcome, steps = carried_out(environment, NOTHING)
    assert (reward, outcome) == (float(start.success), start.outcome) == (1.0, "SUCCESS")
    assert steps == -(-start.control_steps // REACH.every)
    environment.close()


def test_a_correction_can_spoil_a_skill_and_mend_another(simulation, library, start, beside):
    aside = np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    environment = SkillPractice(simulation, library, [start], REACH)
    assert carried_out(environment, aside)[0] == 0.0
    environment.close()
    wrong = SkillPractice(simulation, library_with(pick=beside), [start], REACH)
    assert carried_out(wrong, NOTHING)[0] == 0.0
    assert carried_out(wrong, aside)[0] == 1.0
    wrong.close()


def test_a_gripper_that_waits_never_closes(simulation, library, start):
    environment = SkillPractice(simulation, library, [start], REACH)
    wait = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
    assert carried_out(environment, wait)[1] != "SUCCESS"
    environment.close()


def test_an_attempt_may_be_left_and_another_begun(simulation, library, start):
    environment = SkillPractice(simulation, library, [start], REACH, seed=3)
    first, _ = environment.reset()
    environment.step(NOTHING)
    again, _ = environment.reset()
    np.testing.assert_array_equal(first, again)
    environment.close()
    environment.close()


def test_an_error_inside_an_attempt_comes_out(simulation, library, start):
    other = replace(start, operator="push")
    with pytest.raises(InputError, match="the trials are of another library: it has no push"):
        SkillPractice(simulation, library, [other], REACH)


def test_a_refined_skill_is_run_by_the_ordinary_executor(simulation, start, beside):
    library = library_with(pick=beside)
    inputs = SkillPractice(simulation, library, [start], REACH).observation_space.shape[0]
    aside = np.array([0.0, 20.0, 0.0, 0.0, 0.0, 0.0, 0.0], np.float32)
    weights = {
        "input_mean": np.zeros(inputs, np.float32),
        "input_scale": np.ones(inputs, np.float32),
        "linear.0.weight": np.zeros((7, inputs), np.float32),
        "linear.0.bias": aside,
    }
    refined = with_skill(library, with_residual(library.skill("pick"), weights, 0, REACH))
    step = step_of(start, library)
    assert not try_step(simulation, library, start.start, step).success
    assert try_step(simulation, refined, start.start, step).success


@pytest.mark.parametrize(
    ("gained", "lost", "n", "accepted", "reason"),
    [
        (300, 10, 1000, True, "takes the old one's place"),
        (300, 10, 999, False, "999 paired starts are fewer than 1000"),
        (10, 12, 1000, False, "points may have been lost"),
        (0, 0, 1000, False, "succeeds no more often"),
        (6, 5, 1000, True, "takes the old one's place"),
        (100, 90, 1000, False, "points may have been lost"),
    ],
)
def test_the_gate_lets_through_only_what_is_better_for_certain(gained, lost, n, accepted, reason):
    before = [False] * gained + [True] * lost + [True] * (n - gained - lost)
    after = [True] * gained + [False] * lost + [True] * (n - gained - lost)
    verdict = gate.judge(before, after)
    assert verdict.accepted is accepted
    assert reason in verdict.reason
    assert (verdict.difference.gained, verdict.difference.lost) == (gained, lost)


@pytest.mark.parametrize(
    ("gained", "lost", "n", "accepted", "reason"),
    [
        (0, 0, 1000, True, "what was learned holds in MuJoCo C"),
        (40, 50, 1000, True, "what was learned holds in MuJoCo C"),
        (0, 15, 1000, True, "what was learned holds in MuJoCo C"),
        (0, 0, 999, False, "999 paired starts are fewer than 1000"),
        (0, 40, 1000, False, "points may have been lost on the way to MuJoCo C"),
    ],
)
def test_what_is_lost_from_one_physics_to_the_other_is_refused(gained, lost, n, accepted, reason):
    practised = [False] * gained + [True] * lost + [True] * (n - gained - lost)
    in_c = [True] * gained + [False] * lost + [True] * (n - gained - lost)
    transfer = gate.judge_transfer(practised, in_c)
    assert transfer.accepted is accepted
    assert reason in transfer.reason
    assert transfer.difference.value == pytest.approx((gained - lost) / n)
    assert transfer.in_c.n == n


def trial(skill, success, first_try=True):
    outcome = "SUCCESS" if success else "LATE"
    return SkillTrial(
        goal="g",
        seed=0,
        number=0,
        skill=skill,
        operator=skill,
        arguments=(),
        previous="",
        previous_success=False,
        first_try=first_try,
        outcome=outcome,
        control_steps=10,
        start=NOWHERE,
        end=NOWHERE,
    )


def test_the_skill_that_limits_plans_is_the_one_whose_failures_cost_most():
    rare = [trial("rare", False) for _ in range(2)]
    common = [trial("common", i % 2 == 0) for i in range(40)]
    sure = [trial("sure", True) for _ in range(40)]
    needs = skill_needs([*rare, *common, *sure], episodes=20)
    assert [need.skill for need in needs] == ["common", "rare", "sure"]
    assert (needs[0].uses, needs[0].success.value, needs[2].loss) == (2.0, 0.5, 0.0)
    assert needs[0].loss == pytest.approx(-2 * np.log(20.5 / 41))
    assert limiting_skill(needs) == "common"


def test_where_nothing_fails_nothing_is_refined():
    with pytest.raises(InputError, match=r"all of its trials \(5\): none limits the plans"):
        limiting_skill(skill_needs([trial("sure", True)] * 5, 5))
    with pytest.raises(InputError, match="no skill was tried"):
        limiting_skill([])


def test_neither_a_retry_nor_what_ran_out_of_time_is_a_start():
    late = replace(trial("a", False), outcome="OUT_OF_TIME")
    tried = [trial("a", True), trial("a", True, first_try=False), late, trial("b", True)]
    assert trials_of(tried, "a") == tried[:1]


def test_what_was_measured_goes_with_the_refined_skill(library):
    handoffs = (Handoff("", "pick", 0.5, 5, 10, 1.0), Handoff("x", "y", 0.5, 5, 10, 1.0))
    library = replace(library, handoffs=handoffs, lineage={"demonstrations": "9"})
    verdict = gate.judge([False] * 300 + [True] * 700, [True] * 1000)
    tried = [trial("pick", True)] * 1000
    refined = accept(library, library.skill("pick"), verdict, tried, {"seed": "4"})
    skill = refined.skill("pick")
    assert skill.measured["success"] == 1.0
    assert skill.measured["success before refinement"] == 0.7
    assert skill.operators[0].success == pytest.approx(1000.5 / 1001)
    assert refined.handoffs == handoffs[1:]
    assert refined.lineage["demonstrations"] == "9"
    assert refined.lineage["refined/pick/seed"] == "4"
    assert refined.lineage["refined/pick/difference"].startswith("+30.0 points [")
