import numpy as np
import pytest
import torch

from robot_skills import paths
from robot_skills.core.arm import load_arm
from robot_skills.core.errors import InputError
from robot_skills.core.task_file import load_task
from robot_skills.sim.batch.arm import BatchArm, interpolated
from robot_skills.sim.batch.bank import bank_of_arms, make_bank
from robot_skills.sim.batch.c_threads import ThreadPhysics
from robot_skills.sim.batch.faults import read_fault, replay_fault
from robot_skills.sim.batch.physics import PhysicsFault
from robot_skills.sim.batch.resets import random_bank
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import situation_of

ALL = torch.ones(3, dtype=torch.bool)


@pytest.fixture(scope="module")
def scene():
    task = load_task(paths.find("envs", "blocks"))
    arm = load_arm(paths.find("assets/arms", "ur5e"))
    return build_scene(task, arm, ("red", "blue"), visual=False)


@pytest.fixture(scope="module")
def arms(scene):
    """Three arms at different places, one with a block between open fingers."""
    made = [SimArm(scene) for _ in range(3)]
    for index, robot in enumerate(made):
        rng = np.random.default_rng(index)
        joints = scene.arm.home + rng.uniform(-0.1, 0.1, 6)
        placed = {
            "red": [0.4, 0.1 * index, 0.02, 1, 0, 0, 0],
            "blue": [0.5, -0.1, 0.02, 1, 0, 0, 0],
        }
        robot.place(joints, 0.02 * index, placed, {"drawer": 0.03 * index})
        robot.settle(0.1)
    return made


@pytest.mark.parametrize("threads", [1, 2])
def test_worlds_on_threads_come_to_the_bits_of_simulated_arms(scene, arms, threads):
    batch = BatchArm(ThreadPhysics(scene, 3, threads))
    batch.reset(ALL, bank_of_arms(arms), torch.arange(3))
    singles = [SimArm(scene) for _ in arms]
    for single, source in zip(singles, arms, strict=True):
        single.set_state(source.state, source.gripper_command_m)
    for step in range(6):
        joints = np.array([robot.observe().joint_position for robot in singles]) + 0.02 * step
        widths = np.array([0.0, 0.03, 0.085])
        sent = batch.act(torch.from_numpy(joints), torch.from_numpy(widths))
        commands = [
            robot.act(row, float(width))
            for robot, row, width in zip(singles, joints, widths, strict=True)
        ]
        seen = batch.observe()
        for world, (robot, command) in enumerate(zip(singles, commands, strict=True)):
            one = robot.observe()
            np.testing.assert_array_equal(batch.physics.state_of(world), robot.state)
            np.testing.assert_array_equal(sent.joint_position[world], command.joint_position)
            assert float(sent.gripper_width_m[world]) == pytest.approx(command.gripper_width_m)
            np.testing.assert_array_equal(seen.joint_velocity[world], one.joint_velocity)
            assert float(seen.gripper_width_m[world]) == pytest.approx(one.gripper_width_m)
            assert seen.fixture_position["drawer"][world] == one.fixture_position["drawer"]
            for name, estimate in one.object_pose.items():
                np.testing.assert_array_equal(seen.object_pose[name][world], estimate.pose)
    batch.physics.check()


def test_only_the_worlds_of_the_mask_are_put_back(scene, arms):
    physics = ThreadPhysics(scene, 3)
    bank = bank_of_arms(arms)
    physics.reset(ALL, bank, torch.arange(3))
    before = [physics.state_of(world) for world in range(3)]
    physics.step()
    moved = physics.state_of(2)
    physics.reset(torch.tensor([True, True, False]), bank, torch.tensor([0, 2, -9]))
    np.testing.assert_array_equal(physics.state_of(0), before[0])
    np.testing.assert_array_equal(physics.state_of(1), before[2])
    np.testing.assert_array_equal(physics.state_of(2), moved)


def test_a_world_can_have_a_model_of_its_own(scene, arms):
    physics = ThreadPhysics(scene, 2)
    bank, both = bank_of_arms(arms), torch.ones(2, dtype=torch.bool)
    physics.reset(both, bank, torch.zeros(2, dtype=torch.int64))
    gains = torch.from_numpy(scene.model.actuator_gainprm).repeat(2, 1, 1)
    gains[1] *= 0.9
    physics.set_model({"actuator_gainprm": gains})
    physics.ctrl += 0.1
    physics.step()
    same = physics.state_of(0)
    single = SimArm(scene)
    single.set_state(arms[0].state)
    single.data.ctrl[:] += 0.1
    import mujoco

    mujoco.mj_step(scene.model, single.data, physics.substeps)
    np.testing.assert_array_equal(same, single.state)
    assert float((physics.qpos[0] - physics.qpos[1]).abs().max()) > 1e-3


def test_wrong_fields_and_states_are_named(scene, arms):
    physics = ThreadPhysics(scene, 2)
    with pytest.raises(InputError, match="no field of MjModel 'geom_fiction'; did you mean"):
        physics.set_model({"geom_fiction": torch.ones(2, 3)})
    with pytest.raises(InputError, match=r"body_mass needs values \(2, \d+\).*found \(3, 1\)"):
        physics.set_model({"body_mass": torch.ones(3, 1)})
    with pytest.raises(InputError, match=r"a start state of this scene has \d+ numbers"):
        make_bank(scene, arms[0].state[None, :-1], np.array([0.0]))
    with pytest.raises(InputError, match="worlds and threads begin at 1; found 0 and 1"):
        ThreadPhysics(scene, 0)


def test_a_state_that_is_no_number_stops_the_batch_and_is_kept(scene, arms, tmp_path):
    physics = ThreadPhysics(scene, 3, fault_folder=tmp_path)
    physics.reset(ALL, bank_of_arms(arms), torch.arange(3))
    physics.check()
    masses = torch.from_numpy(scene.model.body_mass).repeat(3, 1)
    masses[1] *= float("nan")
    physics.set_model({"body_mass": masses})
    before = physics.state_of(1)
    physics.step()
    with pytest.raises(PhysicsFault, match=r"state of 1 worlds .* \(the first: 1\).*fault_1.json"):
        physics.check()
    fault = read_fault(tmp_path / "fault_1.json")
    np.testing.assert_array_equal(fault.state, before)
    visited = replay_fault(fault)
    assert visited.shape == (physics.substeps + 1, scene.model.nq)
    with pytest.raises(InputError, match="not a world that went wrong"):
        read_fault(tmp_path / "none.json")


def test_random_starts_differ_and_have_the_goal_before_them(scene):
    goal = situation_of(scene.task, "on(red, blue)", np.random.default_rng(0)).goal
    banks = [random_bank(scene, goal, 3, np.random.default_rng(7)) for _ in range(2)]
    torch.testing.assert_close(banks[0].qpos, banks[1].qpos, atol=0, rtol=0)
    arm = BatchArm(ThreadPhysics(scene, 3))
    arm.reset(ALL, banks[0], torch.arange(3))
    seen = arm.observe().object_pose
    gap = (seen["red"] - seen["blue"])[:, :2].norm(dim=1)
    assert bool((gap > 0.03).all())
    assert float((seen["red"][0] - seen["red"][1]).abs().max()) > 1e-3


def test_a_table_is_read_as_numpy_reads_it():
    at, values = np.array([0.0, 0.1, 0.4, 1.0]), np.array([1.0, 0.5, -0.5, 3.0])
    x = np.linspace(-0.2, 1.2, 57)
    found = interpolated(*(torch.from_numpy(part) for part in (x, at, values)))
    np.testing.assert_allclose(found.numpy(), np.interp(x, at, values), atol=1e-15)
