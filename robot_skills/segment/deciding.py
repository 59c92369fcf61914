"""Which weighed moments are boundaries, how sure, and which signal says so."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from robot_skills.segment.boundaries import Boundary, likeliest
from robot_skills.segment.candidates import Candidate
from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.evidence.channels import HINDSIGHT, SURPRISE
from robot_skills.segment.evidence.weights import Weights
from robot_skills.segment.recurrence.revise import revise
from robot_skills.segment.signals import Signals
from robot_skills.segment.weighing import Weighed, Weigher

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

UNLIKELY = 0.02  # candidates below are not looked at again
SUREST = 1e-6
RECURRENCE = 0.5  # how far what recurs revises, where contact was not measured


def find_boundaries(
    signals: Sequence[Signals],
    weighed: Sequence[tuple[Weighed, Weigher]],
    weights: Weights,
    config: SegmentConfig,
    recurrence: float = RECURRENCE,
) -> list[list[Boundary]]:
    """Boundaries of each recording: likely candidates, revised by what recurs in others.

    `recurrence`, 0 to 1, is how far, where contact was not measured.
    """
    beliefs = [Belief.of(one, weigher, weights) for one, weigher in weighed]
    return decide(signals, beliefs, weights, config, recurrence)


@dataclass(frozen=True)
class Belief:
    """What a recording says by itself: likely candidates, and its weigher's few and physical."""

    candidates: tuple[Candidate, ...]
    few: float
    physical: float

    @staticmethod
    def of(weighed: Weighed, weigher: Weigher, weights: Weights) -> "Belief":
        """From the moments of a recording and what they were weighed by."""
        candidates = tuple(candidates_of(weighed, weigher, weights))
        return Belief(candidates, weigher.few, weigher.physical)


def decide(
    signals: Sequence[Signals],
    beliefs: Sequence[Belief],
    weights: Weights,
    config: SegmentConfig,
    recurrence: float = RECURRENCE,
) -> list[list[Boundary]]:
    """`find_boundaries` from little; recordings are taken from `signals` one at a time."""
    first = [belief.candidates for belief in beliefs]
    again = revise(signals, first, config)
    strength = [recurrence * (1 - belief.physical) for belief in beliefs]
    revised = list(map(_between, first, again, strength))
    threshold = _threshold(revised, config)
    return [
        _boundaries(found, belief.few, weights, config.min_length_s, threshold)
        for found, belief in zip(revised, beliefs, strict=True)
    ]


def candidates_of(weighed: Weighed, weigher: Weigher, weights: Weights) -> list[Candidate]:
    """Candidates that are not hopeless; one at the threshold has probability 0.5."""
    above = weights.logit(weighed.features, weighed.rises, weigher.few)
    probability = expit(above - weigher.few * weights.threshold)
    return [
        Candidate(int(weighed.samples[k]), float(p), _cause(weighed, k, weigher, weights))
        for k, p in enumerate(probability)
        if p > UNLIKELY
    ]


def _between(
    first: Sequence[Candidate], again: Sequence[Candidate], strength: float
) -> list[Candidate]:
    """Candidates whose odds lie between those before and after; new ones as they are."""
    before = {c.sample: _logit(c.probability) for c in first}
    found = []
    for c in again:
        odds = _logit(c.probability)
        mixed = strength * odds + (1 - strength) * before.get(c.sample, odds)
        found.append(Candidate(c.sample, float(expit(mixed)), c.cause))
    return found


def _threshold(found: Sequence[Sequence[Candidate]], config: SegmentConfig) -> float:
    """Logit that a boundary must reach: set by `finer`, or by how many the user wants."""
    if config.about is None:
        return -float(np.log(config.finer))
    logits = []
    for candidates in found:
        samples, own = _arrays(candidates)
        logits.append(own[likeliest(samples, own, config.min_length_s, -np.inf)])
    every = np.sort(np.concatenate([np.zeros(0), *logits]))[::-1]
    wanted = (config.about - 1) * len(found)
    if wanted < 1 or not len(every):
        return float("inf")
    return float(every[min(wanted, len(every)) - 1])


def _boundaries(
    found: Sequence[Candidate],
    few: float,
    weights: Weights,
    min_length_s: float,
    threshold: float,
) -> list[Boundary]:
    samples, logits = _arrays(found)
    confidence = weights.confidence(logits + few * weights.threshold)
    return [
        Boundary(found[k].sample, float(confidence[k]), found[k].cause)
        for k in likeliest(samples, logits, min_length_s, threshold)
    ]


def _arrays(candidates: Sequence[Candidate]) -> tuple[Ints, Floats]:
    samples = np.array([c.sample for c in candidates], dtype=np.int64)
    return samples, np.array([_logit(c.probability) for c in candidates])


def _logit(probability: float) -> float:
    return float(logit(np.clip(probability, SUREST, 1 - SUREST)))


def _cause(weighed: Weighed, index: int, weigher: Weigher, weights: Weights) -> str:
    """The channel that adds most; of the predictors, the signal they were least sure about."""
    coefficients = np.array(weights.coefficients)
    shares = weigher.few * weigher.mixture.shares(weighed.evidence[index], coefficients)
    best = int(np.argmax(shares))
    by_rise = (1 - weigher.few) * weights.surprise * (weighed.rises[index] + 1)
    cause = weigher.mixture.channels[best]
    if by_rise < shares[best] and cause not in (SURPRISE, HINDSIGHT):
        return cause
    sample = int(weighed.samples[index])
    rises = {c: v[sample] - np.median(v) for c, v in weighed.surprise.by_cause.items()}
    return max(rises, key=lambda name: rises[name]) if rises else cause
