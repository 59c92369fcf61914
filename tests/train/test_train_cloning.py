from dataclasses import replace

import numpy as np
import pytest
import torch

from robot_skills.core.errors import InputError
from robot_skills.core.skill import ReferenceFrame, Skill, SkillLibrary
from robot_skills.nets.networks.kinds import KINDS, network_of, settings_of
from robot_skills.nets.networks.runner import ChunkRunner
from robot_skills.storage.libraries import load_library, save_library
from robot_skills.train.learning.cloning import CloningConfig, fit
from robot_skills.train.learning.dataset import Rows

CHUNK = 3
SHORT = CloningConfig(steps=400, batch=64, learning_rate=3e-3, chunk=CHUNK, hidden=64)


def planted_rows(count=1500, seed=0):
    """Moves are a known function of the inputs; the gripper closes below zero, done above one."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(count, 4))
    poses = np.zeros((count, CHUNK, 9))
    for step in range(CHUNK):
        poses[:, step, :3] = 0.05 * (step + 1) * inputs[:, :3]
    poses[..., 3], poses[..., 7] = 1.0, 1.0
    closing = np.repeat((inputs[:, 3:] < 0).astype(float), CHUNK, axis=1)
    return Rows(inputs, poses, closing, (inputs[:, 3] > 1).astype(float))


@pytest.fixture(scope="module", params=KINDS)
def config(request):
    return replace(SHORT, policy=request.param, observations=1)


@pytest.fixture(scope="module")
def weights(config):
    return fit(planted_rows(), config, seed=0)


def test_a_planted_motion_is_learned(config, weights):
    runner, unseen = ChunkRunner(weights, config.network(4)), planted_rows(seed=1)
    chunks = [runner.chunk(row) for row in unseen.inputs[:100]]
    error = np.abs([c.moves for c in chunks] - unseen.poses[:100, :, :3]).mean()
    mean_baseline = np.abs(unseen.poses[:100, :, :3]).mean()
    assert error < 0.3 * mean_baseline
    closing = np.array([c.closing for c in chunks]) == unseen.closing[:100].astype(bool)
    done = (np.array([c.done for c in chunks]) > 0.5) == unseen.done[:100].astype(bool)
    assert closing.mean() > 0.9
    assert done.mean() > 0.85


def test_a_few_rows_are_learned_by_heart(config):
    rows = planted_rows(8)
    runner = ChunkRunner(fit(rows, config, seed=0), config.network(4))
    for row, wanted in zip(rows.inputs, rows.poses, strict=True):
        np.testing.assert_allclose(runner.chunk(row).moves, wanted[:, :3], atol=0.02)


def test_the_same_seed_gives_the_same_weights_and_another_others(config):
    short = replace(config, steps=20)
    torch.rand(7)  # what others drew before does not matter
    one, again, other = (fit(planted_rows(300), short, seed) for seed in (0, 0, 1))
    for name, array in one.items():
        np.testing.assert_array_equal(again[name], array, err_msg=name)
    first = next(name for name in one if name.endswith("weight"))
    assert not np.array_equal(other[first], one[first])


def test_a_policy_is_the_same_from_disk(config, weights, tmp_path):
    settings = {**settings_of(config.network(4)), "open_width_m": 0.08}
    frame = ReferenceFrame("object", "?x")
    skill = Skill("go", (), frame, settings, weights, {}, np.zeros((1, 3)), 9, 3)
    library = SkillLibrary("blocks", "ur5e", 20.0, (skill,), {})
    kept = load_library(save_library(tmp_path / "library", library)).skill("go")
    before = ChunkRunner(weights, config.network(4))
    after = ChunkRunner(kept.weights, network_of(kept.settings))
    inputs = np.linspace(-1, 1, 4)
    np.testing.assert_array_equal(after.raw(inputs), before.raw(inputs))


def test_the_first_layer_knows_as_many_observations_as_are_asked_for():
    config = replace(SHORT, observations=3)
    assert config.network(12).observations == 3
    assert CloningConfig(policy="mlp").seen == 1
    assert CloningConfig(policy="gmm").seen > 1


def test_an_unknown_kind_is_refused_by_name():
    with pytest.raises(InputError, match="no kind of policy 'flwo'; did you mean 'flow'"):
        CloningConfig(policy="flwo").network(4)


def test_fitting_leaves_the_random_state_of_others_alone():
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    fit(planted_rows(50), replace(SHORT, steps=2, batch=8, hidden=8), seed=0)
    torch.testing.assert_close(torch.rand(3), expected)
