"""Moments at which behaviour may change."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from robot_skills.segment.recurrence.idleness import idle_stretches
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals

REST_CONFIDENCE = 0.7
BESIDE_S = 0.5  # a candidate this near to where a rest begins or ends is that moment
EDGE_S = 0.4  # a recording's own beginning and end are no boundaries


@dataclass(frozen=True)
class Candidate:
    """A sample at which behaviour may change, how probable that is, and what speaks for it."""

    sample: int
    probability: float
    cause: str


def with_rests(signals: Signals, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Candidates, ascending, with both ends of every long rest, and none inside a rest."""
    found = list(candidates)
    edge, inner = EDGE_S * SIGNAL_RATE_HZ, BESIDE_S * SIGNAL_RATE_HZ
    for start, stop in idle_stretches(signals):
        for end in (start, stop):
            if edge < end < signals.samples - edge:
                _mark(found, end)
        first = bisect_right(found, start + inner, key=_sample)
        del found[first : bisect_left(found, stop - inner, key=_sample)]
    return found


def _mark(candidates: list[Candidate], end: int) -> None:
    """Make the candidate nearest to the end of a rest sure enough, or put in a new one."""
    place = bisect_left(candidates, end, key=_sample)
    near = range(max(0, place - 1), min(place + 1, len(candidates)))
    nearest = min(near, key=lambda at: abs(candidates[at].sample - end), default=None)
    if nearest is None or abs(candidates[nearest].sample - end) > BESIDE_S * SIGNAL_RATE_HZ:
        candidates.insert(place, Candidate(end, REST_CONFIDENCE, "rest"))
        return
    found = candidates[nearest]
    surer = max(found.probability, REST_CONFIDENCE)
    candidates[nearest] = replace(found, probability=surer)


def _sample(candidate: Candidate) -> int:
    return candidate.sample
