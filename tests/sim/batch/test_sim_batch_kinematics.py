from functools import partial

import numpy as np
import pytest
import torch

from robot_skills import paths
from robot_skills.core import poses
from robot_skills.core.arm import load_arm
from robot_skills.core.control import EndEffectorController, Workspace, joint_step
from robot_skills.core.errors import InputError
from robot_skills.core.task_file import load_task
from robot_skills.sim.batch.c_threads import ThreadPhysics
from robot_skills.sim.batch.kinematics import BatchKinematics
from robot_skills.sim.batch.law import BatchController
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import build_scene

ARMS = ("ur5e", "panda", "fr3", "xarm6")  # the last one with a smallest reach
DOUBLE = partial(torch.tensor, dtype=torch.float64)
ROOM = Workspace(np.array([0.2, -0.5, 0.0]), np.array([0.8, 0.5, 0.9]))


def random_joints(arm, count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(arm.position_min, arm.position_max, (count, arm.dof)) * 0.9


@pytest.mark.parametrize("name", ARMS)
@pytest.mark.parametrize("numbers", [np.asarray, DOUBLE], ids=["numpy", "torch"])
def test_a_batch_has_the_poses_and_jacobians_of_mujoco(name, numbers):
    arm = load_arm(paths.find("assets/arms", name))
    joints, one = random_joints(arm, 20), MujocoKinematics(arm)
    many = BatchKinematics(arm, numbers)
    found, jacobians = (
        np.asarray(part(numbers(joints))) for part in (many.ee_pose, many.ee_jacobian)
    )
    for pose, jacobian, row in zip(found, jacobians, joints, strict=True):
        wanted = one.ee_pose(row)
        sign = np.sign(wanted[3:] @ pose[3:])
        np.testing.assert_allclose(pose[:3], wanted[:3], atol=1e-9)
        np.testing.assert_allclose(pose[3:] * sign, wanted[3:], atol=1e-9)
        np.testing.assert_allclose(jacobian, one.ee_jacobian(row), atol=1e-9)


def test_an_arm_of_five_joints_is_refused():
    with pytest.raises(InputError, match="5 joints; worlds in a batch take arms of 6 and more"):
        BatchKinematics(load_arm(paths.find("assets/arms", "so101")))


@pytest.mark.parametrize("name", ["ur5e", "panda", "xarm6"])
def test_the_control_law_is_the_same_for_one_arm_and_for_many_in_torch(name):
    arm = load_arm(paths.find("assets/arms", name))
    kinematics, worlds, rng = MujocoKinematics(arm), 5, np.random.default_rng(1)
    singles = [EndEffectorController(kinematics, arm, 20.0, ROOM) for _ in range(worlds)]
    many = EndEffectorController(BatchKinematics(arm, DOUBLE), arm, 20.0, ROOM, DOUBLE)
    measured = arm.home + rng.uniform(-0.3, 0.3, (worlds, arm.dof))
    for _ in range(15):
        wanted = np.array([kinematics.ee_pose(row) for row in measured])
        wanted[:, :3] += rng.normal(0.0, 0.15, (worlds, 3))
        turns = poses.from_rotation_vector(rng.normal(0.0, 0.3, (worlds, 3)))
        wanted[:, 3:] = poses.multiply(turns, wanted[:, 3:])
        one = np.array([c.step(m, w) for c, m, w in zip(singles, measured, wanted, strict=True)])
        batch = many.step(DOUBLE(measured), DOUBLE(wanted))
        np.testing.assert_allclose(batch.numpy(), one, atol=1e-9)
        measured = measured + 0.6 * (one - measured)


def test_a_batch_has_its_control_law_from_its_own_scene():
    task, arm = load_task(paths.find("envs", "blocks")), load_arm(paths.find("assets/arms", "ur5e"))
    physics = ThreadPhysics(build_scene(task, arm, (), visual=False), 2)
    law, one = BatchController(physics), MujocoKinematics(arm)
    single = EndEffectorController(one, arm, task.rate_hz, Workspace(*task.workspace_m))
    measured = np.array([arm.home, arm.home + 0.05])
    wanted = one.ee_pose(arm.home) + [0.0, 0.1, 0.02, 0.0, 0.0, 0.0, 0.0]
    found = law.step(DOUBLE(measured), DOUBLE(np.array([wanted, wanted])))
    np.testing.assert_allclose(found[0], single.step(measured[0], wanted), atol=1e-9)
    np.testing.assert_allclose(
        found,
        law.next_target(*map(DOUBLE, (measured, measured, np.array([wanted, wanted])))),
        atol=1e-15,
    )


def test_a_joint_step_in_torch_is_that_of_numpy():
    rng = np.random.default_rng(2)
    jacobian, error = rng.normal(size=(7, 6, 6)), rng.normal(size=(7, 6))
    found = joint_step(DOUBLE(jacobian), DOUBLE(error))
    np.testing.assert_allclose(found.numpy(), joint_step(jacobian, error), rtol=1e-9, atol=1e-10)
