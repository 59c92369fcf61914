"""The video of a demonstration: which camera, and a clip small enough for a page."""

from fractions import Fraction
from itertools import takewhile
from pathlib import Path

from robot_skills.core.demonstration import Demonstration
from robot_skills.core.errors import unknown_name
from robot_skills.storage.clips import stream_frames
from robot_skills.storage.small_video import encode_small

SIDE_PX = 400
RATE_HZ = 15.0
FRAMES = 3000  # of a clip; a longer recording is shown at a lower rate
LIMIT_BYTES = 8_000_000


def video_of(demonstration: Demonstration, camera: str | None = None) -> Path | None:
    """The video of `camera`, or of the first there is; None when the demonstration has none.

    InputError, listing the cameras, for one it does not have.
    """
    if camera is None:
        return next(iter(demonstration.video.values()), None)
    if camera not in demonstration.video:
        raise unknown_name(f"camera of {demonstration.name}", camera, demonstration.video)
    return demonstration.video[camera]


def small_clip(video: Path, length_s: float) -> bytes:
    """An MP4 of the first `length_s`, longer side SIDE_PX, of about LIMIT_BYTES at most."""
    rate_hz = Fraction(min(RATE_HZ, FRAMES / length_s)).limit_denominator(1000)
    frames = stream_frames(video, float(rate_hz), SIDE_PX)
    shown = takewhile(lambda pair: pair[0] < length_s, frames)
    clip = encode_small((image for _, image in shown), rate_hz, length_s, LIMIT_BYTES)
    frames.close()
    return clip
