"""Behaviour cloning of chunk networks."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from robot_skills.core.progress import Track, quiet
from robot_skills.nets.chunk_mlp import POSE_SIZE, ChunkMlp, ChunkShape, Weights, export_weights
from robot_skills.train.dataset import Rows

SCALE_FLOOR = 1e-3  # a target that hardly varies is not blown up
INPUT_FLOOR = 0.05  # nor is an input


@dataclass(frozen=True)
class CloningConfig:
    """How a chunk network is fitted: AdamW with cosine decay, L1 on poses, classifiers beside."""

    steps: int = 4000
    batch: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    chunk: int = 12
    hidden: int = 256
    layers: int = 2
    gripper_weight: float = 0.3
    done_weight: float = 0.1


def fit(rows: Rows, config: CloningConfig, seed: int, track: Track = quiet) -> Weights:
    """Weights of a network fitted to the rows; the same seed gives the same weights on a CPU."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = ChunkMlp(
            ChunkShape(rows.inputs.shape[1], config.chunk, config.hidden, config.layers)
        )
    tensors = _standardise(network, rows)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
    for _ in track(range(config.steps), "learning"):
        chosen = torch.randint(len(rows.inputs), (config.batch,), generator=generator)
        loss = _loss(network, tuple(tensor[chosen] for tensor in tensors), config)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
    return export_weights(network)


def _standardise(network: ChunkMlp, rows: Rows) -> tuple[torch.Tensor, ...]:
    flat = rows.poses.reshape(len(rows.poses), -1)
    input_scale = np.maximum(rows.inputs.std(axis=0), INPUT_FLOOR)
    mean, scale = flat.mean(axis=0), np.maximum(flat.std(axis=0), SCALE_FLOOR)
    network.set_scales(
        inputs=(_tensor(rows.inputs.mean(axis=0)), _tensor(input_scale)),
        poses=(_tensor(mean), _tensor(scale)),
    )
    targets = (_tensor(rows.inputs), _tensor((flat - mean) / scale))
    return (*targets, _tensor(rows.closing), _tensor(rows.done))


def _tensor(array: NDArray[np.float64]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


def _loss(
    network: ChunkMlp, batch: tuple[torch.Tensor, ...], config: CloningConfig
) -> torch.Tensor:
    inputs, targets, closing, done = batch
    outputs = network(inputs)
    cut = config.chunk * POSE_SIZE
    binary = torch.nn.functional.binary_cross_entropy_with_logits
    pose_loss = (outputs[:, :cut] - targets).abs().mean()
    gripper_loss = binary(outputs[:, cut:-1], closing)
    done_loss = binary(outputs[:, -1], done)
    beside = config.gripper_weight * gripper_loss + config.done_weight * done_loss
    return torch.as_tensor(pose_loss + beside)
