"""What of a demonstration is worth plotting, thinned out so that hours stay small."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.segment.predict.surprise import Surprise
from robot_skills.segment.segmenter import Segmentation
from robot_skills.segment.show.explanation import signal_words
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals

Floats = NDArray[np.float64]

POINTS = 1600  # a line; more than a wide screen has columns
LINES = 6  # a plot; as many as can be told apart
CAUSES = 3


@dataclass(frozen=True)
class Line:
    """One curve: values (N,) at time_s (N,)."""

    label: str
    time_s: Floats
    values: Floats


@dataclass(frozen=True)
class Plot:
    """Curves that share one axis in `unit`; `hint` tells a stranger what they mean."""

    name: str
    unit: str
    lines: tuple[Line, ...]
    hint: str = ""

    @property
    def low(self) -> float:
        """Smallest value of all curves."""
        return min(float(line.values.min()) for line in self.lines)

    @property
    def high(self) -> float:
        """Largest value of all curves."""
        return max(float(line.values.max()) for line in self.lines)


def plots(demonstration: Demonstration, found: Segmentation) -> list[Plot]:
    """Plots from top to bottom; what a demonstration does not have is left out."""
    signals = found.signals.get(demonstration.name)
    surprise = found.surprise.get(demonstration.name)
    drawn = [*_of_signals(demonstration, signals)] if signals else []
    drawn += _of_picture(demonstration)
    return drawn + ([_of_surprise(surprise)] if surprise else [])


def thinned(label: str, values: Floats, rate_hz: float, points: int = POINTS) -> Line:
    """A line of at most `points` that keeps every peak: smallest and largest of each stretch."""
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    at = np.arange(len(values))
    if len(values) > points:
        edges = np.linspace(0, len(values), points // 2 + 1).astype(int)
        pairs = pairwise(edges)
        at = np.concatenate([_extremes(values, start, stop) for start, stop in pairs])
    return Line(label, at / rate_hz, values[at])


def _extremes(values: Floats, start: int, stop: int) -> NDArray[np.int64]:
    part = values[start:stop]
    return start + np.sort([part.argmin(), part.argmax()])


def _of_signals(demonstration: Demonstration, signals: Signals) -> Iterator[Plot]:
    unit, names = _path_facts(demonstration)
    if names:
        unit = unit.partition(",")[0]  # "m, quaternion wxyz": of the position alone
        yield _plot("position", unit, names, signals.path)
        speed = np.linalg.norm(signals.velocity[:, : len(names)], axis=1, keepdims=True)
        yield _plot("speed", f"{unit}/s" if unit else "", [""], speed)
    if signals.gripper.shape[1]:
        grippers = _columns(_of_kind(demonstration, ChannelKind.GRIPPER))
        yield _plot("gripper", "of its range", grippers, signals.gripper)
    if signals.force.shape[1]:
        wrenches = _of_kind(demonstration, ChannelKind.WRENCH)
        yield _plot("force", wrenches[0].unit, _columns(wrenches), signals.force)


def _path_facts(demonstration: Demonstration) -> tuple[str, list[str]]:
    """Unit and column names of the path, where it is of a kind that people know."""
    poses = _of_kind(demonstration, ChannelKind.POSE)
    if poses:
        axes = ["x", "y", "z"]
        several = [f"{axis} {arm}" for arm in range(1, len(poses) + 1) for axis in axes]
        return poses[0].unit, several if len(poses) > 1 else axes
    joints = _of_kind(demonstration, ChannelKind.JOINT_POSITION)
    return (joints[0].unit, _columns(joints)) if joints else ("", [])


def _of_picture(demonstration: Demonstration) -> Iterator[Plot]:
    """How much moves in the picture, for recordings that are nothing but a video."""
    flows = _of_kind(demonstration, ChannelKind.FLOW)
    change = [np.linalg.norm(one.values, axis=1) for one in flows]
    if not change:
        pictures = _of_kind(demonstration, ChannelKind.EMBEDDING)
        steps = [np.diff(one.values, axis=0, prepend=one.values[:1]) for one in pictures]
        change = [np.linalg.norm(step, axis=1) for step in steps]
    if change:
        labels = [str(number) for number in range(1, len(change) + 1)] if len(change) > 1 else [""]
        rate_hz = demonstration.rate_hz
        yield _plot("movement in the picture", "", labels, np.stack(change, axis=1), rate_hz)


def _of_surprise(surprise: Surprise) -> Plot:
    strongest = sorted(surprise.by_cause, key=lambda cause: -np.ptp(surprise.by_cause[cause]))
    parts = {f"of {signal_words(c)}": surprise.by_cause[c] for c in strongest[:CAUSES]}
    every = {"all": surprise.total, **parts}
    values = np.stack([one - one.min() for one in every.values()], axis=1)
    return replace(_plot("surprise", "nats", list(every), values), hint="how hard to foresee")


def _of_kind(demonstration: Demonstration, kind: ChannelKind) -> list[Channel]:
    return [one for one in demonstration.channels.values() if one.kind is kind]


def _columns(channels: Iterable[Channel]) -> list[str]:
    """Names of all columns; numbers where there are none, nothing where there is one column."""
    named = [name for one in channels for name in one.columns or [""] * one.values.shape[1]]
    if len(named) == 1:
        return [""]
    return [name or str(number) for number, name in enumerate(named, start=1)]


def _plot(
    name: str, unit: str, labels: Sequence[str], values: Floats, rate_hz: float = SIGNAL_RATE_HZ
) -> Plot:
    columns = zip(labels[:LINES], values.T[:LINES], strict=False)
    return Plot(name, unit, tuple(thinned(label, column, rate_hz) for label, column in columns))
