"""How well boundaries agree with true ones: one-to-one matching within a tolerance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from robot_skills.segment.metrics.intervals import RESAMPLES, Mean, bootstrap_mean

Times = Sequence[float] | NDArray[np.float64]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOLERANCE_S = 0.5
TOLERANCES_S = (0.25, 0.5, 1.0)
FEW = 5  # demonstrations, below which intervals are over boundaries


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
    near_s = tolerance_s + 1e-9
    return sorted(
        pair
        for one, other in _clusters(found, true, near_s)
        for pair in _match(found, true, one, other, near_s)
    )


def _clusters(found: Floats, true: Floats, near_s: float) -> Iterator[tuple[Ints, Ints]]:
    """Indices of found and true boundaries that might be matched with one another, nobody else."""
    times = np.concatenate([found, true])
    order = np.argsort(times, kind="stable")
    for cluster in np.split(order, np.flatnonzero(np.diff(times[order]) > near_s) + 1):
        one, other = cluster[cluster < len(found)], cluster[cluster >= len(found)] - len(found)
        if len(one) and len(other):
            yield one, other


def _match(
    found: Floats, true: Floats, one: Ints, other: Ints, near_s: float
) -> list[tuple[int, int]]:
    distance = np.abs(found[one][:, None] - true[other])
    allowed = distance <= near_s
    never = (near_s + 1.0) * (min(distance.shape) + 1)  # dearer than any set of real matches
    rows, columns = linear_sum_assignment(np.where(allowed, distance, never))
    pairs = zip(rows, columns, strict=True)
    return [(int(one[i]), int(other[j])) for i, j in pairs if allowed[i, j]]


def count_boundaries(
    found_s: Times, true_s: Times, tolerance_s: float = TOLERANCE_S
) -> BoundaryCounts:
    """Counts of one demonstration, times in seconds."""
    matched = len(match_boundaries(found_s, true_s, tolerance_s))
    return BoundaryCounts(matched, len(found_s), len(true_s))


def total_counts(counts: Sequence[BoundaryCounts]) -> BoundaryCounts:
    """Counts of all demonstrations together."""
    return sum(counts, BoundaryCounts(0, 0, 0))


def resampled_counts(counts: Sequence[BoundaryCounts], seed: int = 0) -> Counts:
    """Bootstrapped matched, found and true boundaries (RESAMPLES, demonstrations, 3).

    Demonstrations are drawn with replacement; where there are fewer than FEW, their boundaries
    are instead: of each demonstration its matched pairs, false and missed boundaries.
    Source: Efron, "Bootstrap methods: another look at the jackknife", 1979.
    """
    rng = np.random.default_rng(seed)
    if len(counts) < FEW:
        drawn = [_redrawn(one, rng) for one in counts]
        return np.stack(drawn, axis=1) if drawn else np.zeros((RESAMPLES, 0, 3), dtype=np.int64)
    table = np.array([(c.matched, c.found, c.true) for c in counts])
    return np.asarray(table[rng.integers(len(table), size=(RESAMPLES, len(table)))])


def _redrawn(one: BoundaryCounts, rng: np.random.Generator) -> Counts:
    """Counts (RESAMPLES, 3) of one demonstration whose boundaries are drawn with replacement."""
    kinds = np.array([one.matched, one.found - one.matched, one.true - one.matched])
    if not kinds.sum():
        return np.zeros((RESAMPLES, 3), dtype=np.int64)
    matched, false, missed = rng.multinomial(kinds.sum(), kinds / kinds.sum(), size=RESAMPLES).T
    return np.stack([matched, matched + false, matched + missed], axis=1)


def resampled_f1(counts: Sequence[BoundaryCounts], seed: int = 0) -> NDArray[np.float64]:
    """Pooled F1 (RESAMPLES,) of every resample of `resampled_counts`."""
    matched, found, true = resampled_counts(counts, seed).sum(axis=1).T
    total = found + true
    return np.where(total > 0, 2 * matched / np.maximum(total, 1), 1.0)


def bootstrap_f1(counts: Sequence[BoundaryCounts], seed: int = 0) -> tuple[float, float]:
    """95 % interval of the pooled F1, see `resampled_counts`; [0, 1] without demonstrations."""
    if not counts:
        return 0.0, 1.0
    low, high = np.percentile(resampled_f1(counts, seed), [2.5, 97.5])
    return float(low), float(high)


def score_boundaries(
    found_s: Sequence[Times], true_s: Sequence[Times], seed: int = 0
) -> dict[str, Mean]:
    """Means over demonstrations, with intervals, from boundaries in seconds of each.

    The keys are precision, recall and f1 at each of TOLERANCES_S, such as f1@0.5, and
    over_segmentation. The intervals are over boundaries where there are fewer than FEW
    demonstrations. ValueError when there is no demonstration.
    """
    pairs = list(zip(found_s, true_s, strict=True))
    means: dict[str, Mean] = {}
    for tolerance_s in TOLERANCES_S:
        counts = [count_boundaries(found, true, tolerance_s) for found, true in pairs]
        for name in ("precision", "recall", "f1"):
            means[f"{name}@{tolerance_s:g}"] = _mean(counts, name, seed)
    counts = [count_boundaries(found, true) for found, true in pairs]
    means["over_segmentation"] = _mean(counts, "over_segmentation", seed)
    return means


def _mean(counts: Sequence[BoundaryCounts], metric: str, seed: int) -> Mean:
    """Mean over demonstrations of one property of BoundaryCounts."""
    values = [float(getattr(one, metric)) for one in counts]
    if not counts or len(counts) >= FEW:
        return bootstrap_mean(values, seed)
    drawn = resampled_counts(counts, seed)
    means = [
        np.mean([getattr(BoundaryCounts(*map(int, row)), metric) for row in rows]) for rows in drawn
    ]
    low, high = np.percentile(means, [2.5, 97.5])
    mean = float(np.mean(values))
    return Mean(mean, min(mean, float(low)), max(mean, float(high)), len(counts))
