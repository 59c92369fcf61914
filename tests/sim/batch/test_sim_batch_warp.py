import sys
from functools import partial

import numpy as np
import pytest
import torch

pytest.importorskip("mujoco_warp", reason="needs the extra gpu: pip install 'robot-skills[gpu]'")

import mujoco_warp as mjw
import warp as wp
from host_questions import NoQuestions

from robot_skills import paths
from robot_skills.core.arm import load_arm
from robot_skills.core.errors import InputError
from robot_skills.core.task_file import load_task
from robot_skills.sim.batch.arm import BatchArm
from robot_skills.sim.batch.bank import bank_of_arms
from robot_skills.sim.batch.c_threads import ThreadPhysics
from robot_skills.sim.batch.faults import read_fault, replay_fault
from robot_skills.sim.batch.guards import Room
from robot_skills.sim.batch.law import BatchController
from robot_skills.sim.batch.memory import Estimate, _bytes_of, check_memory, estimate_memory
from robot_skills.sim.batch.physics import PhysicsFault
from robot_skills.sim.batch.warp import ROOM, WarpPhysics
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm

WORLDS = 3
ALL = torch.ones(WORLDS, dtype=torch.bool)
ROWS = torch.arange(WORLDS)


@pytest.fixture(scope="module")
def scene():
    task = load_task(paths.find("envs", "blocks"))
    arm = load_arm(paths.find("assets/arms", "ur5e"))
    made = build_scene(task, arm, ("red",), visual=False)
    made.model.opt.iterations = made.model.opt.ls_iterations = (
        10  # what is no number takes them all
    )
    return made


@pytest.fixture(scope="module")
def bank(scene):
    """Arms at rest above the table, the block lying still and the drawer open by steps."""
    arms = [SimArm(scene) for _ in range(WORLDS)]
    for index, robot in enumerate(arms):
        joints = scene.arm.home + np.random.default_rng(index).uniform(-0.1, 0.1, 6)
        robot.place(joints, 0.02 * index, {"red": [0.4, 0.1, 0.02, 1, 0, 0, 0]}, {"drawer": 0.03})
        robot.settle(0.4)
    return bank_of_arms(arms)


@pytest.fixture(scope="module")
def physics(scene, tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    return WarpPhysics(scene, WORLDS, "cpu", fault_folder=folder)


def put(physics, bank):
    arm = BatchArm(physics)
    arm.reset(ALL, bank.to(physics.device, physics.dtype), ROWS)
    return arm


def test_warp_goes_where_mujoco_c_goes(scene, bank, physics):
    arms = [put(ThreadPhysics(scene, WORLDS), bank), put(physics, bank)]
    home = arms[0].observe().joint_position
    for step in range(3):
        for arm in arms:
            numbers = partial(torch.as_tensor, dtype=arm.physics.dtype)
            arm.act(numbers(home + 0.02 * np.sin(step + 1.0)), numbers([0.0, 0.05, 0.085]))
    one, other = (arm.observe() for arm in arms)
    torch.testing.assert_close(other.joint_position.double(), one.joint_position, atol=1e-5, rtol=0)
    torch.testing.assert_close(
        other.gripper_width_m.double(), one.gripper_width_m, atol=1e-5, rtol=0
    )
    block = one.object_pose["red"] - other.object_pose["red"].double()
    assert (
        float(block[:, :3].abs().max()) < 1e-4
    )  # a mesh on a plane: three points there, four here
    physics.check()


def test_a_state_of_warp_loads_in_mujoco_c(scene, bank, physics):
    arm = put(physics, bank)
    arm.act(arm.observe().joint_position + 0.05, torch.tensor([0.01, 0.02, 0.03]))
    single = SimArm(scene)
    single.set_state(physics.state_of(2))
    seen, one = arm.observe(), single.observe()
    np.testing.assert_allclose(seen.joint_position[2], one.joint_position, atol=1e-6)
    np.testing.assert_allclose(seen.object_pose["red"][2], one.object_pose["red"].pose, atol=1e-6)
    assert one.time_s == pytest.approx(0.4 + 1 / arm.rate_hz, abs=1e-5)


def test_only_the_worlds_of_the_mask_are_put_back(bank, physics):
    arm = put(physics, bank)
    start = physics.qpos.clone()
    arm.act(arm.observe().joint_position + 0.05, torch.tensor([0.01, 0.02, 0.03]))
    moved, command = physics.qpos.clone(), arm.gripper_command_m.clone()
    arm.reset(torch.tensor([True, False, False]), bank.to(physics.device, physics.dtype), ROWS + 1)
    torch.testing.assert_close(physics.qpos[0], start[1], atol=0, rtol=0)
    torch.testing.assert_close(physics.qpos[1:], moved[1:], atol=0, rtol=0)
    assert float(arm.gripper_command_m[0]) == pytest.approx(float(bank.gripper_command_m[1]))
    torch.testing.assert_close(arm.gripper_command_m[1:], command[1:], atol=0, rtol=0)


def test_a_control_step_and_a_reset_ask_the_host_nothing(bank, physics):
    arm, law = put(physics, bank), BatchController(physics)
    there = bank.to(physics.device, physics.dtype)
    wanted = law.kinematics.ee_pose(arm.observe().joint_position)
    with NoQuestions():
        seen = arm.observe()
        arm.act(law.step(seen.joint_position, wanted), seen.gripper_width_m)
        arm.reset(ALL, there, ROWS)
    with pytest.raises(AssertionError, match="the host is asked"), NoQuestions():
        physics.qpos[ALL]


def test_worlds_have_models_of_their_own_in_warp_as_in_c(scene, bank):
    ends = []
    for physics in (ThreadPhysics(scene, WORLDS), WarpPhysics(scene, WORLDS, "cpu")):
        arm = put(physics, bank)
        gains = torch.from_numpy(scene.model.actuator_gainprm).repeat(WORLDS, 1, 1)
        gains[1] *= 0.9
        physics.set_model({"actuator_gainprm": gains})
        gains[2] *= 1.1
        physics.set_model({"actuator_gainprm": gains})  # a second time, into the same memory
        arm.act(arm.observe().joint_position, torch.full((WORLDS,), 0.05))
        ends.append(arm.observe().joint_position.double())
    torch.testing.assert_close(ends[1], ends[0], atol=1e-5, rtol=0)
    assert float((ends[0][0] - ends[0][2]).abs().max()) > 1e-3


def test_wrong_fields_are_named(physics):
    with pytest.raises(InputError, match="no field that may differ between worlds 'geom_type'"):
        physics.set_model({"geom_type": torch.ones(WORLDS, 3)})
    with pytest.raises(InputError, match=r"body_mass needs values \(3, \d+\); found \(3, 1\)"):
        physics.set_model({"body_mass": torch.ones(WORLDS, 1)})


def test_too_little_room_stops_with_the_numbers_and_what_to_set(scene, bank):
    physics = WarpPhysics(scene, WORLDS, "cpu", Room(contacts=2, constraints=16, pairs=2))
    put(physics, bank).act(torch.from_numpy(np.tile(scene.arm.home, (WORLDS, 1))), torch.zeros(3))
    used = physics.used()
    assert used.pairs > 2 * WORLDS
    assert used.constraints > 16
    with pytest.raises(PhysicsFault, match=r"room for 6: set Room\(pairs=\d+\).*Room\(constrai"):
        physics.check()
    with pytest.raises(InputError, match=r"room for 1 to 8 pairs .* found Room"):
        Room(contacts=8, constraints=16, pairs=9)


def test_a_state_that_is_no_number_stops_the_batch_and_replays_in_c(scene, bank, physics):
    arm = put(physics, bank)
    before = physics.state_of(1)
    physics.qvel[1, 0] = float("nan")
    physics.step()
    with pytest.raises(PhysicsFault, match=r"state of 1 worlds .* \(the first: 1\)"):
        physics.check()
    fault = read_fault(physics._fault_folder / "fault_1.json")
    assert np.isfinite(fault.state[: scene.model.nq]).all()
    np.testing.assert_allclose(fault.state[1 : scene.model.nq], before[1 : scene.model.nq])
    assert len(replay_fault(fault)) == physics.substeps + 1
    arm.reset(ALL, bank.to(physics.device, physics.dtype), ROWS)
    physics.step()
    physics.check()


def test_the_estimate_counts_what_a_step_makes_as_well(scene, bank, physics, monkeypatch):
    made = []

    def counted(make):
        def count(*arguments, **named):
            made.append(make(*arguments, **named))
            return made[-1]

        return count

    put(physics, bank)
    monkeypatch.setattr(wp, "empty", counted(wp.empty))
    monkeypatch.setattr(wp, "zeros", counted(wp.zeros))
    mjw.step(physics._model, physics._data)
    taken = sum(array.capacity for array in made) + _bytes_of(physics._model)
    taken += _bytes_of(physics._data)
    assert estimate_memory(scene.model, ROOM).total(WORLDS) == pytest.approx(taken, rel=0.03)


def test_what_does_not_fit_into_memory_is_refused_with_the_number(scene):
    estimate = estimate_memory(scene.model, ROOM)
    assert estimate.total(10) == estimate.once + 10 * estimate.per_world
    assert 20e3 < estimate.per_world < 1e6
    assert Estimate(5, 7).total(3) == 26
    with pytest.raises(
        InputError, match=r"100000000 worlds need [\d.]+ GB .* free: take \d+ worlds"
    ):
        check_memory(scene.model, 100_000_000, ROOM, "cpu")
    with pytest.raises(InputError, match="worlds begin at 1"):
        check_memory(scene.model, 0, ROOM, "cpu")


@pytest.mark.skipif(sys.platform == "darwin", reason="Warp has no compiler for GPUs there")
def test_our_own_kernels_compile_for_a_gpu_where_there_is_none(tmp_path):
    wp.compile_aot_module("robot_skills.sim.batch.kernels", arch=90, module_dir=tmp_path)
    assert [file.suffix for file in tmp_path.iterdir() if file.suffix in (".ptx", ".cubin")]
