"""A mean over demonstrations, and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000


@dataclass(frozen=True)
class Mean:
    """Mean of one value a demonstration with its 95 % interval [low, high]; n demonstrations."""

    value: float
    low: float
    high: float
    n: int


def bootstrap_mean(values: Sequence[float], seed: int = 0) -> Mean:
    """Mean of values with a bootstrap interval over them; ValueError when there is none.

    Source: Efron, "Bootstrap methods: another look at the jackknife", 1979.
    """
    table = np.asarray(values, dtype=float)
    if not table.size:
        raise ValueError("a mean needs at least one demonstration; found none")
    rng = np.random.default_rng(seed)
    means = table[rng.integers(len(table), size=(RESAMPLES, len(table)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    mean = float(table.mean())
    return Mean(mean, min(mean, float(low)), max(mean, float(high)), len(table))
