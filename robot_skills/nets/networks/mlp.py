"""The default kind: a multilayer perceptron that predicts the whole chunk at once."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from robot_skills.nets.networks import maths
from robot_skills.nets.networks.layers import Dense, Layer, Weights
from robot_skills.nets.networks.maths import Array
from robot_skills.nets.networks.network import apart, outputs_of, split


@dataclass(frozen=True)
class Mlp:
    """`layers` hidden layers of `hidden` units over all observations side by side."""

    inputs: int
    chunk: int
    hidden: int = 256
    layers: int = 2
    observations: int = 1

    def parts(self) -> list[Layer]:
        """One dense layer more than hidden ones."""
        return [*self._dense()]

    def _dense(self) -> list[Dense]:
        sizes = [self.inputs, *[self.hidden] * self.layers, outputs_of(self)]
        return [Dense(f"linear.{i}", a, b) for i, (a, b) in enumerate(pairwise(sizes))]

    def predict(self, weights: Weights, inputs: Array) -> Array:
        """Raw outputs (..., O) for standardised inputs (..., I)."""
        *hidden, last = self._dense()
        for layer in hidden:
            inputs = maths.gelu(layer(weights, inputs))
        return last(weights, inputs)

    def loss(
        self, weights: Weights, inputs: Array, poses: Array, generator: Any
    ) -> tuple[Array, Array]:
        """Mean absolute error of the poses, and the logits."""
        predicted, logits = split(self, self.predict(weights, inputs))
        return apart(predicted, poses), logits
