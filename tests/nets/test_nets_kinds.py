"""What every kind of policy network must be, asked of each alike."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from untrained import no_scales

from robot_skills.core.errors import InputError
from robot_skills.nets.networks.gmm import Gmm
from robot_skills.nets.networks.kinds import KINDS, kind_named, network_of, settings_of
from robot_skills.nets.networks.learning import begin, export
from robot_skills.nets.networks.network import outputs_of, standardised
from robot_skills.nets.networks.runner import ChunkRunner

FEATURES, CHUNK, OBSERVATIONS = 7, 6, 3


@pytest.fixture(params=KINDS)
def network(request):
    return kind_named(request.param)(FEATURES * OBSERVATIONS, CHUNK, observations=OBSERVATIONS)


@pytest.fixture
def weights(network):
    scales = no_scales(network)
    scales["input_mean"] = torch.randn(network.inputs, generator=torch.Generator().manual_seed(0))
    return {**begin(network, 0), **scales}


def test_numpy_gives_what_torch_gives(network, weights):
    inputs = np.random.default_rng(0).normal(size=(20, network.inputs))
    runner = ChunkRunner(export(weights), network)
    with torch.no_grad():
        seen = standardised(weights, torch.tensor(inputs, dtype=torch.float32))
        expected = network.predict(weights, seen).numpy()
    assert expected.shape == (20, outputs_of(network))
    assert expected.std(axis=0).min() > 0  # every output depends on what is seen
    np.testing.assert_allclose([runner.raw(row) for row in inputs], expected, atol=1e-5)


def test_every_observation_counts(network, weights):
    inputs = np.random.default_rng(1).normal(size=network.inputs)
    runner = ChunkRunner(export(weights), network)
    for step in range(OBSERVATIONS):
        other = inputs.copy()
        other[step * FEATURES : (step + 1) * FEATURES] += 1.0
        assert np.abs(runner.raw(other) - runner.raw(inputs)).max() > 1e-4


def test_the_settings_of_a_network_make_it_again(network):
    settings = settings_of(network)
    assert all(isinstance(value, int | str) for value in settings.values())
    assert network_of({**settings, "open_width_m": 0.08}) == network


def test_settings_without_a_kind_are_those_of_the_default():
    network = network_of({"inputs": 5, "chunk": 2, "hidden": 8, "layers": 1})
    assert settings_of(network)["policy"] == "mlp"


def test_an_unknown_kind_is_answered_with_the_near_one():
    with pytest.raises(InputError, match="did you mean 'transformer'"):
        network_of({"policy": "transfomer", "inputs": 5, "chunk": 2})


def test_a_size_that_is_missing_or_no_whole_number_is_named():
    with pytest.raises(InputError, match="lack the whole number 'chunk'; found None"):
        network_of({"inputs": 5})
    with pytest.raises(InputError, match=r"lack the whole number 'hidden'; found 2\.5"):
        network_of({"inputs": 5, "chunk": 2, "hidden": 2.5})


def test_a_transformer_whose_chunk_does_not_divide_is_refused():
    with pytest.raises(InputError, match="chunk must be a multiple of 3"):
        kind_named("transformer")(5, 4)


def test_a_mixture_answers_with_the_mean_of_its_most_probable_mode():
    network = Gmm(4, 2, units=8, modes=3)
    weights = export({**begin(network, 0), **no_scales(network)})
    for name in ("shares", "means"):
        weights[f"{name}.weight"][:] = 0.0
    weights["shares.bias"][:] = [0.0, 2.0, 1.0]
    weights["means.bias"][:] = np.repeat([5.0, 6.0, 7.0], 18)
    np.testing.assert_allclose(ChunkRunner(weights, network).raw(np.ones(4))[:18], 6.0)


def test_a_skill_of_any_kind_runs_without_torch(network, weights, tmp_path):
    np.savez(tmp_path / "weights.npz", **export(weights))
    program = f"""
import sys
sys.modules["torch"] = None  # an import of it fails
import numpy as np
import robot_skills.nets.skill_policy
from robot_skills.nets.networks.kinds import network_of
from robot_skills.nets.networks.runner import ChunkRunner
weights = np.load({str(tmp_path / "weights.npz")!r})
runner = ChunkRunner(dict(weights), network_of({settings_of(network)!r}))
print(runner.chunk(np.zeros({network.inputs})).moves.shape)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == f"({CHUNK}, 3)", done.stderr
