"""Behaviour cloning of policy networks of any kind."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray

from robot_skills.core.progress import Track, quiet
from robot_skills.nets.networks.eyes import Eyes
from robot_skills.nets.networks.kinds import DEFAULT, kind_named
from robot_skills.nets.networks.learning import Tensors, Weights, begin, export
from robot_skills.nets.networks.maths import join
from robot_skills.nets.networks.network import (
    INPUT_MEAN,
    INPUT_SCALE,
    POSE_MEAN,
    POSE_SCALE,
    Network,
    standardised,
)
from robot_skills.train.learning.dataset import Rows

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


@dataclass(frozen=True)
class RowPictures:
    """Pictures (B, cameras, 4, h, w) uint8 that belong to B rows, and the eyes to look at them."""

    eyes: Eyes
    pictures: NDArray[np.uint8]


def fit(
    rows: Rows,
    config: CloningConfig,
    seed: int,
    track: Track = quiet,
    seen: RowPictures | None = None,
) -> Weights:
    """Weights of a network fitted to the rows; the same seed gives the same weights on a CPU.

    Where there are pictures, the eyes' weights are among them: what they find in a picture stands
    behind the inputs of its row.
    """
    generator = torch.Generator().manual_seed(seed)
    network = config.network(rows.inputs.shape[1] + (seen.eyes.size if seen else 0))
    weights = begin(network, seed) | (begin(seen.eyes, seed) if seen else {})
    scales = _scales(rows, network)
    tensors = _tensors(rows)
    optimiser = torch.optim.AdamW(
        weights.values(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
    for _ in track(range(config.steps), "learning"):
        chosen = torch.randint(len(rows.inputs), (config.batch,), generator=generator)
        inputs, *targets = (tensor[chosen] for tensor in tensors)
        if seen is not None:
            inputs = join([inputs, _looked_at(seen, chosen, weights)])
        inputs = standardised(scales, inputs)
        loss = _loss(network.loss(weights, inputs, targets[0], generator), targets, config)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
    return export({**weights, **scales})


def _looked_at(seen: RowPictures, chosen: torch.Tensor, weights: Tensors) -> torch.Tensor:
    pictures = torch.from_numpy(seen.pictures[chosen.numpy()]).float() / 255.0
    return torch.as_tensor(seen.eyes(weights, pictures))


def _scales(rows: Rows, network: Network) -> Tensors:
    """Means and scales of inputs and poses; what eyes find is as large as it should be."""
    flat = rows.poses.reshape(len(rows.poses), -1)
    more = network.inputs - rows.inputs.shape[1]
    spread = np.maximum(rows.inputs.std(axis=0), INPUT_FLOOR)
    return {
        INPUT_MEAN: _tensor(np.pad(rows.inputs.mean(axis=0), (0, more))),
        INPUT_SCALE: _tensor(np.pad(spread, (0, more), constant_values=1.0)),
        POSE_MEAN: _tensor(flat.mean(axis=0)),
        POSE_SCALE: _tensor(np.maximum(flat.std(axis=0), SCALE_FLOOR)),
    }


def _tensors(rows: Rows) -> tuple[torch.Tensor, ...]:
    """Inputs, standardised poses, closing, done: a row each."""
    flat = rows.poses.reshape(len(rows.poses), -1)
    mean, scale = flat.mean(axis=0), np.maximum(flat.std(axis=0), SCALE_FLOOR)
    targets = _tensor((flat - mean) / scale)
    return _tensor(rows.inputs), targets, _tensor(rows.closing), _tensor(rows.done)


def _tensor(array: NDArray[np.float64]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


def _loss(
    predicted: tuple[torch.Tensor, torch.Tensor], targets: list[torch.Tensor], config: CloningConfig
) -> torch.Tensor:
    """The poses' own loss, and the classifiers' beside it."""
    pose_loss, logits = predicted
    _, closing, done = targets
    binary = torch.nn.functional.binary_cross_entropy_with_logits
    gripper_loss = binary(logits[:, :-1], closing)
    done_loss = binary(logits[:, -1], done)
    beside = config.gripper_weight * gripper_loss + config.done_weight * done_loss
    return torch.as_tensor(pose_loss + beside)
