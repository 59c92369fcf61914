"""A flow-matching head: noise is carried to a chunk of poses along a learned velocity.

Straight paths between noise and data: Lipman et al., "Flow matching for generative modeling", and
Liu et al., "Flow straight and fast", both ICLR 2023; over chunks of actions as in Diffusion Policy
(Chi et al., RSS 2023). Gripper and end are classified beside it. At run time the flow begins at
the middle of the noise, so that the same observations give the same chunk.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from robot_skills.nets.networks import maths
from robot_skills.nets.networks.layers import Dense, Layer, Weights
from robot_skills.nets.networks.maths import Array
from robot_skills.nets.networks.network import joined, pose_outputs

TIMES = 8  # sines and cosines each that tell the time along the flow
FASTEST = 30.0  # rad over the whole flow


@dataclass(frozen=True)
class Flow:
    """An encoder of the observations and a velocity, `layers` layers of `hidden` units each.

    `flow_steps` Euler steps carry noise to poses.
    """

    inputs: int
    chunk: int
    hidden: int = 256
    layers: int = 2
    observations: int = 1
    flow_steps: int = 8

    def parts(self) -> list[Layer]:
        """Encoder, head of the logits, velocity."""
        entering, residual, leaving = self._velocity_layers()
        return [*self._encoder(), self._logits(), entering, *residual, leaving]

    def _encoder(self) -> list[Dense]:
        sizes = [self.inputs, *[self.hidden] * self.layers]
        return [Dense(f"encoder.{i}", a, b) for i, (a, b) in enumerate(pairwise(sizes))]

    def _logits(self) -> Dense:
        return Dense("logits", self.hidden, self.chunk + 1)

    def _velocity_layers(self) -> tuple[Dense, list[Dense], Dense]:
        size = pose_outputs(self)
        return (
            Dense("velocity.enter", self.hidden + size + 2 * TIMES, self.hidden),
            [Dense(f"velocity.{i}", self.hidden, self.hidden) for i in range(self.layers)],
            Dense("velocity.leave", self.hidden, size),
        )

    def predict(self, weights: Weights, inputs: Array) -> Array:
        """Raw outputs (..., O): the flow followed from the middle of the noise."""
        seen = self._seen(weights, inputs)
        poses = maths.zeros(inputs, *inputs.shape[:-1], pose_outputs(self))
        for step in range(self.flow_steps):
            time = maths.zeros(inputs, *inputs.shape[:-1], 1) + step / self.flow_steps
            poses = poses + self._velocity(weights, poses, time, seen) / self.flow_steps
        return joined(poses, self._logits()(weights, seen))

    def loss(
        self, weights: Weights, inputs: Array, poses: Array, generator: Any
    ) -> tuple[Array, Array]:
        """Squared error of the velocity at a random time of each row, and the logits."""
        import torch

        seen = self._seen(weights, inputs)
        noise = torch.randn(poses.shape, generator=generator)
        time = torch.rand((len(poses), 1), generator=generator)
        between = (1 - time) * noise + time * poses
        velocity = self._velocity(weights, between, time, seen)
        return ((velocity - (poses - noise)) ** 2).mean(), self._logits()(weights, seen)

    def _seen(self, weights: Weights, inputs: Array) -> Array:
        for layer in self._encoder():
            inputs = maths.gelu(layer(weights, inputs))
        return inputs

    def _velocity(self, weights: Weights, poses: Array, time: Array, seen: Array) -> Array:
        entering, residual, leaving = self._velocity_layers()
        xp = maths.library_of(time)
        angles = time * maths.constant(np.geomspace(1.0, FASTEST, TIMES), time)
        hidden = maths.gelu(
            entering(weights, maths.join([poses, xp.sin(angles), xp.cos(angles), seen]))
        )
        for layer in residual:
            hidden = hidden + maths.gelu(layer(weights, hidden))
        return leaving(weights, hidden)
