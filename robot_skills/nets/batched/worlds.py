"""What is sensed in many worlds at one control step, and numbers as tensors beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray

MakeTensor = Callable[[NDArray[Any]], torch.Tensor]


@dataclass(frozen=True)
class WorldsView:
    """N worlds: poses (N, B, 7) in world of all bodies, end-effectors (N, 7), widths (N,) m.

    `position` (N, M + 1) are the fixtures' joints in rad or m; the last column is 0, for whatever
    has no joint.
    """

    pose: torch.Tensor
    position: torch.Tensor
    ee: torch.Tensor
    width_m: torch.Tensor

    def pose_of(self, body: torch.Tensor) -> torch.Tensor:
        """Poses (N, 7) of one body a world, by its number (N,)."""
        return picked(self.pose, body)

    def position_of(self, column: torch.Tensor) -> torch.Tensor:
        """Positions (N,) of one joint a world, by its column (N,)."""
        return picked(self.position, column)


def picked(values: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
    """Row `which` (N,) of each world's values (N, K, ...): (N, ...)."""
    return values[torch.arange(len(values), device=values.device), which]


def maker(device: torch.device, dtype: torch.dtype) -> MakeTensor:
    """A function that puts arrays on a device: reals as numbers of a type, the rest as they are."""

    def make(array: NDArray[Any]) -> torch.Tensor:
        is_real = array.dtype.kind == "f"
        return torch.as_tensor(array, dtype=dtype if is_real else None, device=device)

    return make
