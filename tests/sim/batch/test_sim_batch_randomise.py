"""Worlds that differ: by how much, about what, and that physics takes it."""

import numpy as np
import pytest
import torch

from robot_skills.core.arm import load_arm
from robot_skills.core.errors import InputError
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.sim.batch.c_threads import ThreadPhysics
from robot_skills.sim.batch.randomise import draw_differences
from robot_skills.sim.scene import build_scene

WORLDS = 200


@pytest.fixture(scope="module")
def scene():
    task = load_task(find("envs", "kitchen"))
    return build_scene(task, load_arm(find("assets/arms", "ur5e")), ("tomato", "cheese"), False)


def test_at_scale_0_all_worlds_are_the_scene(scene):
    drawn = draw_differences(scene, 3, 0.0, seed=1)
    for name, values in drawn.fields.items():
        np.testing.assert_array_equal(values.numpy(), [getattr(scene.model, name)] * 3)
    assert drawn.delay_steps.tolist() == [0.0, 0.0, 0.0]
    assert drawn.position_noise_m == drawn.rotation_noise_rad == 0.0


def test_at_scale_1_they_differ_by_a_fifth_about_the_profile(scene):
    drawn = draw_differences(scene, WORLDS, 1.0, seed=1)
    servo = scene.arm_actuators[0]
    stiffness = drawn.fields["actuator_gainprm"][:, servo, 0].numpy()
    wanted = scene.arm.servo_stiffness[0]
    assert stiffness.min() > 0.8 * wanted
    assert stiffness.max() < 1.2 * wanted
    assert stiffness.mean() == pytest.approx(wanted, rel=0.03)
    bias = drawn.fields["actuator_biasprm"][:, servo, 1].numpy()
    np.testing.assert_allclose(bias, -stiffness)
    body = scene.bodies["cheese"]
    heavier = drawn.fields["body_mass"][:, body].numpy() / scene.model.body_mass[body]
    inertia = drawn.fields["body_inertia"][:, body, 0].numpy() / scene.model.body_inertia[body, 0]
    assert np.ptp(heavier) > 0.3
    np.testing.assert_allclose(inertia, heavier)
    rate_hz = scene.task.rate_hz
    assert (drawn.delay_steps >= 0.02 * rate_hz).all()
    assert (drawn.delay_steps <= 0.08 * rate_hz).all()


def test_what_is_one_shape_differs_in_size_and_a_mesh_does_not(scene):
    drawn = draw_differences(scene, WORLDS, 1.0, seed=1)
    ratio = drawn.fields["geom_size"].numpy() / np.where(
        scene.model.geom_size > 0.0, scene.model.geom_size, np.inf
    )
    changed = np.unique(np.nonzero(np.ptp(ratio, axis=0) > 0.0)[0])
    assert [scene.model.geom_bodyid[i] for i in changed] == [scene.bodies["tomato"]]
    assert abs(ratio[:, changed][ratio[:, changed] > 0.0] - 1.0).max() < 0.02


def test_the_same_seed_draws_the_same_and_another_does_not(scene):
    one, same, other = (draw_differences(scene, 4, 1.0, seed).fields for seed in (1, 1, 2))
    assert torch.equal(one["body_mass"], same["body_mass"])
    assert not torch.equal(one["body_mass"], other["body_mass"])


def test_a_scale_out_of_range_is_refused(scene):
    with pytest.raises(InputError, match=r"from 0 \(not at all\) to 4; found 5"):
        draw_differences(scene, 2, 5.0, seed=0)


def test_physics_takes_what_was_drawn(scene):
    physics = ThreadPhysics(scene, 2)
    physics.set_model(draw_differences(scene, 2, 1.0, seed=3).fields)
    physics.ctrl[:, scene.arm_actuators] = torch.tensor(scene.arm.home + 0.05)
    physics.step()
    physics.check()
    joints = physics.qpos[:, scene.arm_qpos]
    assert float((joints[0] - joints[1]).abs().max()) > 1e-6
