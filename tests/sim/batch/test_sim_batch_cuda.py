"""What only a GPU can show: graphs do what the launches that they were recorded from do."""

import numpy as np
import pytest
import torch

pytest.importorskip("mujoco_warp", reason="needs the extra gpu: pip install 'robot-skills[gpu]'")
if not torch.cuda.is_available():
    pytest.skip("needs a CUDA device", allow_module_level=True)

from robot_skills import paths
from robot_skills.core.arm import load_arm
from robot_skills.core.task_file import load_task
from robot_skills.sim.batch.arm import BatchArm
from robot_skills.sim.batch.bank import bank_of_arms
from robot_skills.sim.batch.c_threads import ThreadPhysics
from robot_skills.sim.batch.law import BatchController
from robot_skills.sim.batch.memory import estimate_memory, free_bytes
from robot_skills.sim.batch.warp import ROOM, WarpPhysics
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm

WORLDS = 64


@pytest.fixture(scope="module")
def scene():
    task = load_task(paths.find("envs", "blocks"))
    return build_scene(task, load_arm(paths.find("assets/arms", "ur5e")), ("red",), visual=False)


@pytest.fixture(scope="module")
def bank(scene):
    robot = SimArm(scene)
    robot.place(scene.arm.home, 0.02, {"red": [0.4, 0.1, 0.02, 1, 0, 0, 0]}, {"drawer": 0.03})
    robot.settle(0.4)
    return bank_of_arms([robot])


def put(physics, bank):
    arm = BatchArm(physics)
    everywhere = torch.ones(physics.worlds, dtype=torch.bool, device=physics.device)
    rows = torch.zeros(physics.worlds, dtype=torch.long, device=physics.device)
    arm.reset(everywhere, bank.to(physics.device, physics.dtype), rows)
    return arm


def test_a_recorded_period_goes_where_mujoco_c_goes(scene, bank):
    many, one = put(WarpPhysics(scene, WORLDS), bank), put(ThreadPhysics(scene, 1), bank)
    home = torch.from_numpy(scene.arm.home)[None]
    for period in range(6):  # one by launches, one recorded, four launched as a graph
        for arm in (many, one):
            target = home + 0.02 * np.sin(period + 1.0)
            width_m = torch.full((arm.physics.worlds,), 0.04)
            device = arm.physics.device
            arm.act(target.expand(arm.physics.worlds, -1).to(device), width_m.to(device))
    found = many.observe().joint_position.cpu().double()
    wanted = one.observe().joint_position.expand(WORLDS, -1)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)
    many.physics.check()


def test_a_model_that_is_set_after_the_recording_counts(scene, bank):
    arm = put(WarpPhysics(scene, WORLDS), bank)
    home, width_m = arm.observe().joint_position, arm.gripper_command_m
    for _ in range(3):
        arm.act(home, width_m)
    gains = torch.from_numpy(scene.model.actuator_gainprm).repeat(WORLDS, 1, 1)
    gains[1:] *= 0.9
    arm.physics.set_model({"actuator_gainprm": gains})
    arm.act(home, width_m)
    joints = arm.observe().joint_position
    assert float((joints[0] - joints[1]).abs().max()) > 1e-3


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_the_recorded_law_is_the_law(scene, bank, mode):
    physics = WarpPhysics(scene, WORLDS)
    measured = put(physics, bank).observe().joint_position
    recorded, launched = BatchController(physics), BatchController(physics, recorded=False)
    with mode():
        for step in range(4):
            wanted = recorded.kinematics.ee_pose(measured)
            wanted[:, 2] += 0.01 * step
            found = recorded.step(measured, wanted)
            torch.testing.assert_close(found, launched.step(measured, wanted), atol=1e-6, rtol=0)
    recorded.step(measured, recorded.kinematics.ee_pose(measured))  # outside the mode as well


def test_worlds_take_about_the_memory_that_was_counted(scene, bank):
    free, worlds = free_bytes("cuda"), 2048
    arm = put(WarpPhysics(scene, worlds), bank)
    for _ in range(3):
        arm.act(arm.observe().joint_position, arm.gripper_command_m)
    taken = free - free_bytes("cuda")
    assert taken < 1.5 * estimate_memory(scene.model, ROOM).total(worlds)


def test_worlds_that_are_gone_give_their_memory_back(scene, bank):
    put(WarpPhysics(scene, 1), bank)  # the kernels are loaded
    before = free_bytes("cuda")
    arm = put(WarpPhysics(scene, 2048), bank)
    taken = before - free_bytes("cuda")
    del arm
    assert before - free_bytes("cuda") < 0.2 * taken


def test_a_profile_names_the_kernels_and_their_seconds(scene, bank):
    physics = WarpPhysics(scene, WORLDS)
    put(physics, bank)
    seconds = physics.kernel_seconds()
    assert len(seconds) > 20
    assert 0.0 < sum(seconds.values()) < 60.0
