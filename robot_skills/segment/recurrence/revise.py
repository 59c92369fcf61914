"""Boundaries between stretches that recur gain probability; those inside one of them lose it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from robot_skills.segment.candidates import Candidate, with_rests
from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.groups import by_layout
from robot_skills.segment.recurrence.descriptors import Looks
from robot_skills.segment.recurrence.lattice import SUREST, Lattice
from robot_skills.segment.recurrence.recurring import Recurrence, Spans, spans_of
from robot_skills.segment.signals import Signals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROUNDS = 3
POOL = 1500  # segments that every other one is compared with
SHIFT = 8.0  # nats
HALVINGS = 12
PROBABLE = 0.05  # segments less probable than this are nothing to recur in


def revise(
    signals: Sequence[Signals],
    candidates: Sequence[Sequence[Candidate]],
    config: SegmentConfig,
) -> list[list[Candidate]]:
    """Candidates with probabilities that know what recurs elsewhere.

    All cuttings at the candidates are weighed by how well their segments recur in other
    demonstrations, or at other times of the same one, compared with spans cut at random; what
    recurs is looked up among the segments that are probable, and that again is revised, in a few
    rounds. Candidates are ascending in time. With little to recur in hardly anything changes.
    As many boundaries are expected as before. Long rests come out as segments of their own.
    """
    result: list[list[Candidate]] = [list(found) for found in candidates]
    for group in by_layout(signals):
        revised = _of_group(group, [candidates[index] for index in group.numbers], config.seed)
        for index, probability in zip(group.numbers, revised, strict=True):
            pairs = zip(candidates[index], probability, strict=True)
            result[index] = [replace(c, probability=float(p)) for c, p in pairs]
    return [with_rests(one, found) for one, found in zip(signals, result, strict=True)]


def _of_group(
    signals: Sequence[Signals], candidates: Sequence[Sequence[Candidate]], seed: int
) -> list[Floats]:
    """Probability (C,) of the candidates of each demonstration of one layout."""
    rng = np.random.default_rng(seed)
    looks = Looks.measure(signals)
    ways = [_Ways.of(*pair) for pair in zip(signals, candidates, strict=True)]
    for _ in range(ROUNDS):
        pool = _pool(signals, looks, ways, rng)
        if len(pool.rows) < 2:
            break
        recurrence = Recurrence.measure(pool, signals, looks, rng)
        for number, (one, way) in enumerate(zip(signals, ways, strict=True)):
            every = spans_of(looks, number, one, way.lattice.starts, way.lattice.stops)
            ways[number] = replace(way, worth=recurrence.worth(every))
    return _as_many(ways)


def _as_many(ways: Sequence["_Ways"]) -> list[Floats]:
    """Probabilities (C,) of each, from odds shifted alike until as many cuts are expected as given.

    Recurrence says which candidates are boundaries, not how many.
    """
    wanted = sum(float(way.probability.sum()) for way in ways)
    low, high = -SHIFT, SHIFT
    found = [way.posteriors()[0] for way in ways]
    for _ in range(HALVINGS):
        shift = (low + high) / 2
        found = [way.shifted(shift).posteriors()[0] for way in ways]
        more = sum(float(probability.sum()) for probability in found) > wanted
        low, high = (low, shift) if more else (shift, high)
    return found


@dataclass(frozen=True)
class _Ways:
    """The ways to cut one demonstration: probability (C,) of candidates, worth (N,) of segments."""

    lattice: Lattice
    probability: Floats
    worth: Floats

    @staticmethod
    def of(signals: Signals, candidates: Sequence[Candidate]) -> "_Ways":
        lattice = Lattice.between([c.sample for c in candidates], signals.samples)
        probability = np.array([c.probability for c in candidates])
        return _Ways(lattice, probability, np.zeros(len(lattice.first)))

    def shifted(self, shift: float) -> "_Ways":
        """The same with `shift` nats more for every candidate."""
        odds = logit(np.clip(self.probability, SUREST, 1 - SUREST)) + shift
        return replace(self, probability=expit(odds))

    def posteriors(self) -> tuple[Floats, Floats]:
        return self.lattice.posteriors(self.probability, self.worth)


def _pool(
    signals: Sequence[Signals], looks: Looks, ways: Sequence[_Ways], rng: np.random.Generator
) -> Spans:
    """Probable segments of demonstrations drawn at random, about POOL of them at most."""
    parts: list[Spans] = []
    for number in rng.permutation(len(signals)):
        lattice = ways[number].lattice
        probability = ways[number].posteriors()[1]
        kept = np.flatnonzero(probability > PROBABLE)
        kept = np.sort(rng.permutation(kept)[:POOL])
        spans = spans_of(
            looks, int(number), signals[number], lattice.starts[kept], lattice.stops[kept]
        )
        parts.append(replace(spans, probability=probability[kept]))
        if sum(len(part.rows) for part in parts) >= POOL:
            break
    return Spans.joined(parts)
