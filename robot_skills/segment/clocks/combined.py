"""A video and its log as one demonstration on the video's clock."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Channel, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.segment.clocks.alignment import Alignment, align
from robot_skills.segment.clocks.video_motion import log_motion, video_motion
from robot_skills.storage.logs import Log, load_log

Floats = NDArray[np.float64]

FASTEST_RATE_HZ = 100.0
VIDEO_START = "video_start_s"  # in provenance: the time of step 0 on the video's clock
SHORTEST_S = 1.0


@dataclass(frozen=True)
class Combined:
    """What video and log both cover: step k shows the video at start_s + k / rate_hz."""

    demonstration: Demonstration
    start_s: float
    notes: tuple[str, ...]


def align_log(clip: Path, log: Log) -> Alignment:
    """Where a log lies on the clock of a clip, told by what moves in both.

    InputError when the clip cannot be read or nothing in the log can move.
    """
    motion = log_motion(log.demonstration)
    return align(*video_motion(clip), log.time_s, motion)


def combine(pictures: Demonstration, log: Log, alignment: Alignment) -> Combined:
    """Channels of a bare video and of its log side by side, over what both cover.

    At the faster of both rates, at most FASTEST_RATE_HZ; between steps values are interpolated.
    `pictures` starts with its video. InputError when both share less than a second.
    """
    rate_hz = min(max(pictures.rate_hz, log.demonstration.rate_hz), FASTEST_RATE_HZ)
    log_at_s = alignment.video_time_s(log.time_s)
    seen_s = (pictures.steps - 1) / pictures.rate_hz if pictures.channels else log_at_s[-1]
    start_s, stop_s = max(0.0, float(log_at_s[0])), min(float(seen_s), float(log_at_s[-1]))
    if stop_s - start_s < SHORTEST_S:
        raise InputError(
            f"{pictures.name}: video and log have no second in common: the video lasts "
            f"{seen_s:.1f} s, the log covers {log_at_s[0]:.1f} to {log_at_s[-1]:.1f} s of it"
        )
    at_s = start_s + np.arange(int((stop_s - start_s) * rate_hz + 1e-6) + 1) / rate_hz
    seen_at_s = np.arange(pictures.steps) / pictures.rate_hz
    channels = {name: _at(c, seen_at_s, at_s) for name, c in pictures.channels.items()}
    channels |= {name: _at(c, log_at_s, at_s) for name, c in log.demonstration.channels.items()}
    provenance = {
        **pictures.provenance,
        "log": log.demonstration.provenance["file"],
        VIDEO_START: f"{start_s:.4f}",
        "clock_offset_s": f"{alignment.offset_s:.4f}",
        "clock_drift_ppm": f"{alignment.drift_ppm:.1f}",
    }
    demonstration = replace(pictures, rate_hz=rate_hz, channels=channels, provenance=provenance)
    return Combined(demonstration, start_s, (*log.notes, *alignment.notes))


def video_start_s(demonstration: Demonstration) -> float:
    """Time of step 0 on the clock of the demonstration's video, s; 0 unless a log began later."""
    return float(demonstration.provenance.get(VIDEO_START, 0.0))


def combine_files(pictures: Demonstration, clip: Path, log_file: Path) -> Combined:
    """`combine` for a clip and the log beside it, read and aligned."""
    log = load_log(log_file)
    return combine(pictures, log, align_log(clip, log))


def _at(channel: Channel, known_s: Floats, at_s: Floats) -> Channel:
    columns = [np.interp(at_s, known_s, column) for column in channel.values.T]
    return replace(channel, values=np.stack(columns, axis=1))
