from dataclasses import replace

import numpy as np
import pytest
import torch

from robot_skills import paths
from robot_skills.core import poses
from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.core.control import (
    DAMPING,
    SPENT_RAD,
    EndEffectorController,
    Workspace,
    joint_step,
    off_the_base,
    pose_error,
    shorter_move,
    whole_step,
)

RATE_HZ = 20.0
ROOM = Workspace(np.array([-1.0, -1.0, 0.0]), np.array([1.0, 1.0, 1.5]))
# Denavit-Hartenberg rows (a m, d m, alpha rad) of a UR5e, from Universal Robots' support pages.
UR5E = (
    (0.0, 0.1625, np.pi / 2),
    (-0.425, 0.0, 0.0),
    (-0.3922, 0.0, 0.0),
    (0.0, 0.1333, np.pi / 2),
    (0.0, 0.0997, -np.pi / 2),
    (0.0, 0.0996, 0.0),
)
SEVEN = ((0.0, 0.34, -np.pi / 2), (0.0, 0.0, np.pi / 2), (0.0, 0.4, np.pi / 2), *UR5E[2:])
HOME = np.array([-0.2, -1.6, 1.9, -1.9, -1.5, 0.1])
LEASH_RAD = 0.1  # by default
HOME_SEVEN = np.array([0.2, 0.5, -0.3, 1.2, 0.3, -0.9, 0.1])


class ChainKinematics:
    """Forward kinematics of a chain of revolute joints from its Denavit-Hartenberg rows."""

    def __init__(self, rows):
        self.rows = rows

    def frames(self, joints):
        frames = [np.eye(4)]
        for (a, d, alpha), joint in zip(self.rows, joints, strict=True):
            turn = poses.matrix(poses.from_rotation_vector(np.array([0.0, 0.0, joint])))
            twist = poses.matrix(poses.from_rotation_vector(np.array([alpha, 0.0, 0.0])))
            link = np.eye(4)
            link[:3, :3] = turn @ twist
            link[:3, 3] = turn @ [a, 0.0, 0.0] + [0.0, 0.0, d]
            frames.append(frames[-1] @ link)
        return frames

    def ee_pose(self, joints):
        end = self.frames(joints)[-1]
        return np.concatenate([end[:3, 3], poses.from_matrix(end[:3, :3])])

    def ee_jacobian(self, joints):
        frames = self.frames(joints)
        axes = np.array([frame[:3, 2] for frame in frames[:-1]])
        arms = np.array([frames[-1][:3, 3] - frame[:3, 3] for frame in frames[:-1]])
        return np.concatenate([np.cross(axes, arms), axes], axis=-1).T


def profile(name="ur5e", **changes) -> ArmProfile:
    """A shipped arm with limits that the tests do not meet unless they say so."""
    arm = load_arm(paths.data_folder("assets") / "arms" / name)
    roomy = {
        "position_min": np.full(arm.dof, -2 * np.pi),
        "position_max": np.full(arm.dof, 2 * np.pi),
        "speed_max": np.full(arm.dof, np.pi),
        "ee_speed_max_m_s": 1.0,
    }
    return replace(arm, **(roomy | changes))


def controller(arm=None, workspace=ROOM, rows=UR5E) -> EndEffectorController:
    return EndEffectorController(ChainKinematics(rows), arm or profile(), RATE_HZ, workspace)


def moved(pose, offset_m, turn_rad=(0.0, 0.0, 0.0)):
    turn = poses.from_rotation_vector(np.asarray(turn_rad))
    return np.concatenate([pose[:3] + offset_m, poses.multiply(turn, pose[3:])])


def follow(control, joints, pose, steps):
    """Joints over time of an arm that reaches every target at once."""
    path = [joints]
    for _ in range(steps):
        path.append(control.step(path[-1], pose))
    return np.array(path)


def distance(kinematics, joints, pose):
    reached = kinematics.ee_pose(joints)
    turn = poses.multiply(pose[3:], poses.conjugate(reached[3:]))
    return (
        np.linalg.norm(reached[:3] - pose[:3]),
        np.linalg.norm(poses.rotation_vector(turn)),
    )


def test_the_chains_jacobian_agrees_with_finite_differences():
    kinematics, step = ChainKinematics(UR5E), 1e-6
    for joint in range(6):
        nudge = step * np.eye(6)[joint]
        after, before = kinematics.ee_pose(HOME + nudge), kinematics.ee_pose(HOME - nudge)
        turn = poses.rotation_vector(poses.multiply(after[3:], poses.conjugate(before[3:])))
        slope = np.concatenate([after[:3] - before[:3], turn]) / (2 * step)
        np.testing.assert_allclose(kinematics.ee_jacobian(HOME)[:, joint], slope, atol=1e-6)


@pytest.mark.parametrize("dof", [6, 7])
def test_joint_step_is_the_damped_least_squares_solution(dof):
    rng = np.random.default_rng(0)
    jacobian, error = rng.normal(size=(6, dof)), rng.normal(size=6)
    step = joint_step(jacobian, error)
    slope = jacobian.T @ (jacobian @ step - error) + DAMPING * step
    np.testing.assert_allclose(slope, np.zeros(dof), atol=1e-10)


def test_joint_step_of_a_batch_is_each_ones_step():
    rng = np.random.default_rng(0)
    jacobian, error = rng.normal(size=(5, 6, 7)), rng.normal(size=(5, 6))
    together = joint_step(jacobian, error)
    for row in range(5):
        np.testing.assert_allclose(together[row], joint_step(jacobian[row], error[row]))


def test_joint_step_stays_bounded_at_a_singularity():
    stretched = np.zeros(6)
    jacobian = ChainKinematics(UR5E).ee_jacobian(stretched)
    error = np.array([0.01, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert np.linalg.norm(joint_step(jacobian, error)) <= 0.01 / (2 * np.sqrt(DAMPING)) + 1e-12


@pytest.mark.parametrize(
    ("offset_m", "turn_rad"),
    [((0.1, -0.05, 0.08), (0, 0, 0)), ((0, 0, 0), (0.2, -0.1, 0.5)), ((0.05, 0.1, 0), (0, 0, 1))],
)
def test_the_end_effector_comes_to_the_pose_asked_for(offset_m, turn_rad):
    kinematics = ChainKinematics(UR5E)
    wanted = moved(kinematics.ee_pose(HOME), offset_m, turn_rad)
    last = follow(controller(), HOME, wanted, 60)[-1]
    off_m, off_rad = distance(kinematics, last, wanted)
    assert off_m < 1e-4
    assert off_rad < 1e-3


def test_at_the_pose_asked_for_nothing_moves():
    wanted = ChainKinematics(UR5E).ee_pose(HOME)
    np.testing.assert_allclose(controller().step(HOME, wanted), HOME, atol=1e-9)


def test_no_step_is_faster_than_the_joints_may_turn():
    slow = profile(speed_max=np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]))
    wanted = moved(ChainKinematics(UR5E).ee_pose(HOME), (0.3, 0.3, 0.1), (0, 0, 2))
    speed = np.abs(np.diff(follow(controller(slow), HOME, wanted, 40), axis=0)) * RATE_HZ
    assert (speed <= slow.speed_max + 1e-9).all()
    assert (speed.max(axis=0) > 0.9 * slow.speed_max).any()


def test_the_end_effector_is_no_faster_than_the_arm_allows():
    slow = profile(ee_speed_max_m_s=0.25)
    kinematics = ChainKinematics(UR5E)
    wanted = moved(kinematics.ee_pose(HOME), (0.2, 0.2, 0.1))
    path = np.array([kinematics.ee_pose(q)[:3] for q in follow(controller(slow), HOME, wanted, 30)])
    assert np.linalg.norm(np.diff(path, axis=0), axis=-1).max() * RATE_HZ <= 0.25 * 1.02


def test_an_arm_folded_the_other_way_comes_home_joint_by_joint_at_the_speeds_allowed():
    arm = profile(ee_speed_max_m_s=0.25, speed_max=np.full(6, 0.8))
    control, path = controller(arm), [HOME * [1, 1, -1, 1, 1, 1]]
    while np.abs(path[-1] - HOME).max() > 1e-3 and len(path) < 1000:
        path.append(control.step_to_joints(path[-1], HOME))
    steps = np.diff(path, axis=0)
    hand = [ChainKinematics(UR5E).ee_pose(joints)[:3] for joints in path]
    way_m = np.linalg.norm(np.diff(hand, axis=0), axis=1)
    assert np.abs(path[-1] - HOME).max() <= 1e-3
    assert np.abs(steps).max() <= 0.8 / RATE_HZ + 1e-9
    assert way_m.max() <= 0.25 / RATE_HZ * 1.05  # a little more where the way bends


def test_targets_stay_within_the_joint_limits():
    narrow = profile(position_min=HOME - 0.05, position_max=HOME + 0.05)
    wanted = moved(ChainKinematics(UR5E).ee_pose(HOME), (0.3, 0.3, 0.1))
    path = follow(controller(narrow), HOME, wanted, 30)
    assert (path >= HOME - 0.05 - 1e-12).all()
    assert (path <= HOME + 0.05 + 1e-12).all()


def test_a_blocked_arms_targets_wind_up_no_further_than_the_leash():
    control = controller()
    wanted = moved(ChainKinematics(UR5E).ee_pose(HOME), (0.0, 0.4, 0.0))
    for _ in range(50):
        target = control.step(HOME, wanted)
    assert np.abs(target - HOME).max() == pytest.approx(LEASH_RAD)


def test_an_arm_whose_joints_are_read_late_has_a_longer_leash():
    control = controller(profile(leash_rad=0.3))
    wanted = moved(ChainKinematics(UR5E).ee_pose(HOME), (0.0, 0.4, 0.0))
    for _ in range(50):
        target = control.step(HOME, wanted)
    assert np.abs(target - HOME).max() == pytest.approx(0.3)


def test_a_blocked_joint_holds_up_no_other():
    control, blocked = controller(), np.array([True, *[False] * 5])
    wanted = moved(ChainKinematics(UR5E).ee_pose(HOME), (0.0, 0.4, 0.1))
    measured = HOME
    for _ in range(60):
        target = control.step(measured, wanted)
        assert np.abs(target - measured).max() <= LEASH_RAD + 1e-12
        measured = np.where(blocked, HOME, target)
    assert abs(target[0] - HOME[0]) == pytest.approx(LEASH_RAD, abs=SPENT_RAD)
    before = target
    lower = moved(wanted, (0.0, 0.0, -0.1))
    for _ in range(20):
        target = control.step(measured, lower)
        measured = np.where(blocked, HOME, target)
    assert np.abs(target - before)[1:].max() > 0.05


def test_targets_that_were_left_behind_come_back_to_the_leash_and_go_on():
    control = controller()
    wanted = moved(ChainKinematics(UR5E).ee_pose(HOME), (0.05, 0.1, 0.0))
    control.reset(HOME + 0.5)
    path = follow(control, HOME, wanted, 60)
    assert np.abs(path[1] - HOME).max() <= LEASH_RAD + 1e-12
    off_m, off_rad = distance(ChainKinematics(UR5E), path[-1], wanted)
    assert off_m < 1e-3
    assert off_rad < 5e-3


def test_a_slow_joint_slows_the_hand_and_bends_no_path():
    kinematics = ChainKinematics(UR5E)
    slow = profile(speed_max=np.where(np.arange(6) == 1, 0.1, 3.0))
    start, offset = kinematics.ee_pose(HOME), np.array([0.03, 0.025, 0.04])
    path = follow(controller(slow), HOME, moved(start, offset), 60)
    hand = np.array([kinematics.ee_pose(q)[:3] for q in path]) - start[:3]
    aside = np.cross(hand, offset / np.linalg.norm(offset))
    assert np.abs(np.diff(path, axis=0)).max(axis=0)[1] * RATE_HZ == pytest.approx(0.1)
    assert np.linalg.norm(aside, axis=-1).max() < 1.5e-3
    np.testing.assert_allclose(hand[-1], offset, atol=1e-4)


def test_a_step_is_as_short_as_its_worst_joint_needs():
    step, most, leash = np.array([0.2, -0.1, 0.0]), np.full(3, 0.1), np.array([0.2, 0.02, 0.0])
    np.testing.assert_allclose(whole_step(step, most, np.ones(3)), step / 2)
    np.testing.assert_allclose(whole_step(step, most, leash), step / 5)
    np.testing.assert_array_equal(whole_step(step / 10, most, leash), step / 10)
    np.testing.assert_array_equal(whole_step(0 * step, most, leash), 0 * step)
    spent = np.array([0.2, 0.9 * SPENT_RAD, 0.0])
    np.testing.assert_allclose(whole_step(step, most, spent), [0.1, 0.0, 0.0])


def test_a_pose_outside_the_workspace_is_answered_at_its_border():
    kinematics = ChainKinematics(UR5E)
    start = kinematics.ee_pose(HOME)
    box = Workspace(start[:3] - 0.05, start[:3] + 0.05)
    last = follow(controller(workspace=box), HOME, moved(start, (0.0, 0.3, -0.2)), 60)[-1]
    border = start[:3] + [0.0, 0.05, -0.05]
    np.testing.assert_allclose(kinematics.ee_pose(last)[:3], border, atol=1e-3)


def test_after_a_reset_the_first_target_starts_from_the_measured_joints():
    control = controller()
    wanted = moved(ChainKinematics(UR5E).ee_pose(HOME), (0.0, 0.4, 0.0))
    first = control.step(HOME, wanted)
    second = control.step(HOME, wanted)
    assert not np.allclose(first, second)
    control.reset()
    np.testing.assert_array_equal(control.step(HOME, wanted), first)


def test_a_redundant_arm_drifts_home_while_its_hand_stays():
    kinematics, start = ChainKinematics(SEVEN), HOME_SEVEN + 0.3
    wanted = kinematics.ee_pose(start)
    path = follow(controller(profile("panda", home=HOME_SEVEN), rows=SEVEN), start, wanted, 100)
    off_m, off_rad = distance(kinematics, path[-1], wanted)
    assert off_m < 1e-3
    assert off_rad < 5e-3
    away = np.linalg.norm(path - HOME_SEVEN, axis=-1)
    assert away[-1] < away[0] - 0.05


def test_the_hand_comes_no_nearer_to_the_base_than_the_arm_allows():
    kinematics = ChainKinematics(UR5E)
    there = kinematics.ee_pose(HOME)
    least_m = float(np.hypot(*there[:2])) - 0.05
    inward = moved(there, [*(-0.8 * there[:2]), 0.0])
    free, held = (
        kinematics.ee_pose(follow(controller(arm), HOME, inward, 60)[-1])
        for arm in (profile(), profile(reach_min_m=least_m))
    )
    assert np.hypot(*free[:2]) < least_m - 0.05
    assert np.hypot(*held[:2]) == pytest.approx(least_m, abs=1e-3)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(0.0, 0.4, shape)


def some_poses(count, seed):
    turns = poses.from_rotation_vector(numbers(count, 3, seed=seed + 7))
    return np.concatenate([numbers(count, 3, seed=seed), turns], axis=-1)


PARTS = [
    (joint_step, (numbers(9, 6, 7), numbers(9, 6, seed=1))),
    (pose_error, (some_poses(9, 0), some_poses(9, 1))),
    (shorter_move, (numbers(9, 3), numbers(9, 3, seed=1), 0.3)),
    (off_the_base, (0.3 * numbers(9, 3), numbers(9, 3, seed=1), np.array([0.1, 0.0]), 0.25)),
    (whole_step, (numbers(9, 6), np.full(6, 0.2), np.abs(numbers(9, 6, seed=1)))),
]


@pytest.mark.parametrize(("part", "arguments"), PARTS, ids=lambda x: getattr(x, "__name__", ""))
def test_a_part_of_the_law_is_the_same_for_one_for_many_and_in_torch(part, arguments):
    tensors = [torch.tensor(a) if isinstance(a, np.ndarray) else a for a in arguments]
    many = part(*arguments)
    np.testing.assert_allclose(part(*tensors).numpy(), many, rtol=1e-9, atol=1e-12)
    for row, found in enumerate(many):
        own = [a[row] if np.ndim(a) > 1 else a for a in arguments]
        np.testing.assert_allclose(part(*own), found, rtol=1e-9, atol=1e-12)
