"""Layers as values: each knows its weights' names, how they begin and what it does with them.

A layer is applied to the weights of a whole network, NumPy's or torch's, by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from robot_skills.nets.networks import maths
from robot_skills.nets.networks.maths import Array

Weights = Mapping[str, Array]

TABLE_SCALE = 0.02  # standard deviation that learned tables begin with, as in GPT-2


class Layer(Protocol):
    """Something with weights."""

    def begin(self) -> dict[str, Array]:
        """Its weights before training, as torch arrays drawn from torch's own generator."""
        ...


@dataclass(frozen=True)
class Dense:
    """(..., inputs) to (..., outputs) by one matrix; begins as torch.nn.Linear does."""

    name: str
    inputs: int
    outputs: int

    def begin(self) -> dict[str, Array]:
        """Weight (outputs, inputs) and bias (outputs,)."""
        import torch

        drawn = torch.nn.Linear(self.inputs, self.outputs)
        return {f"{self.name}.weight": drawn.weight.data, f"{self.name}.bias": drawn.bias.data}

    def __call__(self, weights: Weights, x: Array) -> Array:
        """The layer's answer to x (..., inputs)."""
        return maths.linear(x, weights[f"{self.name}.weight"], weights[f"{self.name}.bias"])


@dataclass(frozen=True)
class Convolution:
    """Pictures (..., inputs, H, W) through `outputs` square filters; begins as torch's Conv2d."""

    name: str
    inputs: int
    outputs: int
    size: int
    stride: int = 1

    def begin(self) -> dict[str, Array]:
        """Weight (outputs, inputs, size, size) and bias (outputs,)."""
        import torch

        drawn = torch.nn.Conv2d(self.inputs, self.outputs, self.size).state_dict()
        return {f"{self.name}.{name}": array for name, array in drawn.items()}

    def __call__(self, weights: Weights, x: Array) -> Array:
        """The maps (..., outputs, h, w), without padding."""
        weight, bias = weights[f"{self.name}.weight"], weights[f"{self.name}.bias"]
        return maths.convolve(x, weight, bias, self.stride)


@dataclass(frozen=True)
class Norm:
    """Layer normalisation of (..., size)."""

    name: str
    size: int

    def begin(self) -> dict[str, Array]:
        """Scale of ones and shift of zeros, (size,) each."""
        import torch

        ones, zeros = torch.ones(self.size), torch.zeros(self.size)
        return {f"{self.name}.scale": ones, f"{self.name}.shift": zeros}

    def __call__(self, weights: Weights, x: Array) -> Array:
        """x (..., size) with mean 0 and variance 1, scaled and shifted."""
        scale, shift = weights[f"{self.name}.scale"], weights[f"{self.name}.shift"]
        return maths.normalise(x, scale, shift)


@dataclass(frozen=True)
class Table:
    """Learned rows (rows, size), such as places in a sequence."""

    name: str
    rows: int
    size: int

    def begin(self) -> dict[str, Array]:
        """Small random rows."""
        import torch

        return {self.name: TABLE_SCALE * torch.randn(self.rows, self.size)}

    def __call__(self, weights: Weights) -> Array:
        """The rows."""
        return weights[self.name]
