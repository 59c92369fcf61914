"""Moments at which behaviour changes."""

from bisect import bisect
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.segment.signals import SIGNAL_RATE_HZ

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Boundary:
    """A change of behaviour at a sample: how sure (0..1), and which signal caused it."""

    sample: int
    confidence: float
    cause: str


def likeliest(samples: Ints, logits: Floats, apart_s: float, threshold: float) -> list[int]:
    """Indices, ascending, of candidates above the threshold and at least `apart_s` apart."""
    apart = apart_s * SIGNAL_RATE_HZ
    kept: list[int] = []
    taken: list[int] = []  # their samples, ascending
    for index in np.argsort(-logits, kind="stable"):
        if logits[index] < threshold:
            break
        sample = int(samples[index])
        place = bisect(taken, sample)
        if all(abs(sample - near) >= apart for near in taken[max(0, place - 1) : place + 1]):
            taken.insert(place, sample)
            kept.append(int(index))
    return sorted(kept)
