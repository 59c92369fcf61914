"""How much moves in a video, and how fast a log moves: what their clocks are compared by."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.storage.clips import probe_video, stream_frames

Floats = NDArray[np.float64]
Images = NDArray[np.uint8]

SIDE_PX = 96
FASTEST_RATE_HZ = 30.0
SMOOTHING_S = 0.05
MOVING = (
    (ChannelKind.POSE, ChannelKind.JOINT_POSITION),
    (ChannelKind.JOINT_VELOCITY, ChannelKind.VELOCITY),
    (ChannelKind.OBJECT_POSE, ChannelKind.GRIPPER),
    (ChannelKind.ACTION,),
)
VELOCITIES = (ChannelKind.JOINT_VELOCITY, ChannelKind.VELOCITY)
POSES = (ChannelKind.POSE, ChannelKind.OBJECT_POSE)


def video_motion(path: Path, rate_hz: float = 0.0) -> tuple[Floats, Floats]:
    """Times (T,) s halfway between frames and the mean squared change of a pixel (T,).

    What one gain and one offset explain, a lamp or the exposure, is no motion. At the video's own
    rate where none is given, at most FASTEST_RATE_HZ. InputError when the video cannot be read.
    """
    rate_hz = rate_hz or min(FASTEST_RATE_HZ, probe_video(path).rate_hz)
    before: Floats | None = None
    changes: list[float] = []
    for _, image in stream_frames(path, rate_hz, SIDE_PX):
        grey = image.mean(axis=2, dtype=np.float64)
        if before is not None:
            changes.append(_change(before, grey))
        before = grey
    times_s = np.arange(0.5, len(changes)) / rate_hz
    return times_s.astype(np.float64), np.array(changes, dtype=np.float64)


def _change(before: Floats, after: Floats) -> float:
    """Mean squared change of a pixel (H, W) beyond the gain and offset that fit best.

    Squared, a swept area counts and the camera's noise everywhere hardly does.
    """
    centred = before - before.mean()
    spread = float(np.sum(centred**2))
    gain = float(np.sum(centred * after)) / spread if spread > 0 else 1.0
    return float(np.mean((after - after.mean() - gain * centred) ** 2))


def log_motion(demonstration: Demonstration) -> Floats:
    """Speed (T,) of what moves in a recording, every channel by its own usual speed.

    InputError when no channel of it can move.
    """
    for kinds in MOVING:
        channels = [c for c in demonstration.channels.values() if c.kind in kinds]
        speeds = [_speed(channel, demonstration.rate_hz) for channel in channels]
        moving = [speed / np.sqrt(np.mean(speed**2)) for speed in speeds if np.any(speed > 0)]
        if moving:
            return np.asarray(np.mean(moving, axis=0))
    raise InputError(
        f"{demonstration.name}: nothing in it moves, so its clock cannot be compared; found "
        f"{', '.join(demonstration.channels) or 'no channel'}"
    )


def _speed(channel: Channel, rate_hz: float) -> Floats:
    """Speed (T,) of a channel; unknown steps are bridged."""
    values = channel.values[:, :3] if channel.kind in POSES else channel.values
    known = np.isfinite(values).all(axis=1)
    if known.sum() < 2:
        return np.zeros(len(values))
    at = np.arange(len(values))
    bridged = np.stack([np.interp(at, at[known], column[known]) for column in values.T], axis=1)
    smooth = gaussian_filter1d(bridged, SMOOTHING_S * rate_hz, axis=0)
    rates = smooth if channel.kind in VELOCITIES else np.gradient(smooth, axis=0) * rate_hz
    return np.asarray(np.linalg.norm(rates, axis=1))
