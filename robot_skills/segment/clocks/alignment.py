"""Two clocks brought together: where a log lies on a video's clock, and how fast it runs away.

Both tell how much moves. Their correlation over every possible offset gives a first answer,
windows along the recording each a lag of their own, a robust line through those offset and drift,
and the correlation of the whole is then maximised over both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.segment.clocks.clock_lags import (
    clock_line,
    coarse_lag,
    overlap,
    refined,
    window_lags,
)
from robot_skills.segment.clocks.motion_signal import SHORTEST_S, SMOOTHING_S, MotionSignal

Floats = NDArray[np.float64]

MOST_DRIFT_PPM = 5000.0
TRUSTED_PEAK = 0.3
TRUSTED_LEAD = 0.85  # the runner-up must stay below this share of the peak
TRUSTED_SIGMAS = 4.5  # many offsets were tried, so one by chance reaches three
MOMENT_S = 1.0  # movements of a hand last about so long: one tells as much as one number
ONE_DAY_S = 86400.0


@dataclass(frozen=True)
class Alignment:
    """Where a log lies on a video's clock.

    Its first row (`log_start_s` on its own clock) is at `offset_s` of the video, and a second of
    the log lasts 1 + drift_ppm / 1e6 s there. `peak` is the correlation of the two motions,
    `runner_up` that of the next best offset, `error_s` the standard error where it is largest.
    Not `trusted`, the clocks are taken as they were given.
    """

    offset_s: float
    drift_ppm: float
    log_start_s: float
    peak: float
    runner_up: float
    error_s: float
    trusted: bool
    notes: tuple[str, ...]

    def video_time_s(self, log_time_s: Floats) -> Floats:
        """Times on the video's clock of times (T,) on the log's."""
        elapsed_s = np.asarray(log_time_s) - self.log_start_s
        return np.asarray(elapsed_s * (1.0 + 1e-6 * self.drift_ppm) + self.offset_s)

    def log_time_s(self, video_time_s: Floats) -> Floats:
        """Times on the log's clock of times (T,) on the video's."""
        elapsed_s = (np.asarray(video_time_s) - self.offset_s) / (1.0 + 1e-6 * self.drift_ppm)
        return np.asarray(elapsed_s + self.log_start_s)


def align(
    video_time_s: Floats, video_motion: Floats, log_time_s: Floats, log_motion: Floats
) -> Alignment:
    """Offset and drift between the motion in a video (T,) and in a log (U,), at increasing times.

    The recordings may start minutes apart and need not cover each other. Where the answer is not
    sure, a note says why and the clocks are taken as given: the log's own, or a common start when
    it counts from 1970. InputError for a log without rows.
    """
    if not len(log_time_s):
        raise InputError("a log without rows cannot be aligned")
    start_s = float(log_time_s[0])
    video = MotionSignal.of(video_time_s, video_motion)
    log = MotionSignal.of(log_time_s - start_s, log_motion)
    for name, signal in (("video", video), ("log", log)):
        if signal.stop_s - signal.start_s < SHORTEST_S or signal.still:
            length_s = signal.stop_s - signal.start_s
            lacks = "nothing moves" if signal.still else f"only {length_s:.1f} s of motion"
            return _as_given(start_s, 0.0, 0.0, f"{lacks} in the {name}")
    coarse_s, first, next_best = coarse_lag(video, log)
    line = clock_line(*window_lags(video, log, coarse_s), video, coarse_s)
    offset_s, drift, peak = refined(video, log, line)
    runner_up = peak * next_best / max(first, 1e-9)
    overlap_s = overlap(video, log, offset_s)
    if doubt := _doubt(overlap_s, drift, peak, runner_up):
        return _as_given(start_s, peak, runner_up, doubt)
    by_chance_s = SMOOTHING_S * np.sqrt((1.0 - peak**2) / _moments(overlap_s)) / peak
    error_s = max(line.error_s, float(by_chance_s))
    note = (
        f"the log starts at {offset_s:+.3f} s of the video and drifts by {1e6 * drift:+.0f} ppm "
        f"(standard error {error_s:.3f} s; correlation {peak:.2f}, next best {runner_up:.2f})"
    )
    return Alignment(offset_s, 1e6 * drift, start_s, peak, runner_up, error_s, True, (note,))


def _doubt(overlap_s: float, drift: float, peak: float, runner_up: float) -> str:
    """Why an answer is not to be trusted, or ""."""
    if abs(1e6 * drift) > MOST_DRIFT_PPM:
        return f"the clocks would drift by {1e6 * drift:.0f} ppm"
    sigmas = np.arctanh(min(peak, 0.9999)) * np.sqrt(max(_moments(overlap_s) - 3.0, 0.0))  # Fisher
    if peak < TRUSTED_PEAK or sigmas < TRUSTED_SIGMAS:
        return (
            f"what moves in the video and in the log agrees too little over the {overlap_s:.0f} s "
            f"they share at best (correlation {peak:.2f})"
        )
    if runner_up > TRUSTED_LEAD * peak:
        return (
            f"another offset fits as well (correlation {runner_up:.2f} after {peak:.2f}), as where "
            "what moves repeats itself"
        )
    return ""


def _moments(overlap_s: float) -> float:
    """Number of moments in a stretch that tell something by themselves."""
    return max(overlap_s / MOMENT_S, 1.0)


def _as_given(start_s: float, peak: float, runner_up: float, doubt: str) -> Alignment:
    """The log's own clock taken as the video's, or one start for both when it counts from 1970."""
    given_s = start_s if 0.0 <= start_s < ONE_DAY_S else 0.0
    note = (
        f"clocks not aligned: {doubt}; the log was taken to start at {given_s:.3f} s of the video"
    )
    return Alignment(given_s, 0.0, start_s, peak, runner_up, np.inf, False, (note,))
