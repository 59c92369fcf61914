"""Simple ways to cut, to hold the default against: change points, gripper switches, equal parts."""

import numpy as np
import ruptures
from numpy.typing import NDArray

from robot_skills.segment.boundaries import Boundary
from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals

Floats = NDArray[np.float64]

KERNEL_JUMP_S = 0.1
KERNEL_PENALTY = 3.0  # x log(samples): the Bayesian information criterion's order of growth
SWITCHED = 0.5  # of the gripper's range
EQUAL_LENGTH_S = 5.0


def kernel_boundaries(signals: Signals, config: SegmentConfig) -> list[Boundary]:
    """Change points of the standardised signals under a Gaussian kernel.

    Source: Arlot, Celisse and Harchaoui, "A kernel multiple change-point algorithm via model
    selection", JMLR 2019; the `ruptures` library.
    """
    matrix = _standardised(signals)
    shortest = max(2, round(config.min_length_s * SIGNAL_RATE_HZ))
    if len(matrix) < 2 * shortest or not matrix.shape[1] or config.cuts == 0:
        return []
    jump = max(1, round(KERNEL_JUMP_S * SIGNAL_RATE_HZ))
    search = ruptures.KernelCPD(kernel="rbf", min_size=shortest, jump=jump).fit(matrix)
    if config.cuts is not None:
        most = len(matrix) // shortest - 1
        ends = search.predict(n_bkps=min(config.cuts, most))
    else:
        ends = search.predict(pen=KERNEL_PENALTY * np.log(len(matrix)) / config.finer)
    return [Boundary(int(end), 0.5, "signals") for end in ends[:-1]]


def gripper_boundaries(signals: Signals, config: SegmentConfig) -> list[Boundary]:
    """Each moment at which a gripper passes the middle of its range."""
    shortest = config.min_length_s * SIGNAL_RATE_HZ
    closed = signals.gripper < SWITCHED
    switches = np.flatnonzero((closed[1:] != closed[:-1]).any(axis=1)) + 1
    kept: list[Boundary] = []
    for sample in switches:
        if sample - (kept[-1].sample if kept else 0) >= shortest:
            kept.append(Boundary(int(sample), 1.0, "gripper"))
    return kept


def equal_boundaries(signals: Signals, config: SegmentConfig) -> list[Boundary]:
    """Cuts at equal distances: the floor that every figure must be read against."""
    length_s = max(EQUAL_LENGTH_S / config.finer, config.min_length_s)
    cuts = config.cuts
    if cuts is None:
        cuts = max(0, round(signals.samples / SIGNAL_RATE_HZ / length_s) - 1)
    edges = np.linspace(0, signals.samples, cuts + 2)[1:-1]
    return [Boundary(round(float(edge)), 0.0, "equal") for edge in edges]


def _standardised(signals: Signals) -> Floats:
    moving = np.concatenate([signals.path, signals.velocity, signals.gripper], axis=1)
    if signals.objects.shape[1]:
        moving = np.concatenate([moving, signals.objects.reshape(signals.samples, -1)], axis=1)
    spread = moving.std(axis=0)
    moving = moving[:, spread > 1e-6]
    return np.asarray((moving - moving.mean(axis=0)) / moving.std(axis=0))
