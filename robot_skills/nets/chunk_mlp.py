"""A network that predicts a chunk of end-effector poses, gripper commands and whether it is done.

Trained in torch, run in NumPy from the same weights: a control loop needs no torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from robot_skills.core import poses

Floats = NDArray[np.float64]
Weights = dict[str, NDArray[np.float32]]

POSE_SIZE = 9  # position 3 + rotation 6


@dataclass(frozen=True)
class ChunkShape:
    """Sizes of a chunk network: inputs F, chunk H, hidden units of each layer."""

    inputs: int
    chunk: int
    hidden: int = 256
    layers: int = 2

    @property
    def outputs(self) -> int:
        """Numbers the network gives: poses (H, 9), gripper logits (H,), one logit for done."""
        return self.chunk * (POSE_SIZE + 1) + 1


class ChunkMlp(nn.Module):
    """Standardises inputs (B, F), predicts outputs (B, O) with poses standardised as well."""

    input_mean: torch.Tensor
    input_scale: torch.Tensor
    pose_mean: torch.Tensor
    pose_scale: torch.Tensor

    def __init__(self, shape: ChunkShape) -> None:
        super().__init__()
        self.shape = shape
        sizes = [shape.inputs, *[shape.hidden] * shape.layers, shape.outputs]
        self.linear = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.register_buffer("input_mean", torch.zeros(shape.inputs))
        self.register_buffer("input_scale", torch.ones(shape.inputs))
        self.register_buffer("pose_mean", torch.zeros(shape.chunk * POSE_SIZE))
        self.register_buffer("pose_scale", torch.ones(shape.chunk * POSE_SIZE))

    def set_scales(
        self,
        inputs: tuple[torch.Tensor, torch.Tensor],
        poses: tuple[torch.Tensor, torch.Tensor],
    ) -> None:
        """Fix mean and scale of the inputs (F,) and of the poses, flat (9 H,)."""
        self.input_mean.copy_(inputs[0])
        self.input_scale.copy_(inputs[1])
        self.pose_mean.copy_(poses[0])
        self.pose_scale.copy_(poses[1])

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Raw outputs (B, O) of inputs (B, F)."""
        hidden = (inputs - self.input_mean) / self.input_scale
        for layer in self.linear[:-1]:
            hidden = torch.nn.functional.gelu(layer(hidden), approximate="tanh")
        return torch.as_tensor(self.linear[-1](hidden))


def export_weights(network: ChunkMlp) -> Weights:
    """Every parameter and buffer as NumPy float32 by name."""
    return {
        name: tensor.detach().cpu().numpy().astype(np.float32)
        for name, tensor in network.state_dict().items()
    }


@dataclass(frozen=True)
class Chunk:
    """What a network says of the next H steps.

    `moves` (H, 3) m from where the end-effector is now, `rotations` (H, 4) wxyz, both along the
    reference frame's axes; `closing` (H,) and the probability that the skill is `done`.
    """

    moves: Floats
    rotations: Floats
    closing: NDArray[np.bool_]
    done: float


class ChunkRunner:
    """Runs exported weights in NumPy."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]], shape: ChunkShape) -> None:
        self._shape = shape
        self._weights = {name: array.astype(np.float64) for name, array in weights.items()}
        count = shape.layers + 1
        self._layers = [
            (self._weights[f"linear.{i}.weight"].T.copy(), self._weights[f"linear.{i}.bias"])
            for i in range(count)
        ]

    def raw(self, inputs: Floats) -> Floats:
        """Raw outputs (O,) of inputs (F,), as the torch network gives them."""
        hidden = (inputs - self._weights["input_mean"]) / self._weights["input_scale"]
        for weight, bias in self._layers[:-1]:
            hidden = _gelu(hidden @ weight + bias)
        weight, bias = self._layers[-1]
        return np.asarray(hidden @ weight + bias)

    def chunk(self, inputs: Floats) -> Chunk:
        """The chunk predicted from inputs (F,)."""
        outputs, horizon = self.raw(inputs), self._shape.chunk
        cut = horizon * POSE_SIZE
        flat = outputs[:cut] * self._weights["pose_scale"] + self._weights["pose_mean"]
        nine = flat.reshape(horizon, POSE_SIZE)
        rotation = poses.from_six_dimensional(nine[:, 3:])
        done = 1.0 / (1.0 + float(np.exp(-np.clip(outputs[-1], -30.0, 30.0))))
        return Chunk(nine[:, :3], rotation, outputs[cut:-1] > 0.0, done)


def _gelu(x: Floats) -> Floats:
    return np.asarray(0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))))
