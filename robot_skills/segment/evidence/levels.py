"""From curves of any unit to evidence between 0 and 1."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks
from scipy.special import expit

Floats = NDArray[np.float64]
Curves = dict[str, Floats]

SMOOTHING = 1.0  # samples
APART = 8  # samples between two crests
WIDTH = 3.0  # samples: how far evidence is told from its crest
STEEP = 4.0  # how fast evidence rises about the level
FEWEST = 4  # crests; fewer have no level


@dataclass(frozen=True)
class Level:
    """The height that parts a channel's crests into high and low, and how well it parts them.

    `separation` is the share of the variance of heights that the parting explains.
    """

    height: float
    separation: float

    @staticmethod
    def find(curves: Sequence[Floats]) -> "Level | None":
        """From a channel's curve (S,), in any unit, of each recording; None for too few crests."""
        heights = [curve[crests] for curve, crests in map(_crests, curves)]
        positive = np.concatenate([h[h > 0] for h in heights])
        if len(positive) < FEWEST:
            return None
        height = split_level(positive)
        high = positive > height
        if not high.any():
            return Level(height, 0.0)
        gap = positive[high].mean() - positive[~high].mean()
        between = high.mean() * (1 - high.mean()) * gap**2
        return Level(height, float(between / (positive.var() + 1e-12)))

    def evidence(self, curve: Floats) -> Floats:
        """Evidence (S,) from 0 to 1, 0.5 at a crest as high as the level."""
        smooth, crests = _crests(curve)
        found = np.zeros(len(smooth))
        found[crests] = expit(STEEP * (smooth[crests] / self.height - 1))
        spread = gaussian_filter1d(found, WIDTH) * WIDTH * np.sqrt(2 * np.pi)
        return np.asarray(np.minimum(spread, 1.0))


def split_level(values: Sequence[float] | Floats) -> float:
    """The level that parts values into two groups as unlike as can be; infinity for none.

    Source: Otsu, "A threshold selection method from gray-level histograms", 1979.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    count = len(ordered)
    if count < 2:
        return float(ordered[0]) if count else float("inf")
    low = np.arange(1, count)
    total = np.cumsum(ordered)
    below, above = total[:-1] / low, (total[-1] - total[:-1]) / (count - low)
    best = int(np.argmax(low * (count - low) * (above - below) ** 2))
    return float((ordered[best] + ordered[best + 1]) / 2)


def _crests(curve: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """The curve, smoothed and about its own median, and its crests."""
    smooth = gaussian_filter1d(np.nan_to_num(curve), SMOOTHING)
    smooth = smooth - np.median(smooth)
    return smooth, find_peaks(smooth, distance=APART)[0]
