"""How open the future is at each moment, by predictors that never saw that recording."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from robot_skills.core.progress import Track, quiet
from robot_skills.segment.predict.features import FeatureMaker, Features
from robot_skills.segment.predict.forecaster import Forecaster
from robot_skills.segment.predict.nearest import Nearest
from robot_skills.segment.signals import Signals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[np.str_]

FOLDS = 4
ENSEMBLE = 2
SMOOTHING = 2.0  # samples
NEIGHBOURS = 20
REMEMBERED = 20_000  # moments in which to look for what recurs
RECURRENCE_HALF = 10  # demonstrations at which recurrence weighs as much as the moment itself
CONTACT = ("object", "fixture")  # events that cut until many recordings show what they belong to
SILENT = ("gripper",)  # seen by the predictor, but a switch lies inside a behaviour


@dataclass(frozen=True)
class Surprise:
    """Surprise (S,) of one demonstration in nats, and the share of each cause in it."""

    total: Floats
    by_cause: dict[str, Floats]


@dataclass(frozen=True)
class Place:
    """Which recording of how many a stretch belongs to.

    Whole recordings are left out in turn; a single one is left out part by part.
    """

    number: int
    count: int

    def folds(self, at: Ints, samples: int) -> Ints:
        """Fold (R,) of rows at samples `at` of a stretch `samples` long."""
        if self.count > 1:
            return np.full(len(at), self.number % min(FOLDS, self.count))
        return np.asarray(at * FOLDS // samples)


@dataclass(frozen=True)
class Memory:
    """Moments of the learned recordings: their context, the recording (N,), surprise (N,)."""

    nearest: Nearest
    owner: Ints
    surprise: Floats

    def like(self, context: Floats, own: Floats, number: int, share: float) -> Floats:
        """Surprise `own` (R,) drawn by `share` towards that of like moments elsewhere."""
        distance, near = self.nearest.find(context, NEIGHBOURS + 12)
        other = self.owner[near] != number
        width = np.median(distance[other]) if other.any() else 1.0
        weight = other * np.exp(-(distance**2) / (2 * width**2 + 1e-12)) + 1e-12
        like = np.sum(weight * self.surprise[near], axis=1) / weight.sum(axis=1)
        return (1 - share) * own + share * np.where(other.any(axis=1), like, own)


@dataclass(frozen=True)
class Predictors:
    """Predictors by fold, what each cause is trusted with, and what they said of all they saw."""

    maker: FeatureMaker
    folds: tuple[tuple[Forecaster, ...], ...]
    causes: Texts
    trust: dict[str, float]
    share: float
    memory: Memory | None

    @staticmethod
    def fit(
        group: Sequence[Signals], places: Sequence[Place], seed: int, track: Track = quiet
    ) -> "Predictors":
        """From stretches of one layout, each recording predicted from the others alone.

        InputError when nothing moves in any of them.
        """
        maker = FeatureMaker.fit(group)
        features = [maker.make(signals) for signals in group]
        folds = [
            place.folds(f.at, s.samples)
            for f, s, place in zip(features, group, places, strict=True)
        ]
        causes = np.array(features[0].motion_causes + features[0].things_causes)
        share = _recurrence_share(places[0].count)
        forecasters = tuple(
            _forecasters(features, folds, fold, seed)
            for fold in track(range(1 + max(int(of.max()) for of in folds)), "predicting")
        )
        blind = Predictors(maker, forecasters, causes, {}, share, None)
        scores = [blind.score(f, of) for f, of in zip(features, folds, strict=True)]
        targets = np.concatenate([np.concatenate([f.motion, f.things], axis=1) for f in features])
        actual = np.concatenate([actual for _, actual in scores])
        trust = _trust(targets, actual, causes, share)
        totals = [_sum(_by_cause(expected, causes, trust)) for expected, _ in scores]
        memory = _memory(features, places, totals)
        return Predictors(maker, forecasters, causes, trust, share, memory)

    def measure(self, signals: Signals, place: Place) -> Surprise:
        """Surprise of one stretch of that layout, seen in learning or not."""
        features = self.maker.make(signals)
        expected, _ = self.score(features, place.folds(features.at, signals.samples))
        parts = _by_cause(expected, self.causes, self.trust)
        total = _sum(parts)
        if self.memory is not None:
            total = self.memory.like(features.context, total, place.number, self.share)
        return _on_samples(features, parts, total, signals.samples)

    def score(self, features: Features, folds: Ints) -> tuple[Floats, Floats]:
        """Expected and actual surprise (R, D) by the predictors that left out each row's fold."""
        found = np.zeros((2, len(features.at), len(self.causes)))
        for fold in np.unique(folds):
            rows = folds == fold
            some = features.rows(rows)
            members = self.folds[min(int(fold), len(self.folds) - 1)]
            found[:, rows] = np.mean([member.score(some) for member in members], axis=0)
        return found[0], found[1]


def _forecasters(
    features: Sequence[Features], folds: Sequence[Ints], fold: int, seed: int
) -> tuple[Forecaster, ...]:
    seen = [f.rows(of != fold) for f, of in zip(features, folds, strict=True)]
    if not sum(len(f.at) for f in seen):
        seen = list(features)
    return tuple(Forecaster.fit(seen, seed * ENSEMBLE + member) for member in range(ENSEMBLE))


def _trust(targets: Floats, actual: Floats, causes: Texts, share: float) -> dict[str, float]:
    """Trust in each cause: the square of what prediction gains over knowing only the spread."""
    blind = 0.5 + np.log(targets.std(axis=0) + 1e-3)
    gain = blind - actual.mean(axis=0)
    heard = [str(cause) for cause in np.unique(causes) if cause not in SILENT]
    trust = {cause: max(0.0, float(gain[causes == cause].mean())) ** 2 for cause in heard}
    trust |= {c: trust[c] * (1 - share) for c in CONTACT if c in trust}
    total = sum(trust.values())
    if not total:
        return dict.fromkeys(trust, 1 / len(trust))
    return {cause: value / total for cause, value in trust.items()}


def _by_cause(expected: Floats, causes: Texts, trust: dict[str, float]) -> dict[str, Floats]:
    return {c: w * expected[:, causes == c].mean(axis=1) for c, w in trust.items()}


def _sum(parts: dict[str, Floats]) -> Floats:
    return np.asarray(np.sum(list(parts.values()), axis=0))


def _recurrence_share(recordings: int) -> float:
    """How much to believe what recurs: 0 for one recording, towards 1 for many."""
    return (recordings - 1) / (recordings - 1 + RECURRENCE_HALF)


def _memory(
    features: Sequence[Features], places: Sequence[Place], totals: Sequence[Floats]
) -> Memory | None:
    """Every second moment, or fewer where there are many; None for a single recording."""
    if len({place.number for place in places}) < 2:
        return None
    owner = np.concatenate(
        [np.full(len(f.at), place.number) for f, place in zip(features, places, strict=True)]
    )
    every = max(2, -(-len(owner) // REMEMBERED))
    context = np.concatenate([f.context for f in features])[::every]
    return Memory(Nearest.among(context), owner[::every], np.concatenate(totals)[::every])


def _on_samples(
    features: Features, parts: dict[str, Floats], total: Floats, samples: int
) -> Surprise:
    def spread(rows: Floats) -> Floats:
        return np.asarray(
            gaussian_filter1d(np.interp(np.arange(samples), features.at, rows), SMOOTHING)
        )

    return Surprise(spread(total), {cause: spread(rows) for cause, rows in parts.items()})
