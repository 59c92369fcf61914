"""The xArm 6's model against its data sheet: DH parameters, limits and the gripper's stroke."""

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from robot_skills import paths
from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.core.task_file import load_task
from robot_skills.deploy.twins.xarm.kinematics import flange_pose, roll_pitch_yaw
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import build_scene

Floats = NDArray[np.float64]

UPPER_ARM_MM = np.hypot(284.5, 53.5)  # the printed formula; its printed value is 2 micrometres off

# Standard DH as UFACTORY prints it: d mm, alpha, a mm, offset.
STANDARD_DH = (
    (267.0, -np.pi / 2, 0.0, 0.0),
    (0.0, 0.0, UPPER_ARM_MM, -1.3849179),
    (0.0, -np.pi / 2, 77.5, 1.3849179),
    (342.5, np.pi / 2, 0.0, 0.0),
    (0.0, -np.pi / 2, 76.0, 0.0),
    (97.0, 0.0, 0.0, 0.0),
)
GRASP_FROM_FLANGE_MM = 162.0


@pytest.fixture(scope="module")
def arm() -> ArmProfile:
    return load_arm(paths.find("assets/arms", "xarm6"))


def flange(joints: Floats) -> Floats:
    """Homogeneous pose (4, 4) in mm, link by link from the printed table."""
    pose = np.eye(4)
    for (d, alpha, a, offset), angle in zip(STANDARD_DH, joints, strict=True):
        turn = angle + offset
        c, s, ca, sa = np.cos(turn), np.sin(turn), np.cos(alpha), np.sin(alpha)
        pose = pose @ np.array(
            [[c, -s * ca, s * sa, a * c], [s, c * ca, -c * sa, a * s], [0, sa, ca, d], [0, 0, 0, 1]]
        )
    return pose


def random_joints(arm: ArmProfile, seed: int) -> Floats:
    return np.random.default_rng(seed).uniform(arm.position_min, arm.position_max)


@pytest.mark.parametrize("seed", range(8))
def test_the_model_is_where_the_dh_parameters_say(arm: ArmProfile, seed: int) -> None:
    joints = random_joints(arm, seed)
    told = flange(joints)
    grasp = told[:3, 3] + GRASP_FROM_FLANGE_MM * told[:3, 2]
    pose = MujocoKinematics(arm).ee_pose(joints)
    assert 1000 * pose[:3] == pytest.approx(grasp, abs=0.01)
    matrix = np.empty(9)
    mujoco.mju_quat2Mat(matrix, pose[3:])
    assert matrix.reshape(3, 3)[:, 2] == pytest.approx(told[:3, 2], abs=1e-5)
    assert matrix.reshape(3, 3)[:, 0] == pytest.approx(told[:3, 1], abs=1e-5)  # jaws close along y


@pytest.mark.parametrize("seed", range(8))
def test_the_controller_reports_the_flange_of_the_dh_parameters(arm: ArmProfile, seed: int) -> None:
    told = flange(random_joints(arm, seed))
    position, rotation = flange_pose(random_joints(arm, seed))
    assert 1000 * position == pytest.approx(told[:3, 3], abs=1e-3)
    assert rotation == pytest.approx(told[:3, :3], abs=1e-6)


def test_at_zero_the_flange_is_where_the_manual_draws_it() -> None:
    position, rotation = flange_pose(np.zeros(6))
    assert 1000 * position == pytest.approx([207.0, 0.0, 112.0], abs=0.01)
    assert np.abs(roll_pitch_yaw(rotation)) == pytest.approx([np.pi, 0.0, 0.0], abs=1e-6)


def test_stretched_out_the_wrist_is_as_far_from_the_shoulder_as_the_links_are_long() -> None:
    fore = np.hypot(77.5, 342.5)
    # the elbow that brings shoulder, elbow and wrist into one line
    elbow = np.arctan2(53.5, 284.5) + np.arctan2(77.5, 342.5) - np.pi
    told = flange(np.array([0.0, 0.0, elbow, 0.0, 0.0, 0.0]))
    wrist = told[:3, 3] - 97.0 * told[:3, 2] - 76.0 * told[:3, 0]
    assert np.linalg.norm(wrist - [0, 0, 267.0]) == pytest.approx(UPPER_ARM_MM + fore, abs=1e-6)
    assert UPPER_ARM_MM + fore + 76.0 == pytest.approx(716.6, abs=0.1)  # 700 mm are promised


def test_home_looks_down_with_the_jaws_along_x(arm: ArmProfile) -> None:
    assert MujocoKinematics(arm).ee_pose(arm.home) == pytest.approx(
        [0.42, 0.0, 0.25, 0.0, 1.0, 0.0, 0.0], abs=1e-3
    )


def test_the_jaws_open_84_mm(arm: ArmProfile) -> None:
    scene = build_scene(load_task(paths.find("envs", "blocks")), arm, (), visual=False)
    assert scene.widths_m[[0, -1]] == pytest.approx([0.0, 0.084], abs=1e-6)
    assert arm.gripper.width_max_m == 0.084
