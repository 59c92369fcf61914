"""The control law on an arm of five joints: pan, three bends in one upright plane, and roll."""

import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.control import joint_step, pose_step

HOME = np.array([0.3, -0.4, 0.5, 1.4, 0.2])
LINKS_M = (0.12, 0.14, 0.16)
SHOULDER_M = 0.11
LOW, HIGH = np.full(5, -2.0), np.full(5, 2.0)


def about(axis, angle):
    return poses.matrix(poses.from_rotation_vector(angle * np.asarray(axis, dtype=float)))


def chain(joints):
    """Joint axes and places, then the hand's place and turn; the hand looks along its x."""
    turn, place = about([0, 0, 1], joints[0]), np.array([0.0, 0.0, SHOULDER_M])
    axes, places = [np.array([0.0, 0.0, 1.0])], [np.zeros(3)]
    for angle, length in zip(joints[1:4], LINKS_M, strict=True):
        axes.append(turn[:, 1])
        places.append(place)
        turn = turn @ about([0, 1, 0], angle)
        place = place + length * turn[:, 0]
    axes.append(turn[:, 0])
    places.append(place)
    return np.array(axes), np.array(places), place, turn @ about([1, 0, 0], joints[4])


def pose_of(joints):
    _, _, place, turn = chain(joints)
    return np.concatenate([place, poses.from_matrix(turn)])


def jacobian_of(joints):
    axes, places, hand, _ = chain(joints)
    return np.concatenate([np.cross(axes, hand - places), axes], axis=-1).T


def solve(wanted, joints=HOME, low=LOW, high=HIGH, steps=60):
    for _ in range(steps):
        pose = pose_of(joints)
        turn = poses.rotation_vector(poses.multiply(wanted[3:], poses.conjugate(pose[3:])))
        error = np.concatenate([wanted[:3] - pose[:3], turn])
        joints = joints + pose_step(jacobian_of(joints), error, low - joints, high - joints)
    return joints


def tilted(pose, axis, angle_rad):
    turn = poses.from_rotation_vector(angle_rad * np.asarray(axis, dtype=float))
    return np.concatenate([pose[:3], poses.multiply(turn, pose[3:])])


@pytest.mark.parametrize("joints", [6, 7])
def test_six_joints_and_more_step_as_ever(joints):
    rng = np.random.default_rng(0)
    jacobian, error = rng.normal(size=(6, joints)), rng.normal(size=6)
    tight = np.full(joints, 1e-3)
    step = pose_step(jacobian, error, -tight, tight)
    np.testing.assert_array_equal(step, joint_step(jacobian, error))


def test_a_pose_that_five_joints_can_have_is_reached_whole():
    rng = np.random.default_rng(1)
    for _ in range(5):
        wanted = pose_of(HOME + rng.uniform(-0.4, 0.4, 5))
        np.testing.assert_allclose(pose_of(solve(wanted)), wanted, atol=1e-6)


def test_a_tilt_out_of_the_arms_plane_does_not_move_the_hand():
    there = pose_of(HOME)
    across = np.cross(chain(HOME)[3][:, 0], chain(HOME)[0][1])  # neither the roll nor the bends
    found = pose_of(solve(tilted(there, across, 0.3)))
    np.testing.assert_allclose(found[:3], there[:3], atol=1e-5)
    assert (
        np.linalg.norm(poses.rotation_vector(poses.multiply(found[3:], poses.conjugate(there[3:]))))
        < 0.1
    )


@pytest.mark.parametrize(("kind", "angle_rad"), [("bend", -0.3), ("roll", -0.3), ("roll", 0.3)])
def test_roll_and_bend_are_followed_while_the_hand_stays(kind, angle_rad):
    axes, _, _, turn = chain(HOME)
    wanted = tilted(pose_of(HOME), axes[1] if kind == "bend" else turn[:, 0], angle_rad)
    np.testing.assert_allclose(pose_of(solve(wanted)), wanted, atol=1e-6)


def test_a_bend_for_which_the_arm_is_too_short_keeps_the_hand_in_its_place():
    wanted = tilted(pose_of(HOME), chain(HOME)[0][1], 0.3)
    joints = solve(wanted)
    np.testing.assert_allclose(pose_of(joints)[:3], wanted[:3], atol=2e-4)
    np.testing.assert_allclose(solve(wanted, joints, steps=3), joints, atol=0.06)


def test_a_joint_at_its_end_leaves_the_position_to_the_others():
    high = HIGH.copy()
    high[3] = HOME[3]
    wanted = pose_of(HOME) + np.array([0.0, 0.0, 0.04, 0.0, 0.0, 0.0, 0.0])
    free, bound = solve(wanted), solve(wanted, high=high)
    assert free[3] > HOME[3] + 0.05
    assert bound[3] <= HOME[3]
    np.testing.assert_allclose(pose_of(bound)[:3], wanted[:3], atol=1e-5)


def test_steps_stay_within_their_room():
    rng = np.random.default_rng(2)
    for _ in range(50):
        low, high = -rng.uniform(0, 0.05, 5), rng.uniform(0, 0.05, 5)
        step = pose_step(jacobian_of(HOME), rng.normal(size=6), low, high)
        assert np.all((low <= step) & (step <= high))
