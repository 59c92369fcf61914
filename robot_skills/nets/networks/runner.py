"""Runs a network of any kind in NumPy, from exported weights: a control loop needs no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.arrays import Array
from robot_skills.nets.networks.layers import Weights
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
    """What a network says of the next H steps, of one run or (...,) many.

    `moves` (..., H, 3) m from where the end-effector is now, `rotations` (..., H, 4) wxyz, both
    along the reference frame's axes; `closing` (..., H) and the probability (...,) that the skill
    is `done`.
    """

    moves: Array
    rotations: Array
    closing: Array
    done: Array


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
        chunk = predicted_chunk(self._network, self._weights, inputs)
        return replace(chunk, done=float(chunk.done))


def predicted_chunk(network: Network, weights: Weights, inputs: Array) -> Chunk:
    """Chunks (..., H) predicted from inputs (..., I): NumPy's or torch's, as the weights are."""
    raw = network.predict(weights, standardised(weights, inputs))
    flat, logits = split(network, raw)
    flat = flat * weights[POSE_SCALE] + weights[POSE_MEAN]
    nine = flat.reshape(*flat.shape[:-1], network.chunk, POSE_SIZE)
    rotations = poses.from_six_dimensional(nine[..., 3:])
    return Chunk(nine[..., :3], rotations, logits[..., :-1] > 0.0, sigmoid(logits[..., -1]))
