"""A network's weights while they are learned: torch's, and as they leave it."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from robot_skills.nets.networks.layers import Layer

Weights = dict[str, NDArray[np.float32]]
Tensors = dict[str, torch.Tensor]


class HasParts(Protocol):
    """Something made of layers: a network, or eyes."""

    def parts(self) -> list[Layer]: ...  # noqa: D102 - said above


def begin(network: HasParts, seed: int) -> Tensors:
    """Weights to learn, each part's drawn in turn; the same seed gives the same ones."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        drawn = [part.begin() for part in network.parts()]
    return {name: array.requires_grad_() for part in drawn for name, array in part.items()}


def export(weights: Mapping[str, Any]) -> Weights:
    """Every array as NumPy float32 by name."""
    return {
        name: tensor.detach().cpu().numpy().astype(np.float32) for name, tensor in weights.items()
    }
