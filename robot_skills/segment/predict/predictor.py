"""A small network that predicts the mean and the spread of what comes next."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from robot_skills.nets.threads import limited_threads

Floats = NDArray[np.float64]

HIDDEN = 96
TRAINING_STEPS = 600
BATCH = 512
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-2
INPUT_NOISE = 0.05
LOG_SPREAD = (-3.5, 2.0)
LARGEST_SQUARED_ERROR = 9.0  # in units of the predicted variance: one slip is not a new skill


class GaussianPredictor(nn.Module):
    """Mean and log standard deviation (B, D) of the targets from the past (B, I).

    Source: Nix and Weigend, "Estimating the mean and variance of the target probability
    distribution", ICNN 1994.
    """

    def __init__(self, inputs: int, targets: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, 2 * targets),
        )

    def forward(self, past: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation, (B, D) each."""
        mean, log_spread = self.layers(past).chunk(2, dim=-1)
        return mean, log_spread.clamp(*LOG_SPREAD)


def fit_predictor(past: Floats, targets: Floats, seed: int) -> GaussianPredictor:
    """Fit by negative log-likelihood on rows past (R, I), targets (R, D)."""
    with limited_threads(1):
        return _fit(past, targets, seed)


def _fit(past: Floats, targets: Floats, seed: int) -> GaussianPredictor:
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = GaussianPredictor(past.shape[1], targets.shape[1])
    x, y = torch.tensor(past, dtype=torch.float32), torch.tensor(targets, dtype=torch.float32)
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, TRAINING_STEPS)
    for _ in range(TRAINING_STEPS):
        rows = torch.randint(len(x), (BATCH,), generator=generator)
        noise = INPUT_NOISE * torch.randn(BATCH, x.shape[1], generator=generator)
        mean, log_spread = model(x[rows] + noise)
        loss = (log_spread + 0.5 * ((y[rows] - mean) * torch.exp(-log_spread)) ** 2).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model


@torch.no_grad()
def score_rows(model: GaussianPredictor, past: Floats, targets: Floats) -> tuple[Floats, Floats]:
    """Expected and actual surprise (R, D) nats, up to a constant; single errors are bounded."""
    mean, log_spread = model(torch.tensor(past, dtype=torch.float32))
    error = (torch.tensor(targets, dtype=torch.float32) - mean) * torch.exp(-log_spread)
    actual = log_spread + 0.5 * torch.clamp(error**2, max=LARGEST_SQUARED_ERROR)
    return log_spread.double().numpy(), actual.double().numpy()
