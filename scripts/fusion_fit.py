"""Fitting the weights of the fusion to recordings whose boundaries are known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment, minimize

from robot_skills.segment.boundaries import likeliest
from robot_skills.segment.evidence.fusion import FEATURES
from robot_skills.segment.evidence.weights import Weights
from robot_skills.segment.metrics.boundary_metrics import count_boundaries, total_counts
from robot_skills.segment.signals import SIGNAL_RATE_HZ
from robot_skills.segment.weighing import Weighed, Weigher

Floats = NDArray[np.float64]

APART_S = 0.5
EVENTS = 40.0  # every family of recordings counts as so many boundaries
RIDGE = 0.1
SURPRISE_BOUNDS = (0.5, 3.0)
SLOPE_BOUNDS = (0.2, 4.0)
THRESHOLDS = np.linspace(-2.0, 1.0, 31)
FAR = 1e3


@dataclass(frozen=True)
class MarkedSet:
    """Weighed recordings of one set and their true boundaries in s.

    Sets of one family share a weight and are left out together; `spoilt` ones, from which a
    sensor was taken, teach the weights but not how sure to be. Sets that are told apart more
    finely than APART_S have no say in the threshold.
    """

    name: str
    family: str
    weighed: Sequence[tuple[Weighed, Weigher]]
    truths_s: Sequence[Sequence[float]]
    tolerance_s: float
    spoilt: bool = False


def fit_weights(sets: Sequence[MarkedSet]) -> Weights:
    """Weights by logistic regression with a ridge, threshold by F1, confidence by Platt's method.

    Source of the last: Platt, "Probabilistic outputs for support vector machines", 1999.
    """
    fitted = _fit_logit(sets)
    threshold = max(THRESHOLDS, key=lambda one: _mean_f1(sets, fitted, float(one)))
    slope, offset = _fit_confidence(sets, fitted, float(threshold))
    return Weights(
        tuple(map(float, fitted[: len(FEATURES)])),
        float(fitted[-2]),
        float(fitted[-1]),
        float(threshold),
        slope,
        offset,
    )


def logits(one: MarkedSet, fitted: Floats) -> list[Floats]:
    """Logit (C,) of every candidate of each recording."""
    return [_rows(weighed, weigher) @ fitted for weighed, weigher in one.weighed]


def hits(samples: NDArray[np.int64], truth_s: Sequence[float], tolerance_s: float) -> Floats:
    """1 for each candidate (C,) matched with a true boundary, one to one, else 0."""
    found = np.zeros(len(samples))
    if len(samples) and len(truth_s):
        apart = np.abs(samples[:, None] / SIGNAL_RATE_HZ - np.array(truth_s)[None])
        pairs = linear_sum_assignment(np.where(apart <= tolerance_s, apart - FAR, FAR))
        found[[a for a, b in zip(*pairs, strict=True) if apart[a, b] <= tolerance_s]] = 1.0
    return found


def _rows(weighed: Weighed, weigher: Weigher) -> Floats:
    few = np.full((len(weighed.samples), 1), weigher.few)
    rise = weighed.rises[:, None] * (1 - weigher.few)
    return np.concatenate([weighed.features * few, few, rise], axis=1)


def _fit_logit(sets: Sequence[MarkedSet]) -> Floats:
    rows = np.concatenate([_rows(*one) for of in sets for one in of.weighed])
    hit = np.concatenate([np.concatenate(_hits(one)) for one in sets])
    weight = np.concatenate([np.full(_count(one), _say(one, sets) / _count(one)) for one in sets])
    features = len(FEATURES)

    def loss(theta: Floats) -> tuple[float, Floats]:
        logit = rows @ theta
        error = weight * (1 / (1 + np.exp(-logit)) - hit)
        ridge = np.where(np.arange(len(theta)) < features, RIDGE * theta, 0.0)
        value = (weight * (np.logaddexp(0, logit) - hit * logit)).sum()
        return float(value + 0.5 * ridge @ theta), rows.T @ error + ridge

    bounds = [(0.0, None)] * features + [(None, None), SURPRISE_BOUNDS]
    start = np.zeros(features + 2)
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x)


def _fit_confidence(
    sets: Sequence[MarkedSet], fitted: Floats, threshold: float
) -> tuple[float, float]:
    logit, hit, weight = [np.zeros(0)], [np.zeros(0)], [np.zeros(0)]
    for one in (s for s in sets if not s.spoilt and s.tolerance_s >= APART_S):
        truths = sum(map(len, one.truths_s))
        pairs = zip(one.weighed, logits(one, fitted), _hits(one), strict=True)
        for (weighed, weigher), own, right in pairs:
            kept = likeliest(weighed.samples, own, APART_S, weigher.few * threshold)
            logit.append(own[kept])
            hit.append(right[kept])
            weight.append(np.full(len(kept), weigher.few * _say(one, sets) / truths))
    x, y, w = map(np.concatenate, (logit, hit, weight))
    w = w / w.mean()

    def loss(theta: Floats) -> float:
        z = theta[0] * x + theta[1]
        return float((w * (np.logaddexp(0, z) - y * z)).sum() + 0.5 * (theta[0] - 1) ** 2)

    found = minimize(loss, [1.0, 0.0], bounds=[SLOPE_BOUNDS, (None, None)]).x
    return float(found[0]), float(found[1])


def _mean_f1(sets: Sequence[MarkedSet], fitted: Floats, threshold: float) -> float:
    counted = [one for one in sets if one.tolerance_s >= APART_S]
    return sum(_say(one, sets) * _f1(one, fitted, threshold) for one in counted)


def _f1(one: MarkedSet, fitted: Floats, threshold: float) -> float:
    counts = []
    pairs = zip(one.weighed, logits(one, fitted), one.truths_s, strict=True)
    for (weighed, weigher), own, truth_s in pairs:
        kept = likeliest(weighed.samples, own, APART_S, weigher.few * threshold)
        found_s = weighed.samples[kept] / SIGNAL_RATE_HZ
        counts.append(count_boundaries(list(found_s), truth_s, one.tolerance_s))
    return total_counts(counts).f1


def _hits(one: MarkedSet) -> list[Floats]:
    pairs = zip(one.weighed, one.truths_s, strict=True)
    return [hits(weighed.samples, truth_s, one.tolerance_s) for (weighed, _), truth_s in pairs]


def _count(one: MarkedSet) -> int:
    return sum(len(weighed.samples) for weighed, _ in one.weighed)


def _say(one: MarkedSet, sets: Sequence[MarkedSet]) -> float:
    """A set's share of its family's weight; finely told families count a quarter."""
    share = EVENTS / sum(other.family == one.family for other in sets)
    return share if one.tolerance_s >= APART_S else share / 4
