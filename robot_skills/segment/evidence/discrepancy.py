"""How unlike the time before a moment is to the time after it."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LANDMARKS = 400  # samples from which the kernel's width is taken


def discrepancy(rows: Floats, width: int) -> Floats:
    """Kernel distance (S,) between the `width` rows (S, D) before each sample and those from it on.

    Linear in S: only kernel values within two widths of the diagonal are ever computed. Source:
    Gretton et al., "A kernel two-sample test", JMLR 2012; bandwidth by the median distance.
    """
    samples = len(rows)
    width = min(width, samples // 3)
    found = np.zeros(samples)
    if width < 1 or not rows.shape[1]:
        return found
    gamma = _inverse_width(rows)
    at = np.arange(width, samples - width + 1)
    within, across = np.zeros(len(at)), np.zeros(len(at))
    for lag in range(2 * width):
        sums = _sums(rows, lag, gamma)
        if lag < width:
            count = 1 if lag == 0 else 2
            within += count * (sums[at - lag] - sums[at - width])
            within += count * (sums[at + width - lag] - sums[at])
        if lag:
            first = np.maximum(at - width, at - lag)
            last = np.maximum(first, np.minimum(at, at + width - lag))
            across += sums[last] - sums[first]
    distance = np.sqrt(np.maximum(within - 2 * across, 0.0)) / width
    inside = at < samples
    found[at[inside]] = distance[inside]
    return found


def _sums(rows: Floats, lag: int, gamma: float) -> Floats:
    """Running sum (S - lag + 1,) of the kernel between each row and the one `lag` later."""
    apart = ((rows[lag:] - rows[: len(rows) - lag]) ** 2).sum(axis=1)
    return np.concatenate([[0.0], np.cumsum(np.exp(-gamma * apart))])


def _inverse_width(rows: Floats) -> float:
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), LANDMARKS)).astype(int)]
    apart = ((some[:, None] - some[None]) ** 2).sum(axis=2)
    positive = apart[apart > 0]
    return 1.0 / float(np.median(positive)) if len(positive) else 1.0
