"""Trials: what an episode was made of, kept on disk and repeated to the bit."""

import json

import numpy as np
import pytest
from run_skills import OPERATORS, library_with, plan_of

from robot_skills.core.errors import InputError
from robot_skills.core.skill import PlanStep
from robot_skills.run.evaluate.episodes import Simulation
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.trials.collecting import collect_trials, try_step
from robot_skills.run.trials.trial_files import load_trials, save_trials
from robot_skills.sim.start import situation_of, solve_joints

CONFIG = ExecutorConfig(attempts=2)


class Above(Simulation):
    """Every episode starts with the open gripper above the red block, at rest."""

    def start(self, goal, seed):
        situation = situation_of(self.task, goal, np.random.default_rng(seed))
        robot = self.robot(("red", "green"))
        kinematics, arm = self.body.kinematics, self.body.arm
        above = np.array([0.45, 0.0, 0.14, *kinematics.ee_pose(arm.home)[3:]])
        joints = solve_joints(kinematics, arm, above)
        placed = {"red": (0.45, 0.0), "green": (0.45, 0.11)}
        poses = {name: np.array([*spot, 0.02, 1, 0, 0, 0]) for name, spot in placed.items()}
        robot.place(joints, 0.08, poses, {"drawer": 0.0})
        robot.settle(0.3)
        return robot, situation


@pytest.fixture(scope="module")
def simulation(task, body):
    return Above(task, body)


def planner(*operators):
    """Plans that carry operators out on the red block, in order, whatever the facts."""
    steps = [(name, "red") for name in operators]
    return lambda facts, *_others: plan_of(facts, *steps)


@pytest.fixture
def library(pick, drop):
    return library_with(pick=pick, drop=drop)


@pytest.fixture
def trials(simulation, library):
    """A pick that succeeds, and drops that end beside the tray."""
    plan = planner("pick", "drop")
    return collect_trials(simulation, library, plan, [("in(red, tray)", 5)], CONFIG)


def test_a_trial_knows_what_came_before_it_and_what_came_of_it(trials):
    first, second = trials[:2]
    assert (first.operator, first.arguments, first.previous) == ("pick", ("red",), "")
    assert first.success
    assert first.first_try
    assert (second.operator, second.previous, second.previous_success) == ("drop", "pick", True)
    assert not second.success
    assert [trial.number for trial in trials] == list(range(len(trials)))


def test_a_snapshot_tells_where_the_hand_is_in_the_reference_frame(trials):
    pick = trials[0]
    assert pick.start.ee_in_frame[2] > 0.05
    assert np.linalg.norm(pick.end.ee_in_frame[:2]) < 0.03
    assert pick.end.gripper_width_m == pytest.approx(0.04, abs=0.005)
    assert pick.start.joint_target is None
    assert "holding(red)" in {str(fact) for fact in pick.end.facts}


@pytest.mark.parametrize("number", [0, 1])
def test_a_trial_repeats_to_the_bit_from_its_start(simulation, library, trials, number, tmp_path):
    kept = load_trials(save_trials(tmp_path / "trials", trials))[number]
    step = PlanStep(OPERATORS[kept.operator].ground(kept.arguments))
    again = try_step(simulation, library, kept.start, step, CONFIG)
    assert (again.outcome, again.control_steps) == (kept.outcome, kept.control_steps)
    assert np.array_equal(again.end.simulator, kept.end.simulator)
    assert np.array_equal(again.end.ee_target, kept.end.ee_target)
    assert again.end.gripper_command_m == kept.end.gripper_command_m


def test_trials_come_back_from_disk_as_they_were(trials, tmp_path):
    kept = load_trials(save_trials(tmp_path / "trials", trials))
    assert len(kept) == len(trials)
    for one, other in zip(kept, trials, strict=True):
        for end in ("start", "end"):
            mine, yours = vars(getattr(one, end)), vars(getattr(other, end))
            assert all(np.array_equal(mine[name], yours[name]) for name in yours)
        assert (one.outcome, one.arguments, one.seed) == (other.outcome, other.arguments, 5)


def test_trials_of_another_format_are_refused(trials, tmp_path):
    folder = save_trials(tmp_path / "trials", trials)
    rows = json.loads((folder / "trials.json").read_text())
    (folder / "trials.json").write_text(json.dumps(rows | {"format": 9}))
    with pytest.raises(InputError, match="format must be 1; found 9"):
        load_trials(folder)
    with pytest.raises(InputError, match=r"has no trials\.json"):
        load_trials(tmp_path)
