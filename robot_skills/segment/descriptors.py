"""What a stretch of a recording is like, wherever it happens: the same numbers for any length."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals, derivative

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PARTS = 5  # equal parts of a stretch, each told by its mean
NEAR_M = 0.1  # distance at which the nearest object starts to matter
DURATION_WEIGHT = 0.5  # of a factor of e in duration, where one signal's spread counts 1
STILL = 1e-6  # a signal that spreads less than this says nothing
LARGEST = 4.0  # spreads; a single wild sample shall not outvote a whole stretch


class Looks:
    """Signals of demonstrations of one layout as one table of columns, ready to be described.

    Every kind of signal (velocity, speed, turn, gripper, force, nearest object) weighs the same,
    however many columns it has.
    """

    def __init__(self, group: Sequence[Signals]) -> None:
        tables = [_kinds(signals) for signals in group]
        shared = [k for k in tables[0] if len({t[k].shape[1] for t in tables if k in t}) == 1]
        kept = [k for k in shared if all(k in t for t in tables)]
        scaled = [_scaled([t[k] for t in tables]) for k in kept]
        self._sums = [
            np.concatenate([np.zeros((1, len(rows[0]))), np.cumsum(rows, axis=0)])
            for rows in (np.concatenate(parts, axis=1) for parts in zip(*scaled, strict=True))
        ]

    def describe(self, demonstration: int, starts: Ints, stops: Ints) -> Floats:
        """Descriptors (N, F) of samples [start, stop) of one demonstration, by its number."""
        share = np.linspace(0.0, 1.0, PARTS + 1)
        edges = starts[:, None] + (stops - starts)[:, None] * share
        total = _at(self._sums[demonstration], edges)
        means = np.diff(total, axis=1) / np.diff(edges, axis=1)[:, :, None]
        seconds = (stops - starts) / SIGNAL_RATE_HZ
        profile = means.reshape(len(starts), -1) / np.sqrt(PARTS)
        return np.concatenate([profile, DURATION_WEIGHT * np.log(seconds)[:, None]], axis=1)


def _at(sums: Floats, edges: Floats) -> Floats:
    """Cumulative sums (S + 1, C) at fractional samples (N, K): (N, K, C)."""
    low = np.clip(np.floor(edges).astype(int), 0, len(sums) - 2)
    part = (edges - low)[:, :, None]
    return np.asarray(sums[low] * (1 - part) + sums[low + 1] * part)


def _kinds(signals: Signals) -> dict[str, Floats]:
    """Columns (S, C) by kind of signal; a kind that is missing has none."""
    speed = np.linalg.norm(signals.velocity, axis=1, keepdims=True)
    kinds = {
        "velocity": signals.velocity,
        "speed": speed,
        "turn": signals.turn,
        "gripper": signals.gripper,
        "gripping": derivative(signals.gripper),
        "force": signals.force,
        **_nearest(signals),
    }
    return {kind: columns for kind, columns in kinds.items() if columns.shape[1]}


def _nearest(signals: Signals) -> dict[str, Floats]:
    """Where the nearest object is from the first hand, and how fast the fastest thing moves."""
    found: dict[str, Floats] = {}
    if signals.objects.shape[1] and signals.path.shape[1] >= 3:
        offsets = signals.objects - signals.path[:, None, :3]
        which = np.linalg.norm(offsets, axis=2).argmin(axis=1)
        nearest = np.take_along_axis(offsets, which[:, None, None], axis=1)[:, 0]
        found["nearest"] = np.tanh(nearest / NEAR_M)
    if signals.objects.shape[1]:
        moving = [derivative(signals.objects[:, n]) for n in range(signals.objects.shape[1])]
        found["object"] = np.linalg.norm(np.stack(moving, axis=1), axis=2).max(axis=1)[:, None]
    if signals.fixtures.shape[1]:
        found["fixture"] = np.abs(derivative(signals.fixtures)).max(axis=1, keepdims=True)
    return found


def _scaled(parts: Sequence[Floats]) -> list[Floats]:
    """Columns (S, C) of one kind, with a mean square of 1 summed over the columns."""
    every = np.concatenate(list(parts))
    spread = every.std(axis=0)
    spread = np.where(spread > STILL, spread, np.inf)
    width = np.sqrt(max(1, np.isfinite(spread).sum()))
    centred = [(part - every.mean(axis=0)) / spread for part in parts]
    return [np.clip(part, -LARGEST, LARGEST) / width for part in centred]
