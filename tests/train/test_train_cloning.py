import numpy as np
import pytest
import torch

from robot_skills.nets.chunk_mlp import ChunkRunner, ChunkShape
from robot_skills.train.cloning import CloningConfig, fit
from robot_skills.train.dataset import Rows

CONFIG = CloningConfig(steps=400, batch=128, learning_rate=5e-3, chunk=2, hidden=64)


def planted_rows(count=1500, seed=0):
    """Moves are a known function of the inputs; the gripper closes below zero, done above one."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(count, 4))
    poses = np.zeros((count, 2, 9))
    poses[:, 0, :3], poses[:, 1, :3] = 0.05 * inputs[:, :3], 0.1 * inputs[:, :3]
    poses[..., 3], poses[..., 7] = 1.0, 1.0
    closing = np.repeat((inputs[:, 3:] < 0).astype(float), 2, axis=1)
    return Rows(inputs, poses, closing, (inputs[:, 3] > 1).astype(float))


@pytest.fixture(scope="module")
def fitted():
    weights = fit(planted_rows(), CONFIG, seed=0)
    return weights, ChunkRunner(weights, ChunkShape(4, 2, 64, 2))


def test_a_planted_motion_is_learned(fitted):
    unseen = planted_rows(seed=1)
    chunks = [fitted[1].chunk(row) for row in unseen.inputs[:100]]
    error = np.abs([c.moves for c in chunks] - unseen.poses[:100, :, :3]).mean()
    mean_baseline = np.abs(unseen.poses[:100, :, :3]).mean()
    assert error < 0.3 * mean_baseline
    closing = np.array([c.closing for c in chunks]) == unseen.closing[:100].astype(bool)
    done = (np.array([c.done for c in chunks]) > 0.5) == unseen.done[:100].astype(bool)
    assert closing.mean() > 0.95
    assert done.mean() > 0.9


def test_the_same_seed_gives_the_same_weights_and_another_others(fitted):
    torch.rand(7)  # what others drew before does not matter
    again, other = (fit(planted_rows(), CONFIG, seed) for seed in (0, 1))
    for name, array in fitted[0].items():
        np.testing.assert_array_equal(again[name], array, err_msg=name)
    assert not np.array_equal(other["linear.0.weight"], again["linear.0.weight"])


def test_fitting_leaves_the_random_state_of_others_alone():
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    fit(planted_rows(50), CloningConfig(steps=2, batch=8, chunk=2, hidden=8), seed=0)
    torch.testing.assert_close(torch.rand(3), expected)
