"""Channels of any recording -> a few signals that every recording shares.

Signals are chosen by what a channel means, never by its name: a path (the hand in space, else the
joints), its turning, grippers, commands, objects, fixtures and forces, all at one rate.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.core.poses import conjugate, multiply
from robot_skills.segment.config import SegmentConfig

Floats = NDArray[np.float64]

SIGNAL_RATE_HZ = 20.0  # hand movements hold little above 5 Hz (Winter, Biomechanics, 2009)
SMOOTHING_S = 0.1
SHORTEST_STEPS = 8  # below this there is nothing to predict from
DRIFT = (0, 3)  # columns of a flow: how fast all that moves goes right, and down
RATES = ("velocity", "turn")  # which change their sign when time runs the other way
SERIES = (*RATES, "path", "gripper", "command", "objects", "fixtures", "force", "picture")
LARGEST = 1e9  # in any unit: what lies beyond was not measured, and its square would overflow


@dataclass(frozen=True)
class Signals:
    """One demonstration at SIGNAL_RATE_HZ, S samples.

    path (S, P) in its own unit, velocity (S, P) a second; turn (S, 3 an arm) rad/s; gripper (S, G)
    from 0 to 1; command (S, A) the commanded velocity or the raw action; objects (S, N, 3) m;
    fixtures (S, F); force (S, W); picture (S, E) what a video shows, learned. A missing signal has
    no columns. `notes` says what was mended.
    """

    name: str
    steps: int
    rate_hz: float
    path: Floats
    velocity: Floats
    turn: Floats
    gripper: Floats
    command: Floats
    objects: Floats
    fixtures: Floats
    force: Floats
    picture: Floats
    notes: tuple[str, ...] = ()

    @property
    def samples(self) -> int:
        """Number of samples S."""
        return len(self.path)

    @property
    def seconds(self) -> float:
        """Length in s."""
        return self.samples / SIGNAL_RATE_HZ

    def window(self, start: int, stop: int) -> "Signals":
        """Samples [start, stop) alone; the others can be forgotten."""
        return replace(self, **{name: getattr(self, name)[start:stop].copy() for name in SERIES})

    def backwards(self) -> "Signals":
        """The same recording as if time ran the other way."""
        turned = {name: getattr(self, name)[::-1].copy() for name in SERIES}
        turned |= {name: -turned[name] for name in RATES}
        return replace(self, **turned)

    def step_of(self, sample: int) -> int:
        """The recorded control step nearest to a sample."""
        return min(self.steps - 1, round(sample * self.rate_hz / SIGNAL_RATE_HZ))


def read_signals(demonstration: Demonstration, config: SegmentConfig) -> Signals:
    """Signals of one demonstration; InputError when nothing in it moves or nothing is usable."""
    channels, notes = _repaired(demonstration)
    if demonstration.steps < SHORTEST_STEPS:
        notes.append(f"only {demonstration.steps} steps: too short to cut")
    sampler = _Sampler(demonstration)
    path, turn = _path_and_turn(demonstration, channels, sampler)
    if not len(path[0]):
        raise InputError(
            f"{demonstration.name}: no channel to segment by; wanted a pose, joints, a velocity, "
            f"an action or a video, found {', '.join(demonstration.channels) or 'none'}"
        )
    things = _of_kind(channels, ChannelKind.OBJECT_POSE) if config.use_objects else []
    fixtures = _of_kind(channels, ChannelKind.FIXTURE) if config.use_objects else []
    objects = [sampler.smooth(channel.values[:, :3]) for channel in things]
    samples = len(path)
    return Signals(
        demonstration.name,
        demonstration.steps,
        demonstration.rate_hz,
        path,
        derivative(path),
        turn,
        _unit_range(sampler.joined(_of_kind(channels, ChannelKind.GRIPPER), SMOOTHING_S / 2)),
        _command(channels, sampler),
        np.stack(objects, axis=1) if objects else np.zeros((samples, 0, 3)),
        sampler.joined(fixtures, SMOOTHING_S),
        sampler.joined(_of_kind(channels, ChannelKind.WRENCH), SMOOTHING_S),
        sampler.joined(_of_kind(channels, ChannelKind.EMBEDDING), SMOOTHING_S),
        tuple(notes),
    )


def derivative(values: Floats) -> Floats:
    """Change a second (S, D) of samples (S, D) at SIGNAL_RATE_HZ."""
    if len(values) < 2:
        return np.zeros_like(values)
    return np.asarray(np.gradient(values, axis=0)) * SIGNAL_RATE_HZ


class _Sampler:
    """Brings channels of one demonstration to SIGNAL_RATE_HZ."""

    def __init__(self, demonstration: Demonstration) -> None:
        self._ratio = demonstration.rate_hz / SIGNAL_RATE_HZ
        self._steps = demonstration.steps
        self.samples = max(1, round(demonstration.steps / self._ratio))

    def smooth(self, values: Floats, width_s: float = SMOOTHING_S) -> Floats:
        """Values (T, D) as samples (S, D), smoothed by a Gaussian of `width_s`."""
        blurred = gaussian_filter1d(values, width_s * SIGNAL_RATE_HZ * self._ratio, axis=0)
        at = np.arange(self.samples) * self._ratio
        known = np.arange(self._steps)
        return np.stack([np.interp(at, known, column) for column in blurred.T], axis=1)

    def joined(self, channels: Iterable[Channel], width_s: float) -> Floats:
        """Channels side by side (S, sum of D)."""
        parts = [self.smooth(channel.values, width_s) for channel in channels]
        return np.concatenate([np.zeros((self.samples, 0)), *parts], axis=1)


def _repaired(demonstration: Demonstration) -> tuple[dict[str, Channel], list[str]]:
    """Channels without NaN or infinity: gaps are interpolated, hopeless channels left out."""
    channels: dict[str, Channel] = {}
    notes: list[str] = []
    for name, channel in demonstration.channels.items():
        good = np.asarray((np.abs(channel.values) < LARGEST).all(axis=1))  # NaN is not either
        if good.sum() <= len(good) / 2:
            notes.append(f"{name} left out: {np.sum(~good)} of {len(good)} steps are not numbers")
            continue
        if not good.all():
            notes.append(f"{name}: {np.sum(~good)} steps that are not numbers were interpolated")
        channels[name] = channel if good.all() else _interpolated(channel, good)
    return channels, notes


def _interpolated(channel: Channel, good: NDArray[np.bool_]) -> Channel:
    at = np.arange(len(good))
    columns = [np.interp(at, at[good], column[good]) for column in channel.values.T]
    values = np.stack(columns, axis=1)
    return Channel(values, channel.unit, channel.kind, channel.frame, channel.columns)


def _of_kind(channels: Mapping[str, Channel], *kinds: ChannelKind) -> list[Channel]:
    return [channel for channel in channels.values() if channel.kind in kinds]


def _path_and_turn(
    demonstration: Demonstration, channels: Mapping[str, Channel], sampler: _Sampler
) -> tuple[Floats, Floats]:
    """Path (S, P) and turning (S, 3 an arm) rad/s, from the best kind of channel there is."""
    poses = [c for c in _of_kind(channels, ChannelKind.POSE) if c.values.shape[1] >= 3]
    if poses:
        paths = [sampler.smooth(channel.values[:, :3]) for channel in poses]
        turns = [_turning(c.values[:, 3:7], sampler) for c in poses if c.values.shape[1] == 7]
        none = np.zeros((sampler.samples, 0))
        return np.concatenate(paths, axis=1), np.concatenate([none, *turns], axis=1)
    still = np.zeros((sampler.samples, 0))
    joints = _of_kind(channels, ChannelKind.JOINT_POSITION)
    if joints:
        return sampler.joined(joints, SMOOTHING_S), still
    for kind in (ChannelKind.JOINT_VELOCITY, ChannelKind.VELOCITY, ChannelKind.ACTION):
        rates = sampler.joined(_of_kind(channels, kind), SMOOTHING_S)
        if rates.shape[1]:
            return np.cumsum(rates, axis=0) / SIGNAL_RATE_HZ, still
    flows = _of_kind(channels, ChannelKind.FLOW)
    if flows:
        drifts = [sampler.smooth(channel.values[:, list(DRIFT)]) for channel in flows]
        return np.cumsum(np.concatenate(drifts, axis=1), axis=0) / SIGNAL_RATE_HZ, still
    moving = _of_kind(channels, ChannelKind.WRENCH, ChannelKind.OBJECT_POSE, ChannelKind.GRIPPER)
    return sampler.joined(moving, SMOOTHING_S), still


def _turning(quaternions: Floats, sampler: _Sampler) -> Floats:
    """Angular velocity (S, 3) rad/s in the parent frame; a quaternion's sign means nothing."""
    same = np.sum(quaternions[1:] * quaternions[:-1], axis=1) >= 0
    signs = np.concatenate([[1.0], np.cumprod(np.where(same, 1.0, -1.0))])
    smooth = sampler.smooth(quaternions * signs[:, None])
    smooth = smooth / np.maximum(np.linalg.norm(smooth, axis=1, keepdims=True), 1e-9)
    turn = np.zeros((len(smooth), 3))
    turn[1:] = 2 * multiply(smooth[1:], conjugate(smooth[:-1]))[:, 1:] * SIGNAL_RATE_HZ
    return turn


def _command(channels: Mapping[str, Channel], sampler: _Sampler) -> Floats:
    """Commanded velocities: poses are differentiated, everything else is taken as it is."""
    parts = []
    for channel in _of_kind(channels, ChannelKind.ACTION):
        if _is_pose(channel.values):
            parts.append(derivative(sampler.smooth(channel.values[:, :3])))
        elif channel.values.shape[1] > 1:
            parts.append(sampler.smooth(channel.values))
    return np.concatenate([np.zeros((sampler.samples, 0)), *parts], axis=1)


def _is_pose(values: Floats) -> bool:
    """Whether the last four of seven columns are unit quaternions."""
    if values.shape[1] != 7:
        return False
    return bool(np.allclose(np.linalg.norm(values[:, 3:], axis=1), 1.0, atol=1e-2))


def _unit_range(values: Floats) -> Floats:
    """Columns (S, G) stretched so that their usual range is 0..1."""
    if not values.size:
        return values
    low, high = np.percentile(values, [2, 98], axis=0)
    return np.asarray(np.clip((values - low) / np.maximum(high - low, 1e-9), -0.2, 1.2))
