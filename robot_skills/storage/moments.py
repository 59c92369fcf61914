"""A few pictures of a video by time."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.storage.clips import probe_video, stream_frames
from robot_skills.storage.video import read_frames

Images = NDArray[np.uint8]

ROUNDING = 0.01  # of a frame, by which a time may miss the frame that begins just then


def frames_at(path: Path, times_s: Sequence[float]) -> Images:
    """Pictures (N, H, W, 3) uint8 RGB, upright, shown at ascending times; past the end the last.

    A video of constant rate is entered at those times only; any other, or one that is damaged
    there, is gone through. InputError when it cannot be read.
    """
    facts = probe_video(path)
    if not facts.variable_rate and not facts.rotation_deg and not facts.notes:
        numbers = [min(facts.frames - 1, int(t * facts.rate_hz + ROUNDING)) for t in times_s]
        with suppress(InputError):
            return read_frames(path, numbers)
    found: list[Images] = []
    last = None
    for time_s, image in stream_frames(path, facts.rate_hz):
        while len(found) < len(times_s) and times_s[len(found)] < time_s:
            found.append(image if last is None else last)
        last = image
    if last is None:
        raise InputError(f"{path}: none of its pictures can be decoded")
    return np.stack(found + [last] * (len(times_s) - len(found)))
