"""Which weighed moments are boundaries, how sure, and which signal says so."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.evidence.channels import HINDSIGHT, SURPRISE
from robot_skills.segment.habits import Habits, Weighed
from robot_skills.segment.signals import SIGNAL_RATE_HZ
from robot_skills.segment.weights import Weights

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Boundary:
    """A change of behaviour at a sample: how sure (0..1), and which signal caused it."""

    sample: int
    confidence: float
    cause: str


def boundaries_of(
    weighed: Weighed, habits: Habits, weights: Weights, config: SegmentConfig
) -> list[Boundary]:
    """Candidates above the threshold, the likeliest of those too near to one another."""
    logit = weights.logit(weighed.features, weighed.rises, habits.few)
    threshold = habits.few * weights.threshold - float(np.log(config.finer))
    kept = likeliest(weighed.samples, logit, config.min_length_s, threshold)
    confidence = weights.confidence(logit)
    return [
        Boundary(
            int(weighed.samples[index]),
            float(confidence[index]),
            _cause(weighed, index, habits, weights),
        )
        for index in kept
    ]


def likeliest(samples: Ints, logit: Floats, apart_s: float, threshold: float) -> list[int]:
    """Indices, ascending, of candidates above the threshold and at least `apart_s` apart."""
    kept: list[int] = []
    for index in np.argsort(-logit, kind="stable"):
        if logit[index] < threshold:
            break
        if all(abs(samples[index] - samples[k]) >= apart_s * SIGNAL_RATE_HZ for k in kept):
            kept.append(int(index))
    return sorted(kept)


def threshold_for(logits: Sequence[Floats], count: int) -> float:
    """The threshold above which `count` candidates of all recordings lie; infinity for none."""
    every = np.sort(np.concatenate([np.zeros(0), *logits]))[::-1]
    if count < 1:
        return float("inf")
    return float(every[min(count, len(every)) - 1]) if len(every) else 0.0


def _cause(weighed: Weighed, index: int, habits: Habits, weights: Weights) -> str:
    """The channel that adds most; of the predictors, the signal they were least sure about."""
    coefficients = np.array(weights.coefficients)
    shares = habits.few * habits.mixture.shares(weighed.evidence[index], coefficients)
    best = int(np.argmax(shares))
    by_rise = (1 - habits.few) * weights.surprise * (weighed.rises[index] + 1)
    cause = habits.mixture.channels[best]
    if by_rise < shares[best] and cause not in (SURPRISE, HINDSIGHT):
        return cause
    sample = int(weighed.samples[index])
    rises = {c: v[sample] - np.median(v) for c, v in weighed.surprise.by_cause.items()}
    return max(rises, key=lambda name: rises[name]) if rises else cause
