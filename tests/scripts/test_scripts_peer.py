import numpy as np
import pytest
from peer_robomimic import losses, merged, settings
from peer_view import OBSERVATION_KEYS, action_of, observations_of, pose_asked

from robot_skills.core import poses
from robot_skills.core.facts import parse_facts
from robot_skills.core.task_file import load_task
from robot_skills.nets.sight.flat_features import FlatView
from robot_skills.paths import find

DOWN = np.array([0.0, 1.0, 0.0, 0.0])


def turned(vector):
    return poses.multiply(poses.from_rotation_vector(np.array(vector)), DOWN)


def test_an_action_asks_for_the_pose_it_was_made_from():
    ee = np.array([0.4, 0.1, 0.2, *turned([0.1, 0.0, 0.5])])
    wanted = np.array([0.43, 0.08, 0.21, *turned([0.0, 0.1, 0.7])])
    action = action_of(ee, wanted, closing=True)
    assert action[6] == 1.0
    asked = pose_asked(ee, action)
    assert asked[:3] == pytest.approx(wanted[:3])
    assert abs(asked[3:] @ wanted[3:]) == pytest.approx(1.0)


def test_an_action_beyond_the_scale_is_cut_to_it():
    ee = np.array([0.4, 0.1, 0.2, *DOWN])
    far = ee + np.array([0.5, 0, 0, 0, 0, 0, 0])
    assert action_of(ee, far, closing=False).tolist() == pytest.approx([1, 0, 0, 0, 0, 0, -1])


def test_robomimic_is_told_the_goal_and_sees_quaternions_as_it_is_used_to():
    task = load_task(find("envs", "kitchen"))
    ee = np.array([0.4, 0.0, 0.2, *DOWN])
    tray = np.array([0.5, 0.1, 0.0, 1.0, 0.0, 0.0, 0.0])
    goal = parse_facts("lit(lamp) in(carrot, tray)")
    view = FlatView(
        ee, 0.08, False, {"tray": tray}, {"drawer": 0.1}, parse_facts("dark(lamp)"), goal
    )
    seen = observations_of(view, task)
    assert tuple(seen) == OBSERVATION_KEYS
    assert seen["robot0_eef_quat"].tolist() == [1, 0, 0, 0]
    assert seen["facts"].sum() == 3  # two asked for, one holds
    place = [*task.objects, *task.fixtures].index("tray")
    block = seen["object"][10 * place : 10 * place + 10]
    assert block == pytest.approx([0.5, 0.1, 0, 0, 0, 0, 1, 0.1, 0.1, -0.2])


def test_settings_are_those_of_a_recurrent_mixture_on_our_file(tmp_path):
    found = settings(tmp_path)
    assert found["algo"] == {
        "rnn": {"enabled": True, "horizon": 10},
        "gmm": {"enabled": True},
        "actor_layer_dims": [],
    }
    assert found["train"]["seq_length"] == 10
    assert found["train"]["data"] == str(tmp_path / "demonstrations.hdf5")
    assert merged({"a": {"b": 1}}, {"a": {"c": 2}}) == {"a": {"b": 1, "c": 2}}


def test_the_last_losses_are_read_from_what_robomimic_prints():
    log = 'Train Epoch 1\n{\n "Loss": 3.5,\n "x": 1}\nValidation Epoch 1\n{\n "Loss": 4.0}\n'
    log += 'Train Epoch 2\n{\n "Loss": -1.5,\n "x": 1}\n'
    assert losses(log) == {"train_loss": -1.5, "validation_loss": 4.0}
