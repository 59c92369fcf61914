"""Behaviour cloning of policy networks of any kind."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from robot_skills.core.progress import Track, quiet
from robot_skills.nets.kinds import DEFAULT, kind_named
from robot_skills.nets.learning import Tensors, Weights, begin, export
from robot_skills.nets.network import (
    INPUT_MEAN,
    INPUT_SCALE,
    POSE_MEAN,
    POSE_SCALE,
    Network,
    standardised,
)
from robot_skills.train.dataset import Rows

SCALE_FLOOR = 1e-3  # a target that hardly varies is not blown up
INPUT_FLOOR = 0.05  # nor is an input


@dataclass(frozen=True)
class CloningConfig:
    """How a policy network is fitted: AdamW with cosine decay, classifiers beside the poses' loss.

    `policy` names the kind; `hidden` and `layers` go to the kinds that have them. A policy sees
    `observations` steps, as many as its kind is used to where that is None.
    """

    policy: str = DEFAULT
    steps: int = 4000
    batch: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    chunk: int = 12
    observations: int | None = None
    hidden: int = 256
    layers: int = 2
    gripper_weight: float = 0.3
    done_weight: float = 0.1

    @property
    def seen(self) -> int:
        """How many observations the network is given at once."""
        if self.observations is not None:
            return self.observations
        return kind_named(self.policy).observations

    def network(self, inputs: int) -> Network:
        """The network for that many inputs, of all observations together."""
        kind = kind_named(self.policy)
        known = {field.name for field in fields(kind)}
        chosen = {name: getattr(self, name) for name in ("hidden", "layers") if name in known}
        return kind(inputs=inputs, chunk=self.chunk, observations=self.seen, **chosen)


def fit(rows: Rows, config: CloningConfig, seed: int, track: Track = quiet) -> Weights:
    """Weights of a network fitted to the rows; the same seed gives the same weights on a CPU."""
    generator = torch.Generator().manual_seed(seed)
    network = config.network(rows.inputs.shape[1])
    weights = begin(network, seed)
    scales = _scales(rows)
    tensors = _tensors(rows, scales)
    optimiser = torch.optim.AdamW(
        weights.values(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
    for _ in track(range(config.steps), "learning"):
        chosen = torch.randint(len(rows.inputs), (config.batch,), generator=generator)
        batch = tuple(tensor[chosen] for tensor in tensors)
        loss = _loss(network, {**weights, **scales}, batch, config, generator)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
    return export({**weights, **scales})


def _scales(rows: Rows) -> Tensors:
    flat = rows.poses.reshape(len(rows.poses), -1)
    return {
        INPUT_MEAN: _tensor(rows.inputs.mean(axis=0)),
        INPUT_SCALE: _tensor(np.maximum(rows.inputs.std(axis=0), INPUT_FLOOR)),
        POSE_MEAN: _tensor(flat.mean(axis=0)),
        POSE_SCALE: _tensor(np.maximum(flat.std(axis=0), SCALE_FLOOR)),
    }


def _tensors(rows: Rows, scales: Tensors) -> tuple[torch.Tensor, ...]:
    """Inputs, standardised poses, closing, done: a row each."""
    flat = rows.poses.reshape(len(rows.poses), -1)
    mean, scale = flat.mean(axis=0), np.maximum(flat.std(axis=0), SCALE_FLOOR)
    targets = _tensor((flat - mean) / scale)
    return _tensor(rows.inputs), targets, _tensor(rows.closing), _tensor(rows.done)


def _tensor(array: NDArray[np.float64]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


def _loss(
    network: Network,
    weights: Tensors,
    batch: tuple[torch.Tensor, ...],
    config: CloningConfig,
    generator: Any,
) -> torch.Tensor:
    inputs, targets, closing, done = batch
    seen = standardised(weights, inputs)
    pose_loss, logits = network.loss(weights, seen, targets, generator)
    binary = torch.nn.functional.binary_cross_entropy_with_logits
    gripper_loss = binary(logits[:, :-1], closing)
    done_loss = binary(logits[:, -1], done)
    beside = config.gripper_weight * gripper_loss + config.done_weight * done_loss
    return torch.as_tensor(pose_loss + beside)
