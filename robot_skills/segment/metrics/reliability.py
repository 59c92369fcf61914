"""Whether the confidence of boundaries means something: how often those of a confidence are right.

Every function takes confidences (N,) of found boundaries, 0..1, and hits (N,), whether each was
matched to a true boundary, one to one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.segment.metrics.boundary_metrics import TOLERANCE_S, Times, match_boundaries

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Boundaries whose confidence lies in [low, high): how sure, and how often right."""

    low: float
    high: float
    n: int
    mean_confidence: float
    precision: float


def hits_of(found_s: Times, true_s: Times, tolerance_s: float = TOLERANCE_S) -> list[bool]:
    """Whether each found boundary is matched to a true one within `tolerance_s`, one to one."""
    matched = {index for index, _ in match_boundaries(found_s, true_s, tolerance_s)}
    return [index in matched for index in range(len(found_s))]


def precision_recall_at(
    confidences: Sequence[float], hits: Sequence[bool], n_true: int, level: float
) -> tuple[float, float]:
    """Precision and recall of the boundaries whose confidence is above `level`.

    Precision is 1 where there is none, recall 1 where `n_true` is 0. ValueError when there are
    more hits than true boundaries.
    """
    sure, right = _checked(confidences, hits)
    if right.sum() > n_true:
        raise ValueError(f"{right.sum()} hits, but only {n_true} true boundaries")
    above = sure > level
    found = int(np.sum(right & above))
    return found / above.sum() if above.any() else 1.0, found / n_true if n_true else 1.0


def calibration_error(
    confidences: Sequence[float], hits: Sequence[bool], bins: int = BINS
) -> float:
    """Expected calibration error: mean distance of confidence and precision over equal bins.

    Each bin counts by its boundaries; 0 without boundaries. Source: Naeini, Cooper and
    Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
    """
    table = reliability_table(confidences, hits, bins)
    total = sum(one.n for one in table)
    apart = sum(one.n * abs(one.mean_confidence - one.precision) for one in table)
    return apart / total if total else 0.0


def reliability_table(
    confidences: Sequence[float], hits: Sequence[bool], bins: int = BINS
) -> list[Bin]:
    """The bins of equal width that hold boundaries, in order; ValueError for fewer than one bin."""
    if bins < 1:
        raise ValueError(f"bins must be 1 or more; found {bins}")
    sure, right = _checked(confidences, hits)
    place = np.minimum((sure * bins).astype(int), bins - 1)
    table = []
    for number in np.unique(place):
        inside = place == number
        edges = float(number) / bins, float(number + 1) / bins
        means = float(sure[inside].mean()), float(right[inside].mean())
        table.append(Bin(*edges, int(inside.sum()), *means))
    return table


def _checked(
    confidences: Sequence[float], hits: Sequence[bool]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    sure, right = np.asarray(confidences, dtype=float), np.asarray(hits, dtype=bool)
    if sure.ndim != 1 or sure.shape != right.shape:
        raise ValueError(f"a hit for each confidence; found shapes {sure.shape}, {right.shape}")
    if sure.size and not (sure.min() >= 0 and sure.max() <= 1):
        raise ValueError(f"confidences lie in 0..1; found {sure.min():g} to {sure.max():g}")
    return sure, right
