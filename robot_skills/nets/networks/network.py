"""What every kind of policy network is: numbers in, a chunk of poses, gripper and done out.

The kinds differ in what lies between; standardisation, the layout of what comes out, the gripper
and the end are the same for all, and stand here once.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from robot_skills.nets.networks import maths
from robot_skills.nets.networks.layers import Layer, Weights
from robot_skills.nets.networks.maths import Array

Floats = NDArray[np.float64]

POSE_SIZE = 9  # position 3 + rotation 6

# Names of the weights that are fixed before training: means and scales.
INPUT_MEAN, INPUT_SCALE = "input_mean", "input_scale"
POSE_MEAN, POSE_SCALE = "pose_mean", "pose_scale"


class Network(Protocol):
    """Sizes of one kind of network, and its formulas over arrays of NumPy or torch.

    `inputs` I counts all numbers of `observations` steps, oldest first; `chunk` H. Raw outputs
    (..., O) are standardised poses, flat (9 H), logits of the gripper closing (H) and of done (1).
    """

    @property
    def inputs(self) -> int: ...  # noqa: D102 - said above

    @property
    def chunk(self) -> int: ...  # noqa: D102 - said above

    @property
    def observations(self) -> int: ...  # noqa: D102 - said above

    def parts(self) -> list[Layer]:
        """Every layer that has weights, in the order in which they are drawn."""
        ...

    def predict(self, weights: Weights, inputs: Array) -> Array:
        """Raw outputs (..., O) for standardised inputs (..., I)."""
        ...

    def loss(
        self, weights: Weights, inputs: Array, poses: Array, generator: Any
    ) -> tuple[Array, Array]:
        """Loss of standardised poses (B, 9 H), and the logits (B, H + 1) of gripper and done.

        `generator` is torch's, for kinds that learn from noise.
        """
        ...


def outputs_of(network: Network) -> int:
    """How many numbers come out."""
    return network.chunk * (POSE_SIZE + 1) + 1


def pose_outputs(network: Network) -> int:
    """How many of them are poses."""
    return network.chunk * POSE_SIZE


def standardised(weights: Weights, inputs: Array) -> Array:
    """Inputs (..., I) with the mean and scale of the training rows taken out."""
    return (inputs - weights[INPUT_MEAN]) / weights[INPUT_SCALE]


def split(network: Network, outputs: Array) -> tuple[Array, Array]:
    """Raw outputs (..., O) as poses (..., 9 H) and logits (..., H + 1)."""
    cut = pose_outputs(network)
    return outputs[..., :cut], outputs[..., cut:]


def apart(poses: Array, wanted: Array) -> Array:
    """Mean absolute difference of poses (B, 9 H): a few odd demonstrations do not bend it."""
    return (poses - wanted).abs().mean()


def steps_of(network: Network, inputs: Array) -> Array:
    """Inputs (..., I) by observation (..., K, F), oldest first."""
    shape = (*inputs.shape[:-1], network.observations, network.inputs // network.observations)
    return inputs.reshape(shape)


def joined(poses: Array, logits: Array) -> Array:
    """Raw outputs (..., O) of poses (..., 9 H) and logits (..., H + 1)."""
    return maths.join([poses, logits])
