"""Whether a skill is known to work from a start: what came of the starts nearest to it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from robot_skills.core import poses
from robot_skills.run.trials.trial import SkillTrial, Snapshot

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

NEIGHBOURS = 5
WITHIN = 0.95  # share of the starts it succeeded from that lie within reach of the others
FEWEST = NEIGHBOURS + 1  # successes below which nothing is said
SIGMA_OF_MAD = 1.4826  # standard deviation of a normal distribution over its median deviation
LEAST_SPREAD = np.array([*3 * (0.01,), *3 * (0.05,), 0.005, 0.02])  # m, rad, m, rad or m


class Coverage:
    """The initiation set of one skill, from trials of it.

    A start is the end-effector's pose in the skill's reference frame, the gripper's width and the
    fixture's joint, each over its spread. It is covered where it is no further from the starts of
    successes than 95 % of those are from one another, by the fifth nearest (the nearest-neighbour
    description of one class: Tax, "One-class classification", Delft 2001), and most of the five
    nearest starts of all led to success (Cover and Hart, "Nearest neighbor pattern
    classification", 1967).
    """

    def __init__(self, trials: Sequence[SkillTrial]) -> None:
        self._outcomes = np.array([trial.success for trial in trials], dtype=bool)
        self._known = int(self._outcomes.sum()) >= FEWEST
        if not self._known:
            return
        starts = [trial.start for trial in trials]
        self._numbers = {id(start): number for number, start in enumerate(starts)}
        self._turned = poses.conjugate(starts[0].ee_in_frame[3:])
        raw = self._raw(starts)
        middle = np.median(raw[self._outcomes], axis=0)
        deviation = np.median(np.abs(raw[self._outcomes] - middle), axis=0)
        self._spread = np.maximum(SIGMA_OF_MAD * deviation, LEAST_SPREAD)
        points = raw / self._spread
        self._all = _Nearest(points, np.arange(len(points)))
        self._good = _Nearest(points[self._outcomes], np.flatnonzero(self._outcomes))
        good = [start for start, success in zip(starts, self._outcomes, strict=True) if success]
        self._radius = float(np.quantile(self._from_good(good), WITHIN))

    def covers(self, starts: Sequence[Snapshot]) -> Booleans:
        """Whether each start (N,) is covered; its own trial does not count for it."""
        if not self._known or not starts:
            return np.ones(len(starts), dtype=bool)
        points, own = self._points(starts)
        _, nearest = self._all.others(points, own)
        mostly = self._outcomes[nearest].mean(axis=1) > 0.5
        return np.asarray(mostly & (self._from_good(starts) <= self._radius))

    def likely(self, starts: Sequence[Snapshot], usual: float) -> Floats:
        """Success (N,) to expect of each start: that of the five nearest, `usual` as a sixth."""
        if not self._known or not starts:
            return np.full(len(starts), usual)
        _, nearest = self._all.others(*self._points(starts))
        return np.asarray((self._outcomes[nearest].sum(axis=1) + usual) / (NEIGHBOURS + 1))

    def _from_good(self, starts: Sequence[Snapshot]) -> Floats:
        """Distance (N,) to the last of the nearest starts that led to success."""
        return self._good.others(*self._points(starts))[0][:, -1]

    def _points(self, starts: Sequence[Snapshot]) -> tuple[Floats, NDArray[np.int64]]:
        """Starts (N, 8) over their spread, and the number (N,) of the trial each is of, or -1."""
        own = np.array([self._numbers.get(id(start), -1) for start in starts])
        return self._raw(starts) / self._spread, own

    def _raw(self, starts: Sequence[Snapshot]) -> Floats:
        """Starts (N, 8): position m, rotation rad from the first, width m, opening."""
        ee = np.array([start.ee_in_frame for start in starts])
        turn = np.asarray(poses.rotation_vector(poses.multiply(ee[:, 3:], self._turned[None])))
        rest = np.array([[start.gripper_width_m, start.opening] for start in starts])
        return np.concatenate([ee[:, :3], turn, rest], axis=1)


class _Nearest:
    """Finds the nearest of numbered points, other than a point's own."""

    def __init__(self, points: Floats, numbers: NDArray[np.int64]) -> None:
        self._tree, self._numbers = cKDTree(points), numbers

    def others(self, points: Floats, own: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
        """Distances and numbers (N, NEIGHBOURS) of the nearest, `own` (N,) left out."""
        distances, rows = self._tree.query(points, k=NEIGHBOURS + 1)
        numbers = self._numbers[rows]
        distances = np.where(numbers == own[:, None], np.inf, distances)
        order = np.argsort(distances, axis=1, kind="stable")[:, :NEIGHBOURS]
        return np.take_along_axis(distances, order, 1), np.take_along_axis(numbers, order, 1)
