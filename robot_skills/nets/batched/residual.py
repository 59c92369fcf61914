"""A learned residual in torch, for many worlds at once: ResidualRunner with a first axis N."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from robot_skills.nets.batched.worlds import MakeTensor
from robot_skills.nets.residual import INPUT_LIMIT

Act = Callable[[torch.Tensor], torch.Tensor]


def residual_in_torch(
    weights: Mapping[str, NDArray[np.float32]], layers: int, make: MakeTensor
) -> Act:
    """A function from inputs (N, F) to actions (N, 7) in [-1, 1], from exported weights."""
    held = {name: make(array) for name, array in weights.items()}
    mean, scale = held["input_mean"], held["input_scale"]
    linear = [(held[f"linear.{i}.weight"], held[f"linear.{i}.bias"]) for i in range(layers + 1)]

    def act(inputs: torch.Tensor) -> torch.Tensor:
        hidden = ((inputs.to(mean.dtype) - mean) / scale).clamp(-INPUT_LIMIT, INPUT_LIMIT)
        for weight, bias in linear[:-1]:
            hidden = torch.tanh(torch.nn.functional.linear(hidden, weight, bias))
        return torch.nn.functional.linear(hidden, *linear[-1]).clamp(-1.0, 1.0)

    return act
