import numpy as np
import pytest
import torch

pytest.importorskip("mujoco_warp", reason="needs the extra gpu: pip install 'robot-skills[gpu]'")

import bench_gpu
from batch_load import Speed
from batch_scenes import THING, read_scene, write_scene

from robot_skills.core.errors import InputError
from robot_skills.sim.batch.arm import BatchArm
from robot_skills.sim.batch.c_threads import ThreadPhysics


def test_a_scene_read_from_files_starts_with_the_block_in_every_hand(tmp_path):
    files = write_scene("blocks", tmp_path, starts=3, seed=0)
    assert sum(file.stat().st_size for file in files) < 60e6
    scene, bank = read_scene("blocks", tmp_path)
    assert scene.objects == tuple(scene.task.objects)
    arm = BatchArm(ThreadPhysics(scene, len(bank)))
    rows = torch.arange(len(bank))
    arm.reset(torch.ones(len(bank), dtype=torch.bool), bank, rows)
    for _ in range(5):
        arm.act(bank.ctrl[:, scene.arm_actuators], bank.gripper_command_m)
    assert bool((arm.observe().object_pose[THING][:, 2] > 0.04).all())


def test_the_bare_arm_is_read_with_nothing_around_it(tmp_path):
    write_scene("bare", tmp_path, starts=2, seed=0)
    scene, bank = read_scene("bare", tmp_path)
    assert (scene.objects, scene.bodies, len(bank)) == ((), {}, 2)
    np.testing.assert_allclose(bank.qpos[:, scene.arm_qpos], [scene.arm.home] * 2, atol=0.1)


def test_a_file_of_another_scene_is_refused(tmp_path):
    write_scene("bare", tmp_path, starts=1, seed=0)
    (tmp_path / "bare.mjb").rename(tmp_path / "blocks.mjb")
    with pytest.raises(InputError, match=r"blocks.mjb: no model of blocks with ur5e for MuJoCo"):
        read_scene("blocks", tmp_path)


def test_the_figures_of_a_table_are_named_by_scene_and_worlds():
    speed = Speed(80_000.0, 0.05, policy_s=0.001, control_s=0.004, physics_s=0.045)
    row = bench_gpu.Row("blocks", 4096, speed, 2e6, int(3e9), int(2e9), 1.0, 0.001, 0.1)
    settings = bench_gpu.Settings(torch.device("cpu"), 10, bench_gpu.ROOM, 0.0)
    found = bench_gpu.figures([row], settings)
    assert found["substeps_per_s_4096"].value == 2e6
    assert found["control_steps_per_s_4096"].value == 80_000.0
    assert found["physics_share/blocks/4096"].value == pytest.approx(0.9)
    assert found["gpu"].value == "cpu"
    assert "2,000,000" in str(row)
