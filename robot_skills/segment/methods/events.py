"""Events outside the arm: the gripper switches, or a contact begins or ends."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from robot_skills.segment.boundaries import Boundary
from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.methods.cuts import spaced
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals

Ints = NDArray[np.int64]

SWITCHED = 0.5  # of the gripper's range
JUMP_S = 0.2  # a contact shows in the wrench within this time
JUMP_SPREADS = (
    6.0  # robust standard deviations; of Gaussian noise 5 are reached once in two million samples
)


def gripper_boundaries(signals: Signals, config: SegmentConfig) -> list[Boundary]:
    """Each moment at which a gripper passes the middle of its range."""
    switches = spaced(gripper_switches(signals), config.min_length_s * SIGNAL_RATE_HZ)
    return [Boundary(sample, 1.0, "gripper") for sample in switches]


def event_boundaries(signals: Signals, config: SegmentConfig) -> list[Boundary]:
    """Each switch of a gripper and, where there is a wrench, each jump of it.

    Source: external events of "Open-World Skill Discovery from Unsegmented Demonstrations", 2025;
    contacts as in Su et al., "Learning manipulation graphs from demonstrations using multimodal
    sensory signals", ICRA 2018.
    """
    switches = gripper_switches(signals)
    together = np.union1d(switches, wrench_jumps(signals, config.finer))
    kept = spaced(together, config.min_length_s * SIGNAL_RATE_HZ)
    return [Boundary(at, 1.0, "gripper" if at in switches else "force") for at in kept]


def gripper_switches(signals: Signals) -> Ints:
    """Samples at which a gripper passes the middle of its range."""
    closed = signals.gripper < SWITCHED
    return np.flatnonzero((closed[1:] != closed[:-1]).any(axis=1)) + 1


def wrench_jumps(signals: Signals, finer: float = 1.0) -> Ints:
    """Samples at which a wrench changes within JUMP_S by far more than it usually does."""
    half = max(1, round(JUMP_S * SIGNAL_RATE_HZ / 2))
    if not signals.force.shape[1] or signals.samples <= 2 * half:
        return np.zeros(0, dtype=np.int64)
    change = signals.force[2 * half :] - signals.force[: -2 * half]
    spread = 1.4826 * np.median(np.abs(change - np.median(change, axis=0)), axis=0)
    floor = 1e-3 * np.ptp(signals.force, axis=0) + 1e-12
    size = np.abs(change / np.maximum(spread, floor)).max(axis=1)
    peaks, _ = find_peaks(size, height=JUMP_SPREADS / finer, distance=2 * half)
    return np.asarray(peaks + half)
