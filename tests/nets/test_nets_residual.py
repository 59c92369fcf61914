"""Residuals: what they see, how they correct, and how they travel with a skill."""

from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.core.skill import ReferenceFrame, Skill
from robot_skills.nets.correction import corrected
from robot_skills.nets.residual import (
    ResidualReach,
    ResidualRunner,
    reach_of,
    residual_of,
    with_residual,
    without_residual,
)

REACH = ResidualReach(position_m=0.01, rotation_rad=0.1, every=3)
RNG = np.random.default_rng(0)
WEIGHTS = {
    "input_mean": np.array([1.0, -1.0], np.float32),
    "input_scale": np.array([2.0, 0.5], np.float32),
    "linear.0.weight": RNG.normal(size=(4, 2)).astype(np.float32),
    "linear.0.bias": RNG.normal(size=4).astype(np.float32),
    "linear.1.weight": RNG.normal(size=(7, 4)).astype(np.float32),
    "linear.1.bias": RNG.normal(size=7).astype(np.float32),
}


@pytest.fixture
def skill():
    weights = {"linear.0.weight": np.ones((2, 3), np.float32)}
    frame = ReferenceFrame("object", "?x")
    return Skill("move", (), frame, {"inputs": 3}, weights, {}, np.zeros((1, 3)), 10, 3)


def test_a_refined_skill_holds_its_residual_and_without_it_is_what_it_was(skill):
    refined = with_residual(skill, WEIGHTS, 1, REACH)
    assert reach_of(refined) == REACH
    assert residual_of(skill) is None
    inputs = np.array([0.3, 0.4])
    expected = ResidualRunner(WEIGHTS, 1)(inputs)
    np.testing.assert_array_equal(residual_of(refined)(inputs), expected)
    plain = without_residual(refined)
    assert plain.settings == skill.settings
    assert plain.weights.keys() == skill.weights.keys()


def test_a_second_refinement_takes_the_place_of_the_first(skill):
    deeper = {**WEIGHTS, "linear.2.weight": np.ones((7, 7), np.float32)}
    once = with_residual(skill, deeper, 2, REACH)
    twice = with_residual(once, WEIGHTS, 1, REACH)
    assert twice.weights.keys() == with_residual(skill, WEIGHTS, 1, REACH).weights.keys()


def test_a_residual_without_its_settings_is_named(skill):
    refined = with_residual(skill, WEIGHTS, 1, REACH)
    with pytest.raises(InputError, match=r"skill move is refined but lacks .*residual_layers"):
        residual_of(replace(refined, settings=skill.settings))


def test_the_runner_standardises_and_bounds():
    mean = ResidualRunner(WEIGHTS, 1)(np.array([1.0, -1.0]))
    hidden = np.tanh(WEIGHTS["linear.0.bias"])
    expected = WEIGHTS["linear.1.weight"] @ hidden + WEIGHTS["linear.1.bias"]
    np.testing.assert_allclose(mean, np.clip(expected, -1.0, 1.0), atol=1e-6)
    far = ResidualRunner(WEIGHTS, 1)(np.array([1e9, -1e9]))
    farther = ResidualRunner(WEIGHTS, 1)(np.array([1e12, -1e12]))
    np.testing.assert_array_equal(far, farther)


def test_an_action_moves_and_turns_the_target_along_the_frames_axes():
    target = np.array([0.4, 0.1, 0.2, 0.0, 1.0, 0.0, 0.0])
    frame = np.array([0.5, 0.0, 0.0, *poses.from_yaw(np.asarray(np.pi / 2))])
    action = np.array([1.0, 0.0, -0.5, 0.0, 0.0, 1.0, 0.0])
    found = corrected(target, frame, action, REACH)
    np.testing.assert_allclose(found[:3], [0.4, 0.11, 0.195], atol=1e-12)
    turned = poses.multiply(poses.from_yaw(np.asarray(0.1)), target[3:])
    np.testing.assert_allclose(found[3:], turned, atol=1e-12)


def test_no_action_leaves_the_target_as_it_is():
    target = np.array([0.4, 0.1, 0.2, 0.0, 1.0, 0.0, 0.0])
    frame = np.array([0.5, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(corrected(target, frame, np.zeros(7), REACH), target, atol=1e-12)
