import numpy as np
import pytest
import torch

from robot_skills.core import poses
from robot_skills.nets.chunk_mlp import ChunkMlp, ChunkRunner, ChunkShape, export_weights

SHAPE = ChunkShape(inputs=11, chunk=4, hidden=32, layers=3)


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = ChunkMlp(SHAPE)
    size = SHAPE.chunk * 9
    network.set_scales(
        inputs=(torch.randn(11), torch.rand(11) + 0.5),
        poses=(torch.randn(size), torch.rand(size) + 0.1),
    )
    return network


def test_numpy_gives_what_torch_gives(network):
    inputs = np.random.default_rng(0).normal(size=(20, 11))
    runner = ChunkRunner(export_weights(network), SHAPE)
    with torch.no_grad():
        expected = network(torch.tensor(inputs, dtype=torch.float32)).numpy()
    np.testing.assert_allclose([runner.raw(row) for row in inputs], expected, atol=1e-5)


def test_a_chunk_undoes_the_standardisation_and_its_rotations_are_unit(network):
    weights = export_weights(network)
    weights["linear.3.weight"][:] = 0.0
    weights["linear.3.bias"][:] = 0.0
    chunk = ChunkRunner(weights, SHAPE).chunk(np.zeros(11))
    mean = weights["pose_mean"].reshape(4, 9)
    np.testing.assert_allclose(chunk.moves, mean[:, :3], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(chunk.rotations, axis=1), 1.0)
    first = poses.matrix(chunk.rotations)[:, :, 0]
    unit = mean[:, 3:6] / np.linalg.norm(mean[:, 3:6], axis=1, keepdims=True)
    np.testing.assert_allclose(first, unit, atol=1e-6)
    assert chunk.done == pytest.approx(0.5)


@pytest.mark.parametrize(("logit", "closing", "done"), [(9.0, True, 1.0), (-9.0, False, 0.0)])
def test_the_gripper_and_the_end_are_classified(network, logit, closing, done):
    weights = export_weights(network)
    weights["linear.3.weight"][:] = 0.0
    weights["linear.3.bias"][-5:] = logit
    chunk = ChunkRunner(weights, SHAPE).chunk(np.ones(11))
    assert chunk.closing.tolist() == [closing] * 4
    assert chunk.done == pytest.approx(done, abs=1e-3)


def test_the_shape_counts_what_comes_out():
    assert SHAPE.outputs == 4 * 10 + 1
