import pytest
from discovery_score import score_discovery

from robot_skills.core.arm import load_arm
from robot_skills.core.demonstration import Segment
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.storage.truth import load_truth
from robot_skills.train.discovery.grouping import group_operators
from robot_skills.train.discovery.lifting import lift
from robot_skills.train.discovery.transitions import find_transitions
from robot_skills.train.history import read_history

FOLDER = find("demos", "blocks")


@pytest.fixture(scope="module")
def discovered():
    """Groups found in the shipped demonstrations with true segments, and the true behaviours."""
    task = load_task(find("envs", "blocks"))
    kinematics = MujocoKinematics(load_arm(find("assets/arms", "ur5e")))
    recorded = load_demonstrations(FOLDER)
    truth = {one.name: load_truth(FOLDER, one.name).behaviours for one in recorded}
    segments = [Segment(n, b.start, b.stop) for n, found in truth.items() for b in found]
    histories = [read_history(one, task, kinematics) for one in recorded]
    lifted, _ = lift(find_transitions(histories, segments), task, 2)
    return group_operators(lifted, task), truth


def test_operators_from_true_segments_are_pure(discovered):
    score = score_discovery(*discovered)
    assert score.purity["holding_off_surface"] == score.purity["in_container"] == 1.0
    assert score.behaviour["holding_off_surface"] == "pick"
    assert score.purity["holding_off_block"] == 1.0
    assert score.found["pick"] == 1.0  # all five, off a table or off a block
    assert score.mean_purity == 1.0


def test_an_operator_of_two_behaviours_is_impure(discovered):
    groups, truth = discovered
    first, *rest = truth
    other = [type(b)(f"{b.name}_otherwise", b.arguments, b.start, b.stop) for b in truth[first]]
    score = score_discovery(groups, {first: other, **{n: truth[n] for n in rest}})
    assert score.purity["holding_off_surface"] == pytest.approx(2 / 3)
    assert score.found["pick_otherwise"] == 0.5  # off a block it is one of two
