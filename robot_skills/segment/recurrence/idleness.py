"""Where nothing moves for long enough that somebody must have stopped to think."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals, derivative

Bools = NDArray[np.bool_]

IDLE_S = 2.0  # shorter rests are part of moving
BUSY = 0.9  # quantile of a recording's own speed that counts as moving
STILL = 0.1  # of that speed: slower is standing still
LEAST_TURN = 0.02  # rad/s; sensors turn that fast by themselves
GRIPPING = 0.1  # of the gripper's range a second


def idle_stretches(signals: Signals) -> list[tuple[int, int]]:
    """Samples [start, stop) of every stretch of at least IDLE_S in which nothing moves."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], still(signals).astype(int), [0]])))
    runs = zip(edges[::2], edges[1::2], strict=True)
    return [(int(a), int(b)) for a, b in runs if b - a >= IDLE_S * SIGNAL_RATE_HZ]


def still(signals: Signals) -> Bools:
    """Whether hand, turning and grippers stand still at each sample (S,), by their own measure."""
    quiet = _slow(np.linalg.norm(signals.velocity, axis=1), 0.0)
    if signals.turn.shape[1]:
        quiet &= _slow(np.linalg.norm(signals.turn, axis=1), LEAST_TURN)
    gripping = np.abs(derivative(signals.gripper))
    return np.asarray(quiet & (gripping < GRIPPING).all(axis=1))


def _slow(speed: NDArray[np.float64], least: float) -> Bools:
    return np.asarray(speed <= max(STILL * float(np.quantile(speed, BUSY)), least))
