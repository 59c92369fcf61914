"""How well boundaries agree with true ones: one-to-one matching within a tolerance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from robot_skills.segment.intervals import RESAMPLES, Mean, bootstrap_mean

Times = Sequence[float] | NDArray[np.float64]

TOLERANCE_S = 0.5
TOLERANCES_S = (0.25, 0.5, 1.0)


@dataclass(frozen=True)
class BoundaryCounts:
    """Matched, found and true boundaries; counts of several demonstrations add up."""

    matched: int
    found: int
    true: int

    def __add__(self, other: "BoundaryCounts") -> "BoundaryCounts":
        return BoundaryCounts(
            self.matched + other.matched, self.found + other.found, self.true + other.true
        )

    @property
    def precision(self) -> float:
        """Share of found boundaries that are true; 1 when none was found and none is true."""
        return self.matched / self.found if self.found else float(not self.true)

    @property
    def recall(self) -> float:
        """Share of true boundaries that were found; 1 when there is none."""
        return self.matched / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 when there was nothing to find or report."""
        total = self.found + self.true
        return 2 * self.matched / total if total else 1.0

    @property
    def over_segmentation(self) -> float:
        """Number of segments for each true one of a demonstration; 1 is right."""
        return (self.found + 1) / (self.true + 1)


def match_boundaries(
    found_s: Times, true_s: Times, tolerance_s: float = TOLERANCE_S
) -> list[tuple[int, int]]:
    """Largest one-to-one matching (found index, true index) within `tolerance_s`, nearest first.

    Among matchings of the largest size the one with the smallest sum of distances is returned.
    """
    found, true = np.asarray(found_s, dtype=float), np.asarray(true_s, dtype=float)
    if not (found.size and true.size):
        return []
    distance = np.abs(found[:, None] - true[None, :])
    allowed = distance <= tolerance_s + 1e-9
    never = (tolerance_s + 1.0) * (min(distance.shape) + 1)  # dearer than any set of real matches
    rows, columns = linear_sum_assignment(np.where(allowed, distance, never))
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if allowed[i, j]]


def count_boundaries(
    found_s: Times, true_s: Times, tolerance_s: float = TOLERANCE_S
) -> BoundaryCounts:
    """Counts of one demonstration, times in seconds."""
    matched = len(match_boundaries(found_s, true_s, tolerance_s))
    return BoundaryCounts(matched, len(found_s), len(true_s))


def total_counts(counts: Sequence[BoundaryCounts]) -> BoundaryCounts:
    """Counts of all demonstrations together."""
    return sum(counts, BoundaryCounts(0, 0, 0))


def bootstrap_f1(counts: Sequence[BoundaryCounts], seed: int = 0) -> tuple[float, float]:
    """95 % interval of the pooled F1, drawing demonstrations with replacement (Efron 1979)."""
    if not counts:
        return 0.0, 1.0
    rng = np.random.default_rng(seed)
    table = np.array([(c.matched, c.found, c.true) for c in counts])
    sums = table[rng.integers(len(table), size=(RESAMPLES, len(table)))].sum(axis=1)
    reported = sums[:, 1] + sums[:, 2]
    f1 = np.where(reported > 0, 2 * sums[:, 0] / np.maximum(reported, 1), 1.0)
    low, high = np.percentile(f1, [2.5, 97.5])
    return float(low), float(high)


def score_boundaries(
    found_s: Sequence[Times], true_s: Sequence[Times], seed: int = 0
) -> dict[str, Mean]:
    """Means over demonstrations, with intervals, from boundaries in seconds of each.

    The keys are precision, recall and f1 at each of TOLERANCES_S, such as f1@0.5, and
    over_segmentation. ValueError when there is no demonstration.
    """
    pairs = list(zip(found_s, true_s, strict=True))
    means: dict[str, Mean] = {}
    for tolerance_s in TOLERANCES_S:
        counts = [count_boundaries(found, true, tolerance_s) for found, true in pairs]
        means |= {
            f"{name}@{tolerance_s:g}": bootstrap_mean([getattr(c, name) for c in counts], seed)
            for name in ("precision", "recall", "f1")
        }
    counts = [count_boundaries(found, true) for found, true in pairs]
    means["over_segmentation"] = bootstrap_mean([c.over_segmentation for c in counts], seed)
    return means
