"""Evidence in the motion alone: turning back, speeding up, slowing down, leaving its own trend."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from robot_skills.segment.signals import derivative

Floats = NDArray[np.float64]

AROUND = 6  # samples before and after a turn
FITTED = 30  # samples a trend is fitted to
AHEAD = 14  # samples it is held against
FLOOR = 0.05  # a fit is never trusted to be better than this, in deviations
LOCAL = 20  # samples: the speed that is usual about a moment
BLOCK = 4096  # windows held at once


def turning_back(velocity: Floats) -> Floats:
    """How far (S,) the course turns at each sample of velocity (S, D): 0 straight on, 1 back."""
    run = np.concatenate([np.zeros((1, velocity.shape[1])), np.cumsum(velocity, axis=0)])
    at = np.arange(len(velocity))
    before = run[at] - run[np.maximum(at - AROUND, 0)]
    after = run[np.minimum(at + AROUND, len(velocity))] - run[at]
    lengths = np.linalg.norm(before, axis=1), np.linalg.norm(after, axis=1)
    cosine = (before * after).sum(axis=1) / (lengths[0] * lengths[1] + 1e-9)
    usual = np.median(lengths[0]) + 1e-9
    return np.asarray((1 - cosine) / 2 * np.minimum(1.0, np.minimum(*lengths) / usual))


def acceleration(velocity: Floats) -> Floats:
    """Size of the acceleration (S,) over its mean, of velocity (S, D) in any unit a second."""
    size = np.linalg.norm(derivative(velocity), axis=1)
    return np.asarray(gaussian_filter1d(size, 2.0) / (size.mean() + 1e-9))


def pausing(velocity: Floats) -> Floats:
    """Log (S,) of the speed usual about each sample over the speed at it, of velocity (S, D)."""
    speed = gaussian_filter1d(np.linalg.norm(velocity, axis=1), 2.0)
    floor = FLOOR * speed.mean() + 1e-9
    return np.asarray(-np.log((speed + floor) / (gaussian_filter1d(speed, LOCAL) + floor)))


def leaving_trend(rows: Floats) -> Floats:
    """Error (S,) of a straight line fitted to the last samples of rows (S, D), over its own fit.

    The predictor for recordings too few to learn a network from: it needs nothing but the recent
    past of the very recording.
    """
    samples = len(rows)
    found = np.zeros(samples)
    if samples < FITTED + AHEAD or not rows.shape[1]:
        return found
    residual, miss = _line()
    at = np.arange(FITTED - 1, samples - AHEAD)
    windows = sliding_window_view(rows, FITTED + AHEAD, axis=0)
    for first in range(0, len(windows), BLOCK):
        some = windows[first : first + BLOCK]
        missed = np.sqrt(((some @ miss) ** 2).mean(axis=(1, 2)))
        fitted = np.sqrt(((some[..., :FITTED] @ residual) ** 2).mean(axis=(1, 2)))
        found[at[first : first + len(some)]] = missed / (fitted + FLOOR)
    return found


def _line() -> tuple[Floats, Floats]:
    """Maps from a window to the residuals of a line through its past, and to its misses ahead."""
    past = np.stack([np.ones(FITTED), np.arange(FITTED) - FITTED + 1.0], axis=1)
    future = np.stack([np.ones(AHEAD), np.arange(AHEAD) + 1.0], axis=1)
    fit = np.linalg.pinv(past)
    residual = np.eye(FITTED) - past @ fit
    miss = np.concatenate([-(future @ fit), np.eye(AHEAD)], axis=1)
    return residual.T, miss.T
