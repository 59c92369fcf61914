"""What the predictor sees (the recent past) and must say (the near future), sample by sample."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals, derivative

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HISTORY = tuple(range(0, 12, 2))  # samples back: 0.55 s
HORIZONS = (4, 10)  # samples ahead: 0.2 s and 0.5 s
PATH_HISTORY = (2, 5, 10)  # unit lengths of path back
PATH_HORIZONS = (3, 8)  # unit lengths of path ahead
PATH_UNIT = 0.06  # of the spread of the path
IDLE = 0.15  # of the root mean square speed: slower is standing still
GRIPPER_MOVES = 0.3  # of the gripper's range a second
NEAR_M = 0.1  # distance at which the nearest object starts to matter
SLOWEST = 0.1  # of the usual speed: a recording slower than that is not blown up to it
ROW_FIELDS = ("at", "past", "motion", "things", "context")
CONTEXT = tuple(range(-16, 17, 4))  # samples around a moment that describe it


@dataclass(frozen=True)
class Features:
    """Rows R of one demonstration, one for each sample that is not idle.

    at (R,) sample of each row; past (R, I); motion (R, M) targets by `motion_causes`; things
    (R, O) targets by `things_causes`, which are predicted knowing the motion too; context (R, C)
    describes the moment, past and future, for finding where else it recurs.
    """

    at: Ints
    past: Floats
    motion: Floats
    motion_causes: tuple[str, ...]
    things: Floats
    things_causes: tuple[str, ...]
    context: Floats

    def rows(self, chosen: NDArray[np.bool_]) -> "Features":
        """Only the chosen rows."""
        parts = {name: getattr(self, name)[chosen] for name in ROW_FIELDS}
        return replace(self, **parts)


@dataclass(frozen=True)
class Scales:
    """Units shared by all demonstrations of one layout."""

    speed: float
    turn: float
    spread: float
    command: Floats
    force: Floats
    picture: Floats


def layout(signals: Signals) -> tuple[int, ...]:
    """Column counts that must agree before demonstrations can share one predictor."""
    return signals.path.shape[1], signals.turn.shape[1], signals.gripper.shape[1]


@dataclass(frozen=True)
class FeatureMaker:
    """Features in the units of a group of one layout; what only some of it has is left out."""

    scales: Scales
    shared: frozenset[str]

    @staticmethod
    def fit(group: Sequence[Signals]) -> "FeatureMaker":
        """From recordings of one layout; InputError when nothing moves in any of them."""
        shared = {name for name in ("command", "force", "picture") if _is_shared(name, group)}
        if all(s.objects.shape[1] or s.fixtures.shape[1] for s in group):
            shared.add("things")
        return FeatureMaker(_scales(group), frozenset(shared))

    def make(self, signals: Signals) -> Features:
        """Features of one recording of that layout."""
        return _features(signals, self.scales, self.shared)


def _is_shared(name: str, group: Sequence[Signals]) -> bool:
    widths = {getattr(s, name).shape[1] for s in group}
    return len(widths) == 1 and widths != {0}


def _scales(group: Sequence[Signals]) -> Scales:
    speed = _root_mean_square([s.velocity for s in group])
    if speed < 1e-9:
        names = ", ".join(s.name for s in group[:3])
        raise InputError(f"nothing moves in {names}: every path channel is constant")
    spread = float(np.sqrt(np.mean([s.path.var(axis=0).sum() for s in group])))
    turn = max(0.5, _root_mean_square([s.turn for s in group]))
    return Scales(
        speed,
        turn,
        spread,
        _deviation([s.command for s in group]),
        _deviation([s.force for s in group]),
        _deviation([s.picture for s in group]),
    )


def _root_mean_square(parts: Sequence[Floats]) -> float:
    joined = np.concatenate([part.ravel() for part in parts])
    return float(np.sqrt(np.mean(joined**2))) if joined.size else 0.0


def _deviation(parts: Sequence[Floats]) -> Floats:
    if len({part.shape[1] for part in parts}) != 1:
        return np.ones(1)
    return np.asarray(np.maximum(np.concatenate(list(parts)).std(axis=0), 1e-6))


def _features(signals: Signals, scales: Scales, shared: frozenset[str]) -> Features:
    speed = max(_root_mean_square([signals.velocity]), SLOWEST * scales.speed)
    velocity = signals.velocity / speed
    turn = signals.turn / scales.turn * 0.5
    gripper = 2 * signals.gripper - 1
    gripping = derivative(gripper) / 2
    busy = _length(velocity) + _length(turn) + np.abs(gripping).sum(axis=1)
    at = np.flatnonzero(busy > IDLE)
    if len(at) < 2:
        at = np.arange(signals.samples)
    moving = {"motion": velocity, "turn": turn, "gripper": gripping}
    seen = [velocity, turn, gripper]
    if "command" in shared:
        moving["action"] = _in_units(signals.command, scales.command)
        seen.append(moving["action"])
    if "force" in shared:
        moving["force"] = _in_units(signals.force, scales.force)
        seen.append(moving["force"])
    if "picture" in shared:
        moving["picture"] = _in_units(signals.picture, scales.picture)
        seen.append(moving["picture"])
    apart: dict[str, Floats] = {}
    if "things" in shared:
        nearest, apart = _things(signals, speed)
        seen += [nearest, *apart.values()]
    track = _Track(signals.path[at], PATH_UNIT * scales.spread)
    past = [_history(np.concatenate(seen, axis=1)[at]), track.behind()]
    past.append(_since_gripper(signals.path[at], np.abs(gripping[at]), scales.spread))
    motion, motion_causes = _ahead(moving, at)
    ahead = track.ahead()
    after, things_causes = _ahead(apart, at)
    around = _around(np.concatenate([velocity, turn, gripper], axis=1)[at])
    return Features(
        at,
        np.concatenate(past, axis=1),
        np.concatenate([motion, ahead], axis=1),
        motion_causes + ("path",) * ahead.shape[1],
        after,
        things_causes,
        around,
    )


def _in_units(values: Floats, scale: Floats) -> Floats:
    """Values (S, D) over a scale (D,); 0 where a recording lacks what others have."""
    if values.shape[1] != len(scale):
        return np.zeros((len(values), len(scale)))
    return values / scale


def _length(values: Floats) -> Floats:
    return np.asarray(np.linalg.norm(values, axis=1))


def _things(signals: Signals, speed: float) -> tuple[Floats, dict[str, Floats]]:
    """Where the nearest object is from the first hand (S, 3), and what moves fastest."""
    samples = signals.samples
    nearest, fastest = np.zeros((samples, 3)), np.zeros((samples, 3))
    if signals.objects.shape[1]:
        if signals.path.shape[1] >= 3:
            offsets = signals.objects - signals.path[:, None, :3]
            nearest = np.tanh(
                _pick(offsets, np.linalg.norm(offsets, axis=2).argmin(axis=1)) / NEAR_M
            )
        speeds = np.stack([derivative(o) for o in np.moveaxis(signals.objects, 1, 0)], axis=1)
        fastest = _pick(speeds, np.linalg.norm(speeds, axis=2).argmax(axis=1)) / speed
    sliding = np.zeros((samples, 1))
    if signals.fixtures.shape[1]:
        rates = derivative(signals.fixtures)
        sliding = _pick(rates[:, :, None], np.abs(rates).argmax(axis=1)) / speed
    return nearest, {"object": fastest, "fixture": sliding}


def _pick(values: Floats, which: Ints) -> Floats:
    """values (S, N, D) at `which` (S,) of N: (S, D)."""
    return np.take_along_axis(values, which[:, None, None], axis=1)[:, 0]


def _history(rows: Floats) -> Floats:
    index = np.arange(len(rows))
    return np.concatenate([rows[np.maximum(index - lag, 0)] for lag in HISTORY], axis=1)


def _around(rows: Floats) -> Floats:
    index = np.arange(len(rows))
    last = len(rows) - 1
    return np.concatenate([rows[np.clip(index + lag, 0, last)] for lag in CONTEXT], axis=1)


def _ahead(signals: dict[str, Floats], at: Ints) -> tuple[Floats, tuple[str, ...]]:
    """Mean of each signal over each horizon (R, sum of D) and the cause of every column."""
    parts, causes = [np.zeros((len(at), 0))], []
    for cause, values in signals.items():
        rows = np.concatenate([values[at], np.zeros((max(HORIZONS), values.shape[1]))])
        total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(rows, axis=0)])
        for horizon in HORIZONS:
            start = np.arange(1, len(at) + 1)
            parts.append((total[np.minimum(start + horizon, len(rows))] - total[start]) / horizon)
            causes += [cause] * values.shape[1]
    return np.concatenate(parts, axis=1), tuple(causes)


def _since_gripper(path: Floats, gripping: Floats, spread: float) -> Floats:
    """How far and how long ago the gripper last moved (R, P + 1)."""
    index = np.arange(len(path))
    moved = (gripping > GRIPPER_MOVES).any(axis=1) if gripping.size else index < 0
    last = np.maximum.accumulate(np.where(moved, index, 0))
    ago = np.tanh((index - last) / SIGNAL_RATE_HZ)
    return np.concatenate([np.tanh((path - path[last]) / spread / 0.7), ago[:, None]], axis=1)


class _Track:
    """A path measured along itself, so that neither speed nor pauses matter."""

    def __init__(self, path: Floats, unit: float) -> None:
        lengths = np.linalg.norm(np.diff(path, axis=0), axis=1) / unit
        self._along = np.concatenate([[0.0], np.cumsum(lengths + 1e-6)])
        self._path = path
        self._unit = unit

    def behind(self) -> Floats:
        """Mean direction over the last lengths of path (R, P each)."""
        return np.concatenate([-self._direction(-length) for length in PATH_HISTORY], axis=1)

    def ahead(self) -> Floats:
        """Mean direction over the next lengths of path (R, P each)."""
        return np.concatenate([self._direction(length) for length in PATH_HORIZONS], axis=1)

    def _direction(self, length: int) -> Floats:
        there = [np.interp(self._along + length, self._along, column) for column in self._path.T]
        return (np.stack(there, axis=1) - self._path) / self._unit / abs(length)
