"""What a stretch of a recording is like, wherever it happens: the same numbers for any length."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals, derivative

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PARTS = 5  # equal parts of a stretch, each told by its mean
NEAR_M = 0.1  # distance at which the nearest object starts to matter
DURATION_WEIGHT = 0.5  # of a factor of e in duration, where one signal's spread counts 1
STILL = 1e-6  # a signal that spreads less than this says nothing
MEASURED = 200  # demonstrations suffice to know how far signals spread
LARGEST = 4.0  # spreads; a single wild sample shall not outvote a whole stretch


@dataclass(frozen=True)
class Looks:
    """How to describe stretches of demonstrations of one layout in units that they share.

    centre and spread (C,) of the columns by kind of signal. Every kind (velocity, turn,
    gripper, force, picture, nearest object) weighs the same, however many columns it has.
    """

    centre: dict[str, Floats]
    spread: dict[str, Floats]

    @staticmethod
    def measure(group: Sequence[Signals]) -> "Looks":
        """Units of a group; kinds that some lack, or have in another number, are left out."""
        some = group[:: max(1, len(group) // MEASURED)]
        tables = ({k: _Moments.of(rows) for k, rows in _kinds(s).items()} for s in some)
        every = next(tables)
        for table in tables:
            every = {k: m.with_those(table[k]) for k, m in every.items() if m.fits(table.get(k))}
        return Looks(
            {kind: moments.mean for kind, moments in every.items()},
            {kind: moments.spread for kind, moments in every.items()},
        )

    def describe(self, signals: Signals, starts: Ints, stops: Ints) -> Floats:
        """Descriptors (N, F) of samples [start, stop), which may lie anywhere, of any length."""
        sums = self._sums(signals)
        edges = starts[:, None] + (stops - starts)[:, None] * np.linspace(0.0, 1.0, PARTS + 1)
        means = np.diff(_at(sums, edges), axis=1) / np.diff(edges, axis=1)[:, :, None]
        seconds = (stops - starts) / SIGNAL_RATE_HZ
        profile = means.reshape(len(starts), -1) / np.sqrt(PARTS)
        return np.concatenate([profile, DURATION_WEIGHT * np.log(seconds)[:, None]], axis=1)

    def _sums(self, signals: Signals) -> Floats:
        """Running sums (S + 1, C) of all columns."""
        table = _kinds(signals)
        scaled = [(table[kind] - self.centre[kind]) / self.spread[kind] for kind in self.centre]
        widths = [np.sqrt(max(1, np.isfinite(self.spread[kind]).sum())) for kind in self.centre]
        rows = [np.clip(r, -LARGEST, LARGEST) / w for r, w in zip(scaled, widths, strict=True)]
        every = np.concatenate(rows, axis=1)
        return np.concatenate([np.zeros((1, every.shape[1])), np.cumsum(every, axis=0)])


def _at(sums: Floats, edges: Floats) -> Floats:
    """Cumulative sums (S + 1, C) at fractional samples (N, K): (N, K, C)."""
    low = np.clip(np.floor(edges).astype(int), 0, len(sums) - 2)
    part = (edges - low)[:, :, None]
    return np.asarray(sums[low] * (1 - part) + sums[low + 1] * part)


def _kinds(signals: Signals) -> dict[str, Floats]:
    """Columns (S, C) by kind of signal; a kind that is missing has none."""
    kinds = {
        "velocity": signals.velocity,
        "turn": signals.turn,
        "gripper": signals.gripper,
        "force": signals.force,
        "picture": signals.picture,
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


@dataclass(frozen=True)
class _Moments:
    """Number of rows, their mean (C,) and the sum of squares (C,) about it.

    Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
    sample variances", 1979.
    """

    count: int
    mean: Floats
    squares: Floats

    @staticmethod
    def of(rows: Floats) -> "_Moments":
        mean = rows.mean(axis=0)
        return _Moments(len(rows), mean, ((rows - mean) ** 2).sum(axis=0))

    def fits(self, other: "_Moments | None") -> bool:
        return other is not None and len(other.mean) == len(self.mean)

    def with_those(self, other: "_Moments") -> "_Moments":
        count = self.count + other.count
        apart, share = other.mean - self.mean, other.count / count
        squares = self.squares + other.squares + self.count * share * apart**2
        return _Moments(count, self.mean + share * apart, squares)

    @property
    def spread(self) -> Floats:
        """Standard deviation (C,); infinite where a column says nothing."""
        spread = np.sqrt(self.squares / self.count)
        return np.where(spread > STILL, spread, np.inf)
