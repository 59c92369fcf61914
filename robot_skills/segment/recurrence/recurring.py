"""How well a stretch recurs elsewhere, measured against stretches cut at random."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from robot_skills.segment.recurrence.descriptors import Looks
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEW = 20.0  # stretches elsewhere at which recurrence weighs half
MOST = 1.0  # spreads above or below chance: recurrence advises, what was measured decides
LENGTHS = (0.25, 3.0)  # of the usual length; longer stretches explain more, up to a point
RANDOM_SPANS = 600
STRETCH = (0.5, 4.0)  # of the length of a probable stretch: those to be judged differ as much
APART = 5  # samples; what overlaps a stretch by more is no recurrence of it
BLOCK = 1024  # stretches compared at once
LOOKED_AT = 60  # nearest stretches of which some are probable enough to count
CLOSEST = 1e-6
LEAST_NEAR = 1.0
NEAR = 0.5  # times the square root of the number of stretches must be near


@dataclass(frozen=True)
class Spans:
    """Samples [start, stop) (N,) of demonstrations by number, their descriptors and probability."""

    owner: Ints
    start: Ints
    stop: Ints
    rows: Floats
    probability: Floats

    @staticmethod
    def joined(parts: Sequence["Spans"]) -> "Spans":
        """All spans of several tables."""
        names = [field.name for field in fields(Spans)]
        return Spans(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def at(self, chosen: Ints | NDArray[np.bool_]) -> "Spans":
        """Only the chosen spans."""
        return Spans(*(getattr(self, field.name)[chosen] for field in fields(Spans)))

    @property
    def seconds(self) -> Floats:
        """Length (N,) of each in s."""
        return np.asarray((self.stop - self.start) / SIGNAL_RATE_HZ)


@dataclass(frozen=True)
class Recurrence:
    """A pool of probable stretches, and how near to it random ones of each length lie.

    curve (3,) gives the usual logarithm of that distance by powers of log seconds, `spread` its
    deviation; `usual_s` is the pool's mean length.
    """

    pool: Spans
    curve: Floats
    spread: float
    usual_s: float

    @staticmethod
    def measure(
        pool: Spans, signals: Sequence[Signals], looks: Looks, rng: np.random.Generator
    ) -> "Recurrence":
        """What chance gives, from spans as long as those of the pool that begin anywhere."""
        random = _random_spans(pool, signals, looks, rng)
        distance = np.log(distance_to(pool, random, _enough(pool)))
        powers = _powers(random.seconds)
        curve = np.asarray(np.linalg.lstsq(powers, distance, rcond=None)[0], dtype=float)
        spread = max(float(np.std(distance - powers @ curve)), 1e-3)
        usual_s = float(np.average(pool.seconds, weights=pool.probability))
        return Recurrence(pool, curve, spread, usual_s)

    def worth(self, spans: Spans) -> Floats:
        """Nats (N,) that speak for each span: positive where it recurs better than by chance."""
        distance = np.log(distance_to(self.pool, spans, _enough(self.pool)))
        nearer = _powers(spans.seconds) @ self.curve - distance
        above = np.clip(nearer / self.spread, -MOST, MOST)
        elsewhere = self.pool.probability.sum()
        trust = elsewhere / (elsewhere + FEW)
        return np.asarray(trust * above * np.clip(spans.seconds / self.usual_s, *LENGTHS))


def distance_to(pool: Spans, spans: Spans, enough: float) -> Floats:
    """Mean distance (N,) of each span from the nearest of a pool that do not overlap it.

    The nearest are those whose probabilities sum to `enough`.
    """
    blocks = [slice(at, at + BLOCK) for at in range(0, len(spans.rows), BLOCK)]
    return np.concatenate([_near(pool, spans, block, enough) for block in blocks])


def _enough(pool: Spans) -> float:
    return max(LEAST_NEAR, NEAR * float(np.sqrt(pool.probability.sum())))


def _near(pool: Spans, spans: Spans, block: slice, enough: float) -> Floats:
    distance = _distances(spans.rows[block], pool.rows)
    distance[_overlap(pool, spans, block)] = np.inf
    looked_at = min(LOOKED_AT, len(pool.rows) - 1)
    near = np.argpartition(distance, looked_at, axis=1)[:, : looked_at + 1]
    ranked = np.take_along_axis(near, np.take_along_axis(distance, near, 1).argsort(axis=1), 1)
    far = np.take_along_axis(distance, ranked, 1)
    mass = np.cumsum(pool.probability[ranked], axis=1)
    counted = np.isfinite(far) & (mass - pool.probability[ranked] < enough)
    total = np.where(counted, far, 0.0).sum(axis=1)
    farthest = far[np.isfinite(far)].max(initial=CLOSEST)
    mean = np.where(counted.any(axis=1), total / np.maximum(counted.sum(axis=1), 1), farthest)
    return np.asarray(np.maximum(mean, CLOSEST))


def _distances(one: Floats, other: Floats) -> Floats:
    squared = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)))


def _overlap(pool: Spans, spans: Spans, block: slice) -> NDArray[np.bool_]:
    same = spans.owner[block, None] == pool.owner
    before = pool.start < spans.stop[block, None] + APART
    after = pool.stop > spans.start[block, None] - APART
    return np.asarray(same & before & after)


def _random_spans(
    pool: Spans, signals: Sequence[Signals], looks: Looks, rng: np.random.Generator
) -> Spans:
    like = rng.choice(len(pool.rows), RANDOM_SPANS)
    owner = pool.owner[like]
    numbers, place = np.unique(owner, return_inverse=True)
    samples = np.array([signals[number].samples for number in numbers])[place]
    stretch = np.exp(rng.uniform(np.log(STRETCH[0]), np.log(STRETCH[1]), len(like)))
    length = np.minimum(np.ceil((pool.stop[like] - pool.start[like]) * stretch), samples)
    length = length.astype(np.int64)
    room = samples - length
    start = rng.integers(0, room + 1)
    return Spans.joined(
        [
            spans_of(looks, number, signals[number], start[chosen], (start + length)[chosen])
            for number in numbers
            for chosen in [owner == number]
        ]
    )


def spans_of(looks: Looks, number: int, signals: Signals, start: Ints, stop: Ints) -> Spans:
    """Spans of demonstration `number`, each with probability 1."""
    ones = np.ones(len(start))
    owner = np.full(len(start), number)
    return Spans(owner, start, stop, looks.describe(signals, start, stop), ones)


def _powers(seconds: Floats) -> Floats:
    """1, x and x^2 (N, 3) of x = log seconds."""
    return np.asarray(np.vander(np.log(seconds), 3, increasing=True), dtype=float)
