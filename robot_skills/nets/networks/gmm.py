"""A recurrent network whose poses are a mixture of Gaussians: experts that differ stay apart.

After BC-RNN-GMM of robomimic (Mandlekar et al., "What matters in learning from offline human
demonstrations", CoRL 2021): an LSTM (Hochreiter and Schmidhuber 1997), five modes. At run time the
mean of the most probable mode is taken, so that the same observations give the same chunk.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from robot_skills.nets.networks import maths
from robot_skills.nets.networks.layers import Dense, Layer, Weights
from robot_skills.nets.networks.maths import Array
from robot_skills.nets.networks.network import joined, pose_outputs, steps_of

SCALE_FLOOR = 0.02  # of a mode's standard deviation, in standardised units
GATES = 4


@dataclass(frozen=True)
class Gmm:
    """An LSTM of `units` over the observations, then `modes` Gaussians over the chunk."""

    inputs: int
    chunk: int
    units: int = 128
    observations: int = 4
    modes: int = 5

    def parts(self) -> list[Layer]:
        """Encoder, recurrence and heads."""
        return [*self._recurrence(), *self._heads()]

    def _recurrence(self) -> tuple[Dense, Dense, Dense]:
        gates = GATES * self.units
        return (
            Dense("encoder", self.inputs // self.observations, self.units),
            Dense("lstm.input", self.units, gates),
            Dense("lstm.state", self.units, gates),
        )

    def _heads(self) -> tuple[Dense, Dense, Dense, Dense]:
        size = self.modes * pose_outputs(self)
        return (
            Dense("shares", self.units, self.modes),
            Dense("means", self.units, size),
            Dense("scales", self.units, size),
            Dense("logits", self.units, self.chunk + 1),
        )

    def predict(self, weights: Weights, inputs: Array) -> Array:
        """Raw outputs (..., O): the mean of the most probable mode."""
        shares, means, _, logits = self._heads()
        state = self._state(weights, inputs)
        best = shares(weights, state).argmax(-1)[..., None]
        chosen = maths.constant(np.arange(self.modes), best) == best
        poses = means(weights, state).reshape(*state.shape[:-1], self.modes, -1)
        return joined((poses * chosen[..., None]).sum(-2), logits(weights, state))

    def loss(
        self, weights: Weights, inputs: Array, poses: Array, generator: Any
    ) -> tuple[Array, Array]:
        """Negative log-likelihood of the poses, by number of a chunk, and the logits."""
        shares, means, scales, logits = self._heads()
        state = self._state(weights, inputs)
        shape = (len(state), self.modes, -1)
        scale = maths.softplus(scales(weights, state)).reshape(shape) + SCALE_FLOOR
        away = (poses[:, None] - means(weights, state).reshape(shape)) / scale
        size = poses.shape[-1]
        fitting = -(0.5 * away**2 + scale.log()).mean(-1)
        likelihood = (fitting * size + shares(weights, state).log_softmax(-1)).logsumexp(-1)
        return -likelihood.mean() / size, logits(weights, state)

    def _state(self, weights: Weights, inputs: Array) -> Array:
        """Hidden state (..., units) after the newest observation."""
        encoder, entering, staying = self._recurrence()
        steps = steps_of(self, inputs)
        gates = entering(weights, maths.gelu(encoder(weights, steps)))
        hidden = cell = maths.zeros(inputs, *inputs.shape[:-1], self.units)
        for step in range(self.observations):
            now = gates[..., step, :] + staying(weights, hidden)
            take, keep, new, give = (now[..., part] for part in self._gates())
            taken = maths.sigmoid(take) * _tanh(new)
            cell = maths.sigmoid(keep + 1.0) * cell + taken  # begins by remembering
            hidden = maths.sigmoid(give) * _tanh(cell)
        return hidden

    def _gates(self) -> list[slice]:
        return [slice(i * self.units, (i + 1) * self.units) for i in range(GATES)]


def _tanh(x: Array) -> Array:
    return maths.library_of(x).tanh(x)
