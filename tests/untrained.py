"""What a network's means and scales are before anything was learned."""

import torch

from robot_skills.nets.networks.network import (
    INPUT_MEAN,
    INPUT_SCALE,
    POSE_MEAN,
    POSE_SCALE,
    pose_outputs,
)


def no_scales(network):
    """Means of 0 and scales of 1 for inputs (I,) and poses (9 H,)."""
    inputs, outputs = network.inputs, pose_outputs(network)
    return {
        INPUT_MEAN: torch.zeros(inputs),
        INPUT_SCALE: torch.ones(inputs),
        POSE_MEAN: torch.zeros(outputs),
        POSE_SCALE: torch.ones(outputs),
    }
