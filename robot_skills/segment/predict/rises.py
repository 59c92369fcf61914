"""How far surprise crests above what was usual since the last boundary."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from robot_skills.segment.evidence.levels import split_level
from robot_skills.segment.signals import SIGNAL_RATE_HZ

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

APART_S = 1.0  # between crests; of what lies nearer, one is the echo of the other
MEMORY_S = 2.0  # the usual level is that since the last boundary, but of no longer ago
FORESIGHT_S = 2.0  # and of what follows, or the first rise of a segment has nothing to stand on
EDGE_S = 0.4  # a recording's own beginning and end are no boundaries
LOWEST, HIGHEST = -3.0, 3.0  # of a logarithm


def level_of_rises(surprises: Sequence[Floats], forgets: bool = True) -> float:
    """The rise that parts those of all recordings into high and low; infinity without any.

    The usual surprise is forgotten at every rise, or never.
    """
    forgotten_at = 0.0 if forgets else np.inf
    every = [_rises(surprise, find_crests(surprise), forgotten_at) for surprise in surprises]
    return split_level([rise for rises in every for _, rise in rises if rise > 0])


def log_rises(surprise: Floats, level: float, forgets: bool = True) -> Floats:
    """Logarithm (S,) of each crest's rise over the level, LOWEST where there is no crest.

    The usual surprise is forgotten at every crest that reaches the level, unless `forgets` is
    False. Source of the rule: "Open-World Skill Discovery from Unsegmented Demonstrations", 2025;
    there its level is given.
    """
    found = np.full(len(surprise), LOWEST)
    if not np.isfinite(level) or level <= 0:
        return found
    forgotten_at = level if forgets else np.inf
    for crest, rise in _rises(surprise, find_crests(surprise), forgotten_at):
        found[crest] = np.clip(np.log(max(rise, 1e-6) / level), LOWEST, HIGHEST)
    return found


def find_crests(surprise: Floats) -> Ints:
    """Samples of local maxima at least APART_S apart, away from both ends."""
    found, _ = find_peaks(surprise, distance=round(APART_S * SIGNAL_RATE_HZ))
    edge = EDGE_S * SIGNAL_RATE_HZ
    return np.asarray(found[(found > edge) & (found < len(surprise) - edge)])


def _rises(surprise: Floats, crests: Ints, forgotten_at: float) -> list[tuple[int, float]]:
    """Each crest with its rise above the usual surprise since the last rise so high."""
    found: list[tuple[int, float]] = []
    last = 0
    for crest in crests:
        start = max(last, crest - round(MEMORY_S * SIGNAL_RATE_HZ))
        stop = crest + round(FORESIGHT_S * SIGNAL_RATE_HZ)
        rise = float(surprise[crest] - np.median(surprise[start:stop]))
        found.append((int(crest), rise))
        if rise >= forgotten_at:
            last = int(crest)
    return found
