"""Where surprise crests far enough above what was usual since the last boundary."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.signals import SIGNAL_RATE_HZ
from robot_skills.segment.surprise import Surprise

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MEMORY_S = 2.0  # the usual level is that since the last boundary, but of no longer ago
FORESIGHT_S = 2.0  # and of what follows, or the first rise of a segment has nothing to stand on
EDGE_S = 0.4  # a recording's own beginning and end are no boundaries


@dataclass(frozen=True)
class Boundary:
    """A change of behaviour at a sample: how sure (0..1), and which signal caused it."""

    sample: int
    confidence: float
    cause: str


def surprise_boundaries(
    surprises: Sequence[Surprise], config: SegmentConfig
) -> list[list[Boundary]]:
    """Boundaries of each demonstration, with one threshold calibrated on all of them.

    A crest is a boundary where it rises above the usual surprise since the last boundary by more
    than the threshold; the memory then starts afresh. Source of the rule: "Open-World Skill
    Discovery from Unsegmented Demonstrations", 2025; here the threshold is found, not given.
    """
    crests = [find_crests(s.total, config.min_length_s) for s in surprises]
    rises = [_rises(s.total, c, 0.0, 0) for s, c in zip(surprises, crests, strict=True)]
    positive = [rise for found in rises for _, rise in found if rise > 0]
    threshold = split_level(positive) / config.finer
    shortest = round(config.min_length_s * SIGNAL_RATE_HZ)
    return [
        [
            Boundary(sample, _confidence(rise, threshold), _cause(one, sample))
            for sample, rise in _rises(one.total, found, threshold, shortest)
        ]
        for one, found in zip(surprises, crests, strict=True)
    ]


def find_crests(surprise: Floats, min_length_s: float) -> Ints:
    """Samples of local maxima at least `min_length_s` apart, away from both ends."""
    apart = max(1, round(min_length_s * SIGNAL_RATE_HZ))
    found, _ = find_peaks(surprise, distance=apart)
    edge = round(EDGE_S * SIGNAL_RATE_HZ)
    return np.asarray(found[(found > edge) & (found < len(surprise) - edge)])


def split_level(values: Sequence[float]) -> float:
    """The level that parts values into two groups as unlike as can be; infinity for too few.

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


def _rises(
    surprise: Floats, crests: Ints, threshold: float, shortest: int
) -> list[tuple[int, float]]:
    """Crests with their rise above the usual level, the level starting afresh at each one kept."""
    kept: list[tuple[int, float]] = []
    last = 0
    for crest in crests:
        rise = _rise(surprise, int(crest), last)
        if rise >= threshold and crest - last >= shortest:
            kept.append((int(crest), rise))
        if rise >= threshold:
            last = int(crest)
    return kept


def _rise(surprise: Floats, crest: int, last: int) -> float:
    start = max(last, crest - round(MEMORY_S * SIGNAL_RATE_HZ))
    stop = crest + round(FORESIGHT_S * SIGNAL_RATE_HZ)
    return float(surprise[crest] - np.median(surprise[start:stop]))


def _confidence(rise: float, threshold: float) -> float:
    """0.5 at the threshold, towards 1 above it."""
    return float(rise / (rise + threshold)) if threshold > 0 else 1.0


def _cause(surprise: Surprise, sample: int) -> str:
    """The signal whose own surprise rises most above its median at that moment."""
    rises = {c: float(v[sample] - np.median(v)) for c, v in surprise.by_cause.items()}
    return max(rises, key=lambda cause: rises[cause])
