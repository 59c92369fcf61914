"""Lags between two motions: over all of them, window by window, and as a line along the clock."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.signal import fftconvolve
from scipy.stats import theilslopes

from robot_skills.segment.clocks.motion_signal import (
    COARSE_RATE_HZ,
    RATE_HZ,
    SHORTEST_S,
    MotionSignal,
    correlation,
)

Floats = NDArray[np.float64]

LONGEST_COARSE_S = 1200.0  # drift blurs the correlation of a longer stretch
LEAST_OVERLAP = 0.25  # of the shorter recording
SAME_PEAK_S = 1.0  # a runner-up is another answer, not the flank of the best one
WINDOW_S, HOP_S = 20.0, 5.0
SEARCH_S = 0.5  # around the lag of the window beside
WINDOW_PEAK = 0.3  # correlation below which a window tells nothing
DRIFT_NEEDS_S = 60.0  # over less, no drift of a clock moves anything by a frame


@dataclass(frozen=True)
class ClockLine:
    """Video time minus log time: `lag_s` at `centre_s` of the video, and `drift` a second."""

    centre_s: float
    lag_s: float
    drift: float
    error_s: float
    with_drift: bool


def coarse_lag(video: MotionSignal, log: MotionSignal) -> tuple[float, float, float]:
    """Lag (video minus log, s) of the highest correlation, that score and the next best one's."""
    a, b = video.coarse(), log.coarse()
    first = _busiest(b, round(LONGEST_COARSE_S * COARSE_RATE_HZ))
    b = b[first : first + round(LONGEST_COARSE_S * COARSE_RATE_HZ)]
    scores = _scores(a, b)
    lags_s = (np.arange(len(scores)) - (len(b) - 1) - first) / COARSE_RATE_HZ
    best = int(np.argmax(scores))
    other = np.abs(lags_s - lags_s[best]) > SAME_PEAK_S
    runner_up = float(scores[other].max(initial=0.0))
    return float(lags_s[best]) + video.start_s - log.start_s, float(scores[best]), runner_up


def _busiest(values: Floats, length: int) -> int:
    """Start of the stretch of `length` samples in which most happens."""
    if len(values) <= length:
        return 0
    energy = np.concatenate([[0.0], np.cumsum(values**2)])
    return int(np.argmax(energy[length:] - energy[:-length]))


def _scores(a: Floats, b: Floats) -> Floats:
    """Correlation of a (T,) with b (U,) at every lag (T + U - 1,), less sure with less overlap."""
    ones_a, ones_b = np.ones(len(a)), np.ones(len(b))
    overlap = np.maximum(fftconvolve(ones_a, ones_b), 1.0)
    product = fftconvolve(a, b[::-1])
    energy = fftconvolve(a**2, ones_b) * fftconvolve(ones_a, b[::-1] ** 2)
    correlation = product / np.sqrt(np.maximum(energy, 1e-9 * energy.max()))
    shorter = min(len(a), len(b))
    least = min(shorter, max(SHORTEST_S * COARSE_RATE_HZ, LEAST_OVERLAP * shorter))
    scores = correlation * np.sqrt(np.minimum(overlap / shorter, 1.0))
    return np.where(overlap >= least - 0.5, scores, 0.0)


def window_lags(video: MotionSignal, log: MotionSignal, coarse_s: float) -> tuple[Floats, Floats]:
    """Centres (N,) s of windows of the video and the lag (N,) s of the log in each.

    Goes both ways from the middle, so that a drift is followed and never jumped.
    """
    start = max(video.start_s, log.start_s + coarse_s)
    length = max(overlap(video, log, coarse_s), 0.0)
    width = min(WINDOW_S, length)
    centres = start + np.arange(width / 2, length - width / 2 + 1e-6, HOP_S)
    middle = len(centres) // 2
    found: list[tuple[float, float]] = []
    for side in (centres[middle:], centres[:middle][::-1]):
        near = coarse_s
        for centre in side.tolist():
            lag = _window_lag(video, log, centre, width, near)
            if lag is not None:
                near = lag
                found.append((centre, lag))
    pairs = np.array(sorted(found)).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _window_lag(
    video: MotionSignal, log: MotionSignal, centre_s: float, width_s: float, near_s: float
) -> float | None:
    """The lag within SEARCH_S of `near_s` at which one window fits best; None when none does."""
    at_s = centre_s + np.arange(-width_s / 2, width_s / 2, 1.0 / RATE_HZ)
    steps = round(SEARCH_S * RATE_HZ)
    around_s = np.arange(at_s[0] - SEARCH_S, at_s[-1] + SEARCH_S + 0.5 / RATE_HZ, 1.0 / RATE_HZ)
    window, stretch = video.at(at_s), log.at(around_s - near_s)
    correlations = np.array(
        [correlation(window, stretch[k : k + len(window)]) for k in range(2 * steps + 1)]
    )
    best = int(np.argmax(correlations))
    if correlations[best] < WINDOW_PEAK or best in (0, 2 * steps):
        return None
    left, top, right = correlations[best - 1 : best + 2]
    vertex = 0.5 * (left - right) / (left - 2 * top + right)
    return float(near_s - (best + vertex - steps) / RATE_HZ)


def clock_line(
    centres_s: Floats, lags_s: Floats, video: MotionSignal, coarse_s: float
) -> ClockLine:
    """A robust line through the lags of windows (Theil and Sen); flat for a short recording."""
    if not len(lags_s):
        return ClockLine(0.5 * (video.start_s + video.stop_s), coarse_s, 0.0, SEARCH_S, False)
    centre = float(np.mean(centres_s))
    length = float(np.ptp(centres_s)) + WINDOW_S
    if length < DRIFT_NEEDS_S or len(lags_s) < 5:
        lag, drift = float(np.median(lags_s)), 0.0
    else:
        drift = float(theilslopes(lags_s, centres_s)[0])
        lag = float(np.median(lags_s - drift * (centres_s - centre)))
    left = lags_s - lag - drift * (centres_s - centre)
    spread = 1.4826 * float(np.median(np.abs(left)))
    apart = max(1.0, len(lags_s) * HOP_S / WINDOW_S)  # windows overlap: so many tell by themselves
    at_the_end = 2.0 if drift else 1.0  # a line's error at its ends is twice that of its middle
    return ClockLine(centre, lag, drift, at_the_end * spread / np.sqrt(apart), bool(drift))


def refined(video: MotionSignal, log: MotionSignal, line: ClockLine) -> tuple[float, float, float]:
    """Offset (s), drift and correlation that fit the whole of both best, from a line near them."""
    at_s = video.start_s + np.arange(len(video.values)) / RATE_HZ
    half_s = max(0.5 * (video.stop_s - video.start_s), 1.0)

    def loss(moves_s: Floats) -> float:
        """Minus the correlation after moving the middle and, with drift, the end by so much."""
        drift = line.drift + (moves_s[1] / half_s if line.with_drift else 0.0)
        lags_s = line.lag_s + moves_s[0] + drift * (at_s - line.centre_s)
        return -_correlation_of_overlap(video.values, log.at(at_s - lags_s))

    corners = np.array([[0.0, 0.0], [0.02, 0.0], [0.0, 0.02]])[: 3 if line.with_drift else 2]
    corners = corners if line.with_drift else corners[:, :1]
    options = {"initial_simplex": corners, "xatol": 1e-5, "fatol": 1e-7, "maxiter": 200}
    best = minimize(loss, corners[0], method="Nelder-Mead", options=options)
    drift = line.drift + (float(best.x[1]) / half_s if line.with_drift else 0.0)
    # video time t and log time u: t - u = lag + drift (t - centre); solved for t at u = 0
    offset_s = (line.lag_s + float(best.x[0]) - drift * line.centre_s) / (1.0 - drift)
    return offset_s, drift / (1.0 - drift), -float(best.fun)


def overlap(video: MotionSignal, log: MotionSignal, lag_s: float) -> float:
    """Seconds that both cover when the log is moved by `lag_s`."""
    return min(video.stop_s, log.stop_s + lag_s) - max(video.start_s, log.start_s + lag_s)


def _correlation_of_overlap(a: Floats, b: Floats) -> float:
    both = np.isfinite(a) & np.isfinite(b)
    return correlation(a[both], b[both]) if both.sum() > 1 else 0.0
