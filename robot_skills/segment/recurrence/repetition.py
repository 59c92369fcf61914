"""Segments that try again what was just tried."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.segment.signals import Signals

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SAME_PLACE = 0.3  # of how far the hand reached: two tries end no farther apart
UNDONE = 0.4  # of a gripper's range: it opened or closed again in between
MOVED_M = 0.02  # a thing moved farther than this shows that the first try succeeded
NO_SKILL = -1


def repetitions(signals: Signals, edges: Ints, labels: Ints) -> Bools:
    """Whether each segment between `edges` (N + 1,) is another try of the one before it.

    A second try is of the same skill and ends at the same place. It follows at once, or after one
    segment that only undid the first (the gripper opened again), and no object was moved by then.
    """
    again = [
        _tries_again(signals, edges, labels, at - 1, at)
        or (_undone(signals, edges, at) and _tries_again(signals, edges, labels, at - 2, at))
        for at in range(len(labels))
    ]
    return np.array(again, dtype=bool)


def _tries_again(signals: Signals, edges: Ints, labels: Ints, before: int, at: int) -> bool:
    if before < 0 or labels[at] != labels[before] or labels[at] == NO_SKILL:
        return False
    one, other = (signals.path[edges[k] : edges[k + 1]] for k in (before, at))
    reached = max(_reach(one), _reach(other))
    apart = float(np.linalg.norm(one[-1] - other[-1]))
    return apart <= SAME_PLACE * reached and not _moved(signals, int(edges[before]), int(edges[at]))


def _reach(path: Floats) -> float:
    """How far from its start a path (S, P) leads."""
    return float(np.linalg.norm(path - path[0], axis=1).max())


def _undone(signals: Signals, edges: Ints, at: int) -> bool:
    """Whether the segment before `at` brought a gripper back, and was shorter than the tries."""
    lengths = np.diff(edges)
    if (
        at < 2
        or not signals.gripper.shape[1]
        or lengths[at - 1] >= max(lengths[at - 2], lengths[at])
    ):
        return False
    tried = signals.gripper[edges[at - 1] - 1] - signals.gripper[edges[at - 2]]
    back = signals.gripper[edges[at] - 1] - signals.gripper[edges[at - 1] - 1]
    return bool(((tried * back < 0) & (np.minimum(abs(tried), abs(back)) > UNDONE)).any())


def _moved(signals: Signals, start: int, stop: int) -> bool:
    if not signals.objects.shape[1]:
        return False
    shift = signals.objects[stop - 1] - signals.objects[start]
    return bool((np.linalg.norm(shift, axis=1) > MOVED_M).any())
