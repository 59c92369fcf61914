"""A name and a role for every segment: which skill it is, or why it is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import SegmentRole
from robot_skills.segment.groups import by_layout
from robot_skills.segment.recurrence.clusters import LARGEST, Clusters
from robot_skills.segment.recurrence.descriptors import Looks
from robot_skills.segment.recurrence.idleness import still
from robot_skills.segment.recurrence.recurring import Spans, distance_to, spans_of
from robot_skills.segment.recurrence.repetition import repetitions
from robot_skills.segment.signals import Signals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MOSTLY = 0.8  # of a segment's samples
ALIKE = 2.0  # other segments that one must be like to recur
FEWEST = 8  # segments; among fewer nobody can say what recurs
OFTEN = 0.3  # share of a skill's segments: people fumble less than that
ODD = 3.5  # deviations beyond which a value is an outlier (Iglewicz and Hoaglin, 1993)
TWICE = float(np.log(2.0))  # and no outlier is nearer than twice the usual distance
NO_SKILL = -1


@dataclass(frozen=True)
class SkillName:
    """The skill a segment belongs to, "" for none, and its role."""

    name: str
    role: SegmentRole


def name_skills(
    signals: Sequence[Signals], boundaries: Sequence[Sequence[int]], seed: int = 0
) -> list[list[SkillName]]:
    """Skill and role of each segment between ascending boundaries, in samples.

    Segments alike are one skill wherever they happen and however long they take; how many skills
    there are is found. Names are skill_1, skill_2 ... in order of first appearance. A segment in
    which nothing moves is idle, one that is like no other is extraneous, and one that tries again
    what the one before it tried is a repetition. One long recording will do.
    """
    found: dict[int, tuple[Ints, list[SegmentRole]]] = {}
    first = 0
    for group in by_layout(signals):
        named = _of_group(group, [boundaries[index] for index in group.numbers], first, seed)
        found.update(zip(group.numbers, named, strict=True))
        first = 1 + max(first, *(int(labels.max()) for labels, _ in named))
    return _numbered([found[index] for index in range(len(signals))])


def _numbered(found: Sequence[tuple[Ints, list[SegmentRole]]]) -> list[list[SkillName]]:
    names: dict[int, str] = {NO_SKILL: ""}
    for labels, _ in found:
        for label in labels:
            names.setdefault(int(label), f"skill_{len(names)}")
    return [
        [SkillName(names[int(label)], role) for label, role in zip(labels, roles, strict=True)]
        for labels, roles in found
    ]


def _of_group(
    signals: Sequence[Signals], boundaries: Sequence[Sequence[int]], first: int, seed: int
) -> list[tuple[Ints, list[SegmentRole]]]:
    """Labels from `first` on, and roles, of the segments of demonstrations of one layout."""
    looks = Looks.measure(signals)
    edges = [np.array([0, *cuts, s.samples]) for s, cuts in zip(signals, boundaries, strict=True)]
    spans = Spans.joined(
        [
            spans_of(looks, number, one, edge[:-1], edge[1:])
            for number, (one, edge) in enumerate(zip(signals, edges, strict=True))
        ]
    )
    idle = _idle(signals, spans)
    odd = np.zeros(len(idle), dtype=bool)
    odd[~idle] = _odd(spans.at(~idle), seed)
    labels = np.full(len(idle), NO_SKILL)
    kept = ~idle & ~odd
    if kept.any():
        rows = spans.rows[kept]
        labels[kept] = first + Clusters.find(rows, seed).label(rows)
    starts = np.cumsum([0, *(len(edge) - 1 for edge in edges)])
    parts = list(pairwise(int(start) for start in starts))
    again = [
        repetitions(one, edge, labels[a:b])
        for one, edge, (a, b) in zip(signals, edges, parts, strict=True)
    ]
    fumbled = _rare(np.concatenate(again), labels)
    roles = _roles(idle, odd, fumbled)
    return [(labels[a:b], roles[a:b]) for a, b in parts]


def _rare(again: Bools, labels: Ints) -> Bools:
    """Repetitions (N,) less those of skills so often repeated that they are strokes of one."""
    often = [x for x in np.unique(labels) if again[labels == x].mean() > OFTEN]
    return again & ~np.isin(labels, often)


def _roles(idle: Bools, odd: Bools, fumbled: Bools) -> list[SegmentRole]:
    marks = (
        (SegmentRole.IDLE, idle),
        (SegmentRole.EXTRANEOUS, odd),
        (SegmentRole.REPETITION, fumbled),
    )
    return [
        next((role for role, marked in marks if marked[at]), SegmentRole.SKILL)
        for at in range(len(idle))
    ]


def _idle(signals: Sequence[Signals], spans: Spans) -> Bools:
    """Whether nothing moves in most of each span (N,)."""
    quiet = [np.concatenate([[0], np.cumsum(still(one))]) for one in signals]
    share = [
        (quiet[owner][stop] - quiet[owner][start]) / (stop - start)
        for owner, start, stop in zip(spans.owner, spans.start, spans.stop, strict=True)
    ]
    return np.array(share) >= MOSTLY


def _odd(spans: Spans, seed: int) -> Bools:
    """Whether each span (N,) is far from every other one, as spans go."""
    if len(spans.rows) < FEWEST:
        return np.zeros(len(spans.rows), dtype=bool)
    some = np.random.default_rng(seed).permutation(len(spans.rows))[:LARGEST]
    distance = np.log(distance_to(spans.at(some), spans, ALIKE))
    above = distance - np.median(distance)
    deviation = 1.4826 * np.median(np.abs(above))
    return np.asarray(above > max(ODD * deviation, TWICE))
