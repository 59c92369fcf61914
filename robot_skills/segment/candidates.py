"""Moments at which behaviour may change."""

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
    edge = EDGE_S * SIGNAL_RATE_HZ
    for start, stop in idle_stretches(signals):
        for end in (start, stop):
            if edge < end < signals.samples - edge:
                found = _with(found, end)
        inner = BESIDE_S * SIGNAL_RATE_HZ
        found = [c for c in found if not start + inner < c.sample < stop - inner]
    return sorted(found, key=lambda candidate: candidate.sample)


def _with(candidates: list[Candidate], end: int) -> list[Candidate]:
    """Candidates of which the one nearest to the end of a rest is sure enough, or a new one."""
    nearest = min(candidates, key=lambda c: abs(c.sample - end), default=None)
    if nearest is None or abs(nearest.sample - end) > BESIDE_S * SIGNAL_RATE_HZ:
        return [*candidates, Candidate(end, REST_CONFIDENCE, "rest")]
    surer = replace(nearest, probability=max(nearest.probability, REST_CONFIDENCE))
    return [surer if c is nearest else c for c in candidates]
