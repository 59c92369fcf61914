"""The video of a demonstration: which camera, and a clip small enough for a page."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import dropwhile, takewhile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Demonstration
from robot_skills.core.errors import unknown_name
from robot_skills.storage.clips import stream_frames
from robot_skills.storage.small_video import encode_small

Shown = Iterator[tuple[float, NDArray[np.uint8]]]

SIDE_PX = 400
RATE_HZ = 15.0
FRAMES = 3000  # of a clip; a longer recording is shown at a lower rate
LIMIT_BYTES = 8_000_000
ROUNDING_S = 1e-6


def video_of(demonstration: Demonstration, camera: str | None = None) -> Path | None:
    """The video of `camera`, or of the first there is; None when the demonstration has none.

    InputError, listing the cameras, for one it does not have.
    """
    if camera is None:
        return next(iter(demonstration.video.values()), None)
    if camera not in demonstration.video:
        raise unknown_name(f"camera of {demonstration.name}", camera, demonstration.video)
    return demonstration.video[camera]


def small_clip(video: Path, length_s: float, start_s: float = 0.0) -> bytes:
    """An MP4 of `length_s` from `start_s` on, longer side SIDE_PX, about LIMIT_BYTES at most."""
    rate_hz = Fraction(min(RATE_HZ, FRAMES / length_s)).limit_denominator(1000)
    frames = stream_frames(video, float(rate_hz), SIDE_PX)
    shown = between(frames, start_s, length_s)
    clip = encode_small((image for _, image in shown), rate_hz, length_s, LIMIT_BYTES)
    frames.close()
    return clip


def between(frames: Shown, start_s: float, length_s: float) -> Shown:
    """Frames of `length_s` from `start_s` on, with their time since then."""
    later = dropwhile(lambda pair: pair[0] < start_s - ROUNDING_S, frames)
    since = ((time_s - start_s, image) for time_s, image in later)
    return takewhile(lambda pair: pair[0] < length_s, since)
