"""Insertion in training: the frame is that of the peg in the hand, whose lie a skill must see."""

import pytest

from robot_skills.core.arm import load_arm
from robot_skills.core.demonstration import Segment
from robot_skills.core.facts import parse_facts
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.record.session import SessionConfig, record_session
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.train.discovery.grouping import find_frame
from robot_skills.train.discovery.lifting import lift
from robot_skills.train.discovery.transitions import find_transitions
from robot_skills.train.history import read_history


@pytest.fixture(scope="module")
def inserted(tmp_path_factory):
    """The operator that three demonstrations show, and its frame."""
    folder = tmp_path_factory.mktemp("assembly")
    record_session(SessionConfig(env="assembly", episodes=3, cameras=()), folder)
    task = load_task(find("envs", "assembly"))
    kinematics = MujocoKinematics(load_arm(find("assets/arms", "ur5e")))
    histories = [read_history(one, task, kinematics) for one in load_demonstrations(folder)]
    whole = [Segment(one.name, 0, one.steps) for one in histories]
    (lifted,), left = lift(find_transitions(histories, whole), task, min_support=3)
    assert not left
    return find_frame(lifted, task)


def test_a_demonstration_shows_one_operator_from_holding_to_inserted(inserted):
    operator = inserted.operator
    assert operator.preconditions == parse_facts("holding(?x)")
    assert operator.add == parse_facts("inserted(?x, ?y) clear(?x) gripper_empty()")
    assert operator.delete == parse_facts("holding(?x)")


def test_where_peg_and_socket_agree_alike_the_skill_sees_the_peg(inserted):
    assert abs(inserted.spreads_m["goal of ?x"] - inserted.spreads_m["object of ?y"]) < 0.001
    assert inserted.frame.kind == "goal"
    assert [p.type for p in inserted.operator.parameters] == ["peg", "socket"]
