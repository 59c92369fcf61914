"""The operator in the kitchen: each kind of fixture by what task.toml says of it."""

import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts, parse_sequence
from robot_skills.core.task import Goal
from robot_skills.record.paths import sweep
from robot_skills.record.session import SessionConfig, record_session, rehearse
from robot_skills.storage.episodes import load_demonstration
from robot_skills.storage.truth import load_truth

BEHAVIOURS = {
    "open(drawer)": "closed(drawer)",
    "closed(drawer)": "open(drawer)",
    "open(cupboard)": "closed(cupboard)",
    "closed(cupboard)": "open(cupboard)",
    "turned_on(knob)": "turned_off(knob)",
    "turned_off(knob)": "turned_on(knob)",
    "lit(lamp)": "dark(lamp)",
    "in(tomato, pan) on(pan, stove)": "",
    "in(cheese, drawer)": "open(drawer)",
    "in(carrot, cupboard)": "open(cupboard)",
    "in(carrot, tray)": "",
}


@pytest.mark.parametrize("facts", BEHAVIOURS)
def test_it_brings_about_every_fact_of_the_kitchen(facts):
    goal = Goal("given", True, parse_sequence(facts), parse_facts(BEHAVIOURS[facts]))
    assert sum(rehearse("kitchen", "ur5e", goal, seed) for seed in range(2)) == 2


def test_the_panda_cooks_too():
    assert rehearse("kitchen", "panda", "cook_in_the_light", 0)


def test_an_episode_holds_four_behaviours_and_their_truth_lies_apart(tmp_path):
    goals = ("put_away_then_light",)
    config = SessionConfig(env="kitchen", episodes=1, goals=goals, cameras=(), seed=1)
    record_session(config, tmp_path)
    demonstration = load_demonstration(tmp_path / "episode_000000")
    done = [b.name for b in load_truth(tmp_path, "episode_000000").behaviours]
    assert done == ["open", "pick", "place", "close", "press"]
    assert {"fixture/cupboard", "fixture/knob", "object_pose/pan"} <= set(demonstration.channels)
    assert demonstration.values("fixture/lamp")[-1, 0] > 0.007


def test_what_has_no_joint_cannot_be_opened():
    goal = Goal("given", True, parse_sequence("closed(tray)"), frozenset())
    with pytest.raises(InputError, match=r"cannot bring about closed\(tray\)"):
        rehearse("kitchen", "ur5e", goal, 0)


def test_a_lamp_cannot_be_put_out():
    goal = Goal("given", True, parse_sequence("dark(lamp)"), parse_facts("lit(lamp)"))
    with pytest.raises(InputError, match=r"cannot bring about dark\(lamp\)"):
        rehearse("kitchen", "ur5e", goal, 0)


def test_a_sweep_keeps_its_distance_from_the_pivot_and_turns_the_hand_along():
    start = np.array([0.5, 0.1, 0.2, 0.0, 1.0, 0.0, 0.0])
    pivot = np.array([0.3, 0.1, 0.0])
    path = np.array(list(sweep(start, pivot, np.pi / 2, 0.1, 20.0)))
    np.testing.assert_allclose(np.linalg.norm(path[:, :2] - pivot[:2], axis=1), 0.2)
    np.testing.assert_allclose(path[-1, :3], [0.3, 0.3, 0.2], atol=1e-12)
    turned = poses.multiply(path[-1, 3:], poses.conjugate(start[3:]))
    np.testing.assert_allclose(poses.rotation_vector(turned), [0, 0, np.pi / 2], atol=1e-9)
    assert len(path) == pytest.approx(np.pi / 2 * 0.2 / 0.1 * 20, abs=1)


def test_nothing_gets_into_a_shut_drawer():
    goal = Goal("given", True, parse_sequence("in(tomato, drawer)"), parse_facts("closed(drawer)"))
    assert not any(rehearse("kitchen", "ur5e", goal, seed) for seed in range(2))
