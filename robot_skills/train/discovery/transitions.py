"""Segments that change something: what held before, what holds after, and when it changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from robot_skills.core.demonstration import Segment
from robot_skills.core.facts import Fact, State
from robot_skills.train.history import History

SETTLE_STEPS = 2  # facts at a cut are what held in most of the steps this near to it


@dataclass(frozen=True)
class Transition:
    """Steps [start, stop) of one history over which facts changed, first at `effect`."""

    history: History
    start: int
    stop: int
    effect: int
    before: State
    after: State

    @property
    def added(self) -> State:
        """Facts that hold after and did not before."""
        return self.after - self.before

    @property
    def deleted(self) -> State:
        """Facts that held before and do not after."""
        return self.before - self.after


def find_transitions(histories: Sequence[History], segments: Sequence[Segment]) -> list[Transition]:
    """One transition a run of segments that ends in a change of facts.

    A segment that changes nothing (an approach, a fumbled grasp) is the beginning of the next
    one that does; what follows the last change belongs to it (a retreat).
    """
    found = []
    for history in histories:
        own = sorted((s for s in segments if s.demonstration == history.name), key=_start)
        found += _of_one(history, own)
    return found


def _start(segment: Segment) -> int:
    return segment.start


def _of_one(history: History, segments: Sequence[Segment]) -> list[Transition]:
    spans: list[tuple[int, int]] = []
    start = segments[0].start if segments else 0
    for segment in segments:
        if settled_facts(history, start) != settled_facts(history, segment.stop):
            spans.append((start, segment.stop))
            start = segment.stop
    if spans and start < history.steps:
        spans[-1] = (spans[-1][0], segments[-1].stop)
    return [transition_over(history, *span) for span in spans]


def transition_over(history: History, start: int, stop: int) -> Transition:
    """What changed over steps [start, stop) of a history."""
    before, after = settled_facts(history, start), settled_facts(history, stop)
    changed = before ^ after
    final = {fact: fact in after for fact in changed}
    effect = next(
        (t for t in range(start, stop) if _all_as(history.facts[t], final)), max(stop - 1, start)
    )
    return Transition(history, start, stop, effect, before, after)


def _all_as(facts: State, wanted: dict[Fact, bool]) -> bool:
    return all((fact in facts) == held for fact, held in wanted.items())


def settled_facts(history: History, step: int) -> State:
    """Facts that held in most steps around a cut: sensors flicker."""
    low, high = max(0, step - SETTLE_STEPS), min(history.steps, step + SETTLE_STEPS + 1)
    near = history.facts[low:high]
    seen = frozenset().union(*near)
    return frozenset(f for f in seen if 2 * sum(f in facts for facts in near) > len(near))
