"""Change points of the standardised signals, by the `ruptures` library."""

import numpy as np
import ruptures
from numpy.typing import NDArray

from robot_skills.segment.boundaries import Boundary
from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.methods.embedding import STILL, standardised
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals

Floats = NDArray[np.float64]

JUMP_S = 0.1
KERNEL_PENALTY = 3.0  # x log(samples): the Bayesian information criterion's order of growth


def kernel_boundaries(signals: Signals, config: SegmentConfig) -> list[Boundary]:
    """Change points under a Gaussian kernel.

    Source: Arlot, Celisse and Harchaoui, "A kernel multiple change-point algorithm via model
    selection", JMLR 2019.
    """
    return _kernel(standardised(signals), config, "signals")


def kernel_boundaries_of(columns: Floats, config: SegmentConfig, cause: str) -> list[Boundary]:
    """The same of columns (S, D), each of which is standardised; constant ones are left out."""
    spread = columns.std(axis=0)
    rows = (columns - columns.mean(axis=0))[:, spread > STILL] / spread[spread > STILL]
    return _kernel(rows, config, cause)


def pelt_boundaries(signals: Signals, config: SegmentConfig) -> list[Boundary]:
    """Changes of the mean with the least sum of squares and penalty, found exactly by pruning.

    A change costs log(samples) a column: the Bayesian information criterion at a spread of 1.
    Source: Killick, Fearnhead and Eckley, "Optimal detection of changepoints with a linear
    computational cost", JASA 2012.
    """
    matrix = standardised(signals)
    search = ruptures.Pelt(model="l2", min_size=_shortest(config), jump=_jump())
    return _found(search, matrix, config, matrix.shape[1], counts=False)


def window_boundaries(signals: Signals, config: SegmentConfig) -> list[Boundary]:
    """Peaks of the discrepancy between the means of two windows that slide side by side.

    Each is the shortest segment long; a peak must gain log(samples) a column, as for `pelt`. Told
    a number of cuts, it makes fewer where there are fewer peaks.
    Source: Truong, Oudre and Vayatis, "Selective review of offline change point detection
    methods", Signal Processing 2020.
    """
    matrix = standardised(signals)
    width = 2 * _shortest(config)
    search = ruptures.Window(width=width, model="l2", min_size=_shortest(config), jump=_jump())
    return _found(search, matrix, config, matrix.shape[1])


def _kernel(rows: Floats, config: SegmentConfig, cause: str) -> list[Boundary]:
    search = ruptures.KernelCPD(kernel="rbf", min_size=_shortest(config), jump=_jump())
    return _found(search, rows, config, KERNEL_PENALTY, cause=cause)


def _found(
    search: ruptures.base.BaseEstimator,
    matrix: Floats,
    config: SegmentConfig,
    penalty: float,
    counts: bool = True,
    cause: str = "signals",
) -> list[Boundary]:
    """Boundaries of a search with `penalty` x log(samples), or as many as the user wants."""
    shortest = _shortest(config)
    if len(matrix) < 2 * shortest or not matrix.shape[1] or (counts and config.cuts == 0):
        return []
    search.fit(matrix)
    if counts and config.cuts is not None:
        most = len(matrix) // shortest - 1
        ends = search.predict(n_bkps=min(config.cuts, most))
    else:
        ends = search.predict(pen=penalty * np.log(len(matrix)) / config.finer)
    return [Boundary(int(end), 0.5, cause) for end in ends[:-1]]


def _shortest(config: SegmentConfig) -> int:
    return max(2, round(config.min_length_s * SIGNAL_RATE_HZ))


def _jump() -> int:
    return max(1, round(JUMP_S * SIGNAL_RATE_HZ))
