"""The assembly scene: what is in the hand at the start, and how little room the hole leaves."""

import mujoco
import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.arm import load_arm
from robot_skills.core.facts import Fact
from robot_skills.core.predicates import FactObserver, grip_position
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import reset, situation_of

SETTLED_M, SETTLED_RAD = 0.0015, 0.015  # what soft pads shift as they close
PEG, SOCKET = "steel_peg", "brass_socket"
DROP_S = 0.6
HAND_DOWN = np.array([0.0, 1.0, 0.0, 0.0])


@pytest.fixture(scope="module")
def assembly():
    return load_task(find("envs", "assembly"))


@pytest.fixture(scope="module", params=["ur5e", "panda"])
def stage(request, assembly):
    arm = load_arm(find("assets/arms", request.param))
    return SimArm(build_scene(assembly, arm, visual=False)), MujocoKinematics(arm)


def in_hand(robot, kinematics):
    """Pose (7,) of the peg in the hand."""
    observation = robot.observe()
    ee = kinematics.ee_pose(observation.joint_position)
    return poses.relative(ee, observation.object_pose[PEG].pose)


def starts(stage, assembly, seeds):
    robot, kinematics = stage
    for seed in seeds:
        rng = np.random.default_rng(seed)
        reset(robot, kinematics, situation_of(assembly, "insert", rng).goal, rng)
        yield in_hand(robot, kinematics)


def test_the_hand_starts_with_the_peg_in_it_no_further_off_than_the_task_says(stage, assembly):
    robot, kinematics = stage
    grips, tilts = [], []
    for held in starts(stage, assembly, range(12)):
        grips.append(grip_position(assembly.objects[PEG], held))
        tilts.append(poses.rotation_vector(poses.multiply(held[3:], HAND_DOWN))[0])
        observation = robot.observe()
        ee = kinematics.ee_pose(observation.joint_position)
        facts = FactObserver(assembly, robot.scene.objects).facts(observation, ee)
        assert facts == {Fact("holding", (PEG,))}
    off = np.abs(grips)[:, 1:]
    assert off.max() < assembly.reset.held_error_m + SETTLED_M
    assert np.abs(tilts).max() < assembly.reset.held_error_rad + SETTLED_RAD
    assert off.std(axis=0).min() > 0.001
    assert np.abs(tilts).max() > 0.05


def test_the_same_seed_starts_alike(stage, assembly):
    one, again = (next(starts(stage, assembly, [5])) for _ in range(2))
    np.testing.assert_array_equal(one, again)


def test_what_is_held_does_not_creep_through_the_fingers(stage, assembly):
    robot, kinematics = stage
    before = next(starts(stage, assembly, [0]))
    joints = robot.observe().joint_position
    for _ in range(60):  # 3 s
        robot.act(joints, 0.0)
    assert np.linalg.norm(in_hand(robot, kinematics)[:3] - before[:3]) < 0.0005


def dropped(robot, sideways_m, yaw):
    """Heights (T,) m of the tip above the hole's floor of a peg let go over the hole."""
    angle = np.array([np.cos(yaw), np.sin(yaw)]) * sideways_m
    tip_m = 0.010
    peg = np.array([0.5 + angle[0], angle[1], 0.008 + tip_m + 0.048, 1.0, 0.0, 0.0, 0.0])
    socket = np.array([0.5, 0.0, 0.008, np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)])
    scene = robot.scene
    robot.place(scene.arm.home, scene.arm.gripper.width_max_m, {PEG: peg, SOCKET: socket}, {})
    height = scene.object_qpos[PEG] + 2
    found = []
    for _ in range(round(DROP_S / scene.model.opt.timestep)):
        mujoco.mj_step(scene.model, robot.data)
        found.append(robot.data.qpos[height] - 0.008 - tip_m)
    return np.array(found)


@pytest.mark.parametrize("yaw", [0.0, 0.2, 1.0])
def test_it_falls_in_where_it_is_centred_and_comes_to_rest(stage, yaw):
    heights = dropped(stage[0], 0.0003, yaw)
    assert abs(heights[-1]) < 0.0003
    assert heights[heights.argmin() :].max() < 0.001  # and is not flung off


def test_it_stays_out_where_it_is_1_mm_off(stage):
    assert dropped(stage[0], 0.0011, 0.3).min() > 0.040
