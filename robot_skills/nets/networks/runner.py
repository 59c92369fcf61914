"""Runs a network of any kind in NumPy, from exported weights: a control loop needs no torch."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.nets.networks.maths import sigmoid
from robot_skills.nets.networks.network import (
    POSE_MEAN,
    POSE_SCALE,
    POSE_SIZE,
    Network,
    split,
    standardised,
)

Floats = NDArray[np.float64]


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
    """One network with its weights, ready to predict."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]], network: Network) -> None:
        self._network = network
        # Fortran order: a dense layer's matrix lies transposed, as the product wants it.
        self._weights = {n: np.asarray(a, np.float64, order="F") for n, a in weights.items()}

    def raw(self, inputs: Floats) -> Floats:
        """Raw outputs (O,) of inputs (I,), as the same formulas give them in torch."""
        inside = standardised(self._weights, inputs)
        return np.asarray(self._network.predict(self._weights, inside))

    def chunk(self, inputs: Floats) -> Chunk:
        """The chunk predicted from inputs (I,)."""
        flat, logits = split(self._network, self.raw(inputs))
        flat = flat * self._weights[POSE_SCALE] + self._weights[POSE_MEAN]
        nine = flat.reshape(-1, POSE_SIZE)
        rotation = poses.from_six_dimensional(nine[:, 3:])
        return Chunk(nine[:, :3], rotation, logits[:-1] > 0.0, float(sigmoid(logits[-1])))
