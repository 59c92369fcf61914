import os
import subprocess
import sys

import mink
import mujoco
import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.arm import load_arm
from robot_skills.core.control import DAMPING, EndEffectorController, Workspace, joint_step
from robot_skills.paths import find
from robot_skills.sim.arm_names import EE_SITE
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import build_scene
from robot_skills.sim.start import solve_joints

ARMS = ("ur5e", "panda", "fr3")


@pytest.fixture(scope="module", params=ARMS)
def bare(request, task):
    """An arm alone with the table, and its lean kinematics."""
    profile = load_arm(find("assets/arms", request.param))
    return build_scene(task, profile, (), visual=False), MujocoKinematics(profile)


def random_joints(scene, rng, count):
    middle = scene.arm.home
    return middle + rng.uniform(-0.6, 0.6, (count, len(middle)))


def pose_error(kinematics, joints, wanted):
    pose = kinematics.ee_pose(joints)
    turn = poses.multiply(wanted[3:], poses.conjugate(pose[3:]))
    return np.concatenate([wanted[:3] - pose[:3], poses.rotation_vector(turn)])


def test_lean_kinematics_agree_with_the_whole_scene(bare):
    scene, kinematics = bare
    data = mujoco.MjData(scene.model)
    for joints in random_joints(scene, np.random.default_rng(0), 10):
        data.qpos[scene.arm_qpos] = joints
        mujoco.mj_kinematics(scene.model, data)
        pose = kinematics.ee_pose(joints)
        np.testing.assert_allclose(pose[:3], data.site_xpos[scene.ee_site], atol=1e-12)
        rotation = data.site_xmat[scene.ee_site].reshape(3, 3)
        np.testing.assert_allclose(poses.matrix(pose[3:]), rotation, atol=1e-12)


def test_jacobian_agrees_with_finite_differences(bare):
    scene, kinematics = bare
    small = 1e-6
    for joints in random_joints(scene, np.random.default_rng(1), 5):
        jacobian = kinematics.ee_jacobian(joints).copy()
        for joint in range(len(joints)):
            moved = joints.copy()
            moved[joint] += small
            change = pose_error(kinematics, joints, kinematics.ee_pose(moved)) / small
            np.testing.assert_allclose(jacobian[:, joint], change, atol=1e-5)


def test_joints_changed_in_place_are_noticed(kinematics, arm):
    joints = arm.home.copy()
    before = kinematics.ee_pose(joints)
    joints[0] += 0.1
    assert np.linalg.norm(kinematics.ee_pose(joints)[:3] - before[:3]) > 0.01


def mink_step(scene, joints, wanted):
    configuration = mink.Configuration(scene.model)
    positions = configuration.q.copy()
    positions[scene.arm_qpos] = joints
    configuration.update(positions)
    task = mink.FrameTask(EE_SITE, "site", position_cost=1.0, orientation_cost=1.0)
    task.set_target(mink.SE3(np.concatenate([wanted[3:], wanted[:3]])))
    speed = mink.solve_ik(configuration, [task], 1.0, "daqp", damping=DAMPING, limits=[])
    return speed[scene.arm_dofs]


def test_one_step_of_the_control_law_is_minks(bare):
    scene, kinematics = bare
    rng = np.random.default_rng(2)
    for joints in random_joints(scene, rng, 5):
        wanted = kinematics.ee_pose(joints)
        wanted[:3] += rng.uniform(-0.02, 0.02, 3)
        error = pose_error(kinematics, joints, wanted)
        step = joint_step(kinematics.ee_jacobian(joints), error)
        np.testing.assert_allclose(step, mink_step(scene, joints, wanted), atol=1e-7)


def test_the_control_law_settles_where_mink_does(task, arm):
    scene, kinematics = build_scene(task, arm, (), visual=False), MujocoKinematics(arm)
    workspace = Workspace(*task.workspace_m)
    controller = EndEffectorController(kinematics, arm, task.rate_hz, workspace)
    wanted = kinematics.ee_pose(arm.home)
    wanted[:3] += [0.08, -0.06, -0.05]
    wanted[3:] = poses.multiply(poses.from_yaw(np.asarray(0.4)), wanted[3:])
    ours = theirs = arm.home
    for _ in range(30):
        ours = controller.step(ours, wanted)
        theirs = theirs + mink_step(scene, theirs, wanted)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    np.testing.assert_allclose(pose_error(kinematics, ours, wanted), 0.0, atol=1e-5)


def test_joints_solved_for_a_pose_reach_it(bare):
    scene, kinematics = bare
    wanted = kinematics.ee_pose(scene.arm.home)
    wanted[:3] += [0.1, 0.15, -0.08]
    joints = solve_joints(kinematics, scene.arm, wanted)
    np.testing.assert_allclose(pose_error(kinematics, joints, wanted), 0.0, atol=1e-5)


def test_arm_models_load_where_opencv_does_not(tmp_path):
    """A machine without libGL cannot import cv2, and robosuite imports it for a viewer window."""
    (tmp_path / "cv2.py").write_text('raise ImportError("libGL.so.1: cannot open")')
    code = (
        "from robot_skills.core.arm import load_arm; from robot_skills.paths import find\n"
        "from robot_skills.sim.kinematics import MujocoKinematics\n"
        "arm = load_arm(find('assets/arms', 'ur5e')); import sys\n"
        "print(len(MujocoKinematics(arm).ee_pose(arm.home)), 'cv2' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout.split() == ["7", "False"], done.stderr
