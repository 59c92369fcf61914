"""A small network that predicts the mean and the spread of what comes next."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from robot_skills.nets.threads import limited_threads

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]

HIDDEN = 96
TRAINING_STEPS = 600
BATCH = 512
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-2
INPUT_NOISE = 0.05
LOG_SPREAD = (-3.5, 2.0)
LARGEST_SQUARED_ERROR = 9.0  # in units of the predicted variance: one slip is not a new skill
MOMENTUM, MOMENTUM_OF_SQUARES, TINY = 0.9, 0.999, 1e-8  # as Adam's authors advise


@dataclass(frozen=True)
class GaussianPredictor:
    """Weights and offsets of each layer, from (B, I) to mean and log standard deviation (B, D).

    Plain arrays, so that it goes to another process as it is. Source: Nix and Weigend, "Estimating
    the mean and variance of the target probability distribution", ICNN 1994.
    """

    layers: tuple[Rows, ...]

    def predict(self, past: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation, (B, D) each."""
        return _predict([torch.tensor(layer) for layer in self.layers], past)


def fit_predictor(past: Floats, targets: Floats, seed: int) -> GaussianPredictor:
    """Fit by negative log-likelihood on rows past (R, I), targets (R, D)."""
    with limited_threads(1):
        return _fit(past, targets, seed)


def score_rows(model: GaussianPredictor, past: Floats, targets: Floats) -> tuple[Floats, Floats]:
    """Expected and actual surprise (R, D) nats, up to a constant; single errors are bounded."""
    with limited_threads(1), torch.no_grad():
        mean, log_spread = model.predict(torch.tensor(past, dtype=torch.float32))
        error = (torch.tensor(targets, dtype=torch.float32) - mean) * torch.exp(-log_spread)
        actual = log_spread + 0.5 * torch.clamp(error**2, max=LARGEST_SQUARED_ERROR)
        return log_spread.double().numpy(), actual.double().numpy()


def _predict(layers: Sequence[Tensor], past: Tensor) -> tuple[Tensor, Tensor]:
    hidden = past
    for weight, offset in _pairs(layers[:-2]):
        hidden = nn.functional.silu(nn.functional.linear(hidden, weight, offset))
    mean, log_spread = nn.functional.linear(hidden, *layers[-2:]).chunk(2, dim=-1)
    return mean, log_spread.clamp(*LOG_SPREAD)


@torch.no_grad()
def _fit(past: Floats, targets: Floats, seed: int) -> GaussianPredictor:
    generator = torch.Generator().manual_seed(seed)
    start = _untrained(past.shape[1], targets.shape[1], seed)
    shapes = [layer.shape for layer in start]
    descent = _Descent(torch.cat([layer.flatten() for layer in start]))
    layers, slopes = _shaped(descent.point, shapes), _shaped(descent.slope, shapes)
    x, y = torch.tensor(past, dtype=torch.float32), torch.tensor(targets, dtype=torch.float32)
    for rate in _rates():
        rows = torch.randint(len(x), (BATCH,), generator=generator)
        noise = torch.randn(BATCH, x.shape[1], generator=generator)
        seen = noise.mul_(INPUT_NOISE).add_(x.index_select(0, rows))
        _find_slopes(layers, seen, y.index_select(0, rows), slopes)
        descent.step(rate)
    return GaussianPredictor(tuple(layer.numpy() for layer in layers))


def _find_slopes(
    layers: Sequence[Tensor], past: Tensor, targets: Tensor, slopes: Sequence[Tensor]
) -> None:
    """Slopes of the mean negative log-likelihood of rows, by the chain rule, into `slopes`.

    Written out, it takes half the time that a graph of so small a network does.
    """
    inputs, gates = [past], []
    for weight, offset in _pairs(layers[:-2]):
        sums = torch.addmm(offset, inputs[-1], weight.T)
        gates.append(torch.sigmoid(sums))
        inputs.append(sums.mul_(gates[-1]))
    back = _slope_of_loss(torch.addmm(layers[-1], inputs[-1], layers[-2].T), targets)
    for at in reversed(range(len(inputs))):
        torch.mm(back.T, inputs[at], out=slopes[2 * at])
        torch.sum(back, 0, out=slopes[2 * at + 1])
        if at:
            gate = gates[at - 1]
            bend = torch.addcmul(gate, inputs[at], 1 - gate)
            back = torch.mm(back, layers[2 * at]).mul_(bend)


def _slope_of_loss(given: Tensor, targets: Tensor) -> Tensor:
    """Slope (B, 2 D) of the mean negative log-likelihood in what the last layer gives."""
    mean, unbounded = given.chunk(2, dim=-1)
    log_spread = unbounded.clamp(*LOG_SPREAD)
    sharp = torch.exp(-log_spread)
    error = (targets - mean).mul_(sharp)
    of_spread = (1 - error**2).mul_(unbounded == log_spread)
    return torch.cat([error.mul_(sharp).neg_(), of_spread], dim=1).div_(len(given))


def _pairs(layers: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
    """Weight and offset of each layer."""
    return zip(layers[::2], layers[1::2], strict=True)


def _untrained(inputs: int, targets: int, seed: int) -> list[Tensor]:
    sizes = (inputs, HIDDEN, HIDDEN, 2 * targets)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [nn.Linear(*pair) for pair in pairwise(sizes)]
    return [part.detach() for layer in layers for part in (layer.weight, layer.bias)]


def _shaped(flat: Tensor, shapes: Sequence[torch.Size]) -> list[Tensor]:
    """The layers that lie one after the other in `flat`, seen in place."""
    ends = np.cumsum([shape.numel() for shape in shapes])
    parts = zip(ends, shapes, strict=True)
    return [flat[end - shape.numel() : end].view(shape) for end, shape in parts]


def _rates() -> Iterator[float]:
    """Learning rates that fall along a half cosine (Loshchilov and Hutter, ICLR 2017)."""
    for step in range(TRAINING_STEPS):
        yield LEARNING_RATE * (1 + math.cos(math.pi * step / TRAINING_STEPS)) / 2


class _Descent:
    """AdamW (Loshchilov and Hutter, ICLR 2019) on one vector.

    That of torch does the same a layer at a time, and takes seconds to import.
    """

    def __init__(self, start: Tensor) -> None:
        self.point = start
        self.slope = torch.zeros_like(start)
        self._mean = torch.zeros_like(start)
        self._squares = torch.zeros_like(start)
        self._steps = 0

    def step(self, rate: float) -> None:
        """Move `point` down the `slope` there."""
        self._steps += 1
        self._mean.lerp_(self.slope, 1 - MOMENTUM)
        self._squares.mul_(MOMENTUM_OF_SQUARES)
        self._squares.addcmul_(self.slope, self.slope, value=1 - MOMENTUM_OF_SQUARES)
        usual = self._squares.sqrt().div_(math.sqrt(1 - MOMENTUM_OF_SQUARES**self._steps))
        self.point.mul_(1 - rate * WEIGHT_DECAY)
        far = rate / (1 - MOMENTUM**self._steps)
        self.point.addcdiv_(self._mean, usual.add_(TINY), value=-far)
