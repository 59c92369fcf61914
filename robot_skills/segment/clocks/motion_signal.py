"""Motion as clocks are compared by it: one rate, no trend, in usual deviations."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Floats = NDArray[np.float64]

RATE_HZ = 60.0
COARSE_RATE_HZ = 10.0
SMOOTHING_S = 0.1
TREND_S = 5.0  # slower changes are light and noise, not motion
OUTLIER = 4.0  # in usual deviations
SHORTEST_S = 5.0


@dataclass(frozen=True)
class MotionSignal:
    """Motion at RATE_HZ from start_s on, its trend removed, in usual deviations."""

    start_s: float
    values: Floats
    still: bool

    @classmethod
    def of(cls, time_s: Floats, motion: Floats) -> Self:
        """From motion (T,) >= 0 at increasing times (T,) s; what is unknown is bridged."""
        known = np.isfinite(motion) & np.isfinite(time_s)
        if known.sum() < 2:
            return cls(0.0, np.zeros(1), still=True)
        time_s, motion = time_s[known], motion[known]
        at_s = np.arange(time_s[0], time_s[-1], 1.0 / RATE_HZ)
        rooted = np.sqrt(np.maximum(np.interp(at_s, time_s, motion), 0.0))
        smooth = gaussian_filter1d(rooted, SMOOTHING_S * RATE_HZ)
        flat = smooth - gaussian_filter1d(smooth, TREND_S * RATE_HZ)
        spread = float(np.std(flat))
        still = spread <= 1e-6 * float(np.abs(rooted).max() + 1e-30)
        values = np.clip(flat / (spread or 1.0), -OUTLIER, OUTLIER)
        return cls(float(time_s[0]), values, still)

    @property
    def stop_s(self) -> float:
        """Time of the last value."""
        return self.start_s + (len(self.values) - 1) / RATE_HZ

    def at(self, time_s: Floats) -> Floats:
        """Values at times (T,), NaN outside."""
        known_s = self.start_s + np.arange(len(self.values)) / RATE_HZ
        return np.asarray(np.interp(time_s, known_s, self.values, left=np.nan, right=np.nan))

    def coarse(self) -> Floats:
        """Values at COARSE_RATE_HZ."""
        every = round(RATE_HZ / COARSE_RATE_HZ)
        return np.asarray(gaussian_filter1d(self.values, every / 2)[::every])


def correlation(a: Floats, b: Floats) -> float:
    """Correlation of two signals (T,) over what both know; 0 where that is less than half."""
    size = min(len(a), len(b))
    both = np.isfinite(a[:size]) & np.isfinite(b[:size])
    if both.sum() < max(2, len(a) / 2):
        return 0.0
    x, y = a[:size][both], b[:size][both]
    x, y = x - x.mean(), y - y.mean()
    return float(np.sum(x * y) / np.sqrt(max(np.sum(x**2) * np.sum(y**2), 1e-12)))
