import numpy as np
import pytest
import torch
from untrained import no_scales

from robot_skills.core import poses
from robot_skills.nets.networks.learning import begin, export
from robot_skills.nets.networks.mlp import Mlp
from robot_skills.nets.networks.network import outputs_of
from robot_skills.nets.networks.runner import ChunkRunner

NETWORK = Mlp(inputs=11, chunk=4, hidden=32, layers=3)


@pytest.fixture
def weights():
    torch.manual_seed(0)
    scales = no_scales(NETWORK)
    scales["pose_mean"] = torch.randn(36)
    scales["pose_scale"] = torch.rand(36) + 0.1
    return export({**begin(NETWORK, 0), **scales})


def test_a_chunk_undoes_the_standardisation_and_its_rotations_are_unit(weights):
    weights["linear.3.weight"][:] = 0.0
    weights["linear.3.bias"][:] = 0.0
    chunk = ChunkRunner(weights, NETWORK).chunk(np.zeros(11))
    mean = weights["pose_mean"].reshape(4, 9)
    np.testing.assert_allclose(chunk.moves, mean[:, :3], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(chunk.rotations, axis=1), 1.0)
    first = poses.matrix(chunk.rotations)[:, :, 0]
    unit = mean[:, 3:6] / np.linalg.norm(mean[:, 3:6], axis=1, keepdims=True)
    np.testing.assert_allclose(first, unit, atol=1e-6)
    assert chunk.done == pytest.approx(0.5)


@pytest.mark.parametrize(("logit", "closing", "done"), [(9.0, True, 1.0), (-9.0, False, 0.0)])
def test_the_gripper_and_the_end_are_classified(weights, logit, closing, done):
    weights["linear.3.weight"][:] = 0.0
    weights["linear.3.bias"][-5:] = logit
    chunk = ChunkRunner(weights, NETWORK).chunk(np.ones(11))
    assert chunk.closing.tolist() == [closing] * 4
    assert chunk.done == pytest.approx(done, abs=1e-3)


def test_the_network_counts_what_comes_out():
    assert outputs_of(NETWORK) == 4 * 10 + 1
