import numpy as np
import pytest
import torch

from robot_skills.nets.networks import maths
from robot_skills.nets.networks.eyes import PICTURE_CHANNELS, Eyes
from robot_skills.nets.networks.learning import begin, export

EYES = Eyes(cameras=2, height=24, width=32, places=3)


@pytest.fixture
def pictures():
    shape = (2, EYES.cameras, PICTURE_CHANNELS, EYES.height, EYES.width)
    return np.random.default_rng(0).random(shape).astype(np.float32)


def test_numpy_finds_what_torch_finds(pictures):
    weights = begin(EYES, 0)
    with torch.no_grad():
        expected = EYES(weights, torch.tensor(pictures)).numpy()
    assert expected.shape == (2, EYES.size)
    np.testing.assert_allclose(EYES(export(weights), pictures), expected, atol=1e-5)
    np.testing.assert_allclose(EYES(export(weights), pictures[0]), expected[0], atol=1e-5)


def test_each_camera_has_weights_of_its_own(pictures):
    weights = export(begin(EYES, 0))
    seen = EYES(weights, np.stack([pictures[0, 0], pictures[0, 0]]))
    half = EYES.size // 2
    assert np.abs(seen[:half] - seen[half:]).max() > 1e-3


@pytest.mark.parametrize(("row", "column"), [(0, 0), (23, 31), (12, 8)])
def test_the_middle_of_what_is_meant_is_found_and_its_share(pictures, row, column):
    dark = np.zeros_like(pictures[0])
    dark[0, 0, row, column] = 1.0
    seen = EYES(export(begin(EYES, 0)), dark)[: EYES.size // 2]
    share = 1 / (24 * 32)
    shown = share / (share + 1e-3)  # faint things count less, so that specks do not mislead
    expected = [shown * (2 * row / 23 - 1), shown * (2 * column / 31 - 1)]
    np.testing.assert_allclose(seen[-3:-1], expected, atol=1e-5)
    assert seen[-1] == pytest.approx(3 * share**0.5, rel=1e-4)


def test_where_a_map_is_strongest_is_where_it_is():
    maps = np.zeros((1, 5, 9))
    maps[0, 4, 2] = 50.0
    np.testing.assert_allclose(maths.whereabouts(maps), [[1.0, -0.5]], atol=1e-6)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_convolution_is_torchs(stride):
    rng = np.random.default_rng(1)
    x, weight, bias = rng.normal(size=(2, 3, 11, 13)), rng.normal(size=(5, 3, 3, 3)), rng.random(5)
    arrays = [torch.tensor(a) for a in (x, weight, bias)]
    expected = torch.nn.functional.conv2d(*arrays, stride=stride).numpy()
    np.testing.assert_allclose(maths.convolve(x, weight, bias, stride), expected, atol=1e-12)
