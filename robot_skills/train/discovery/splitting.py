"""Segments that hold one skill after another, cut again where the first of them ends.

Recurrence decides. A change of facts that was often cut out by itself is known; a segment in which
it happened, and what happened beside it is known too or is left beside known changes just as often,
holds both skills.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from robot_skills.core.facts import State
from robot_skills.core.task import Task
from robot_skills.train.discovery.lifting import Signature, signature_of
from robot_skills.train.discovery.transitions import SETTLE_STEPS, Transition, transition_over

LEAST_REST = 2 * SETTLE_STEPS + 1  # steps that facts must last between two skills: sensors flicker


@dataclass(frozen=True)
class Frequent:
    """In how many segments a change was found, and how many steps they usually went on after it.

    `lag` is infinite where nobody knows.
    """

    support: int
    lag: float


Known = Mapping[Signature, Frequent]
NOTHING_LEARNED: Known = {}

ROUNDS = 3  # a segment of four skills is halved twice; one more to see that nothing is left


def split_recurring(
    transitions: Sequence[Transition],
    task: Task,
    min_support: int,
    learned: Known = NOTHING_LEARNED,
) -> list[Transition]:
    """The transitions, those that hold two frequent changes replaced by the two.

    Changes that were `learned` before are frequent however rarely they are found here.
    """
    found = list(transitions)
    for _ in range(ROUNDS):
        known = {**learned, **_frequent(found, task, min_support)}
        known |= _remainders(found, known, task, min_support)
        halves = [_halves(one, known, task) for one in found]
        found = [half for pair in halves for half in pair]
        if all(len(pair) == 1 for pair in halves):
            break
    return found


def _frequent(
    transitions: Sequence[Transition], task: Task, min_support: int
) -> dict[Signature, Frequent]:
    left: dict[Signature, list[int]] = defaultdict(list)
    for one in transitions:
        left[_change(one.before, one.after, task)].append(one.stop - one.effect)
    return {
        change: Frequent(len(steps), float(np.median(steps)))
        for change, steps in left.items()
        if len(steps) >= min_support
    }


def _remainders(
    transitions: Sequence[Transition], known: Known, task: Task, min_support: int
) -> dict[Signature, Frequent]:
    """Changes that are often left when a known one is taken from a segment."""
    left: dict[Signature, list[float]] = defaultdict(list)
    for one in transitions:
        for _start, _stop, middle in _rests(one):
            first, second = _change(one.before, middle, task), _change(middle, one.after, task)
            if first in known and second not in known:
                left[second].append(one.stop - one.effect)
            if second in known and first not in known:
                left[first].append(known[second].lag)
    return {
        change: Frequent(len(steps), float(np.median(steps)))
        for change, steps in left.items()
        if len(steps) >= min_support
    }


def _halves(transition: Transition, known: Known, task: Task) -> list[Transition]:
    """The transition, or the two best supported frequent changes that it holds."""
    whole = _change(transition.before, transition.after, task)
    most, cut = 0, None
    for start, stop, middle in _rests(transition):
        first = _change(transition.before, middle, task)
        second = _change(middle, transition.after, task)
        if whole in (first, second) or first not in known or second not in known:
            continue
        support = min(known[first].support, known[second].support)
        if support > most:
            most, cut = support, int(min(start + known[first].lag, (start + stop) // 2))
    if cut is None:
        return [transition]
    history = transition.history
    spans = ((transition.start, cut), (cut, transition.stop))
    return [transition_over(history, *span) for span in spans]


def _change(before: State, after: State, task: Task) -> Signature:
    return signature_of(after - before, before - after, task)[0]


def _rests(transition: Transition) -> list[tuple[int, int, State]]:
    """Spans [start, stop) on the way over which facts last that differ from those at both ends."""
    facts = transition.history.facts
    spans, start = [], transition.start
    for step in range(transition.start + 1, transition.stop + 1):
        if step == transition.stop or facts[step] != facts[start]:
            if step - start >= LEAST_REST:
                spans.append((start, step, facts[start]))
            start = step
    return [span for span in spans if span[2] not in (transition.before, transition.after)]
