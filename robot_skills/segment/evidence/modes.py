"""Modes that recur over all recordings, and when a recording passes from one to another.

A mode is one component of a mixture fitted to all recordings together: where the same regime of
contact, force or motion comes back, here or in another recording, it is the same mode. Which
columns and how many modes is anybody's guess, so several guesses are made and averaged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from sklearn.mixture import GaussianMixture

from robot_skills.segment.evidence.columns import Blocks, joined
from robot_skills.segment.evidence.sticky import change_probability
from robot_skills.segment.signals import SIGNAL_RATE_HZ

Floats = NDArray[np.float64]

VIEWS = {
    "contact modes": ("touch", "moving", "gripper"),
    "wrench modes": ("force", "touch", "speed"),
    "state modes": ("speed", "touch", "gripper", "moving"),
    "pose modes": ("path", "picture", "gripper", "touch"),
    "motion modes": ("velocity", "turn", "speed", "gripper", "touch", "moving"),
    "course modes": ("path", "velocity"),
}
COUNTS = (2, 3, 4, 5, 6)
STARTS = 2  # of each mixture, from other beginnings
SMOOTHING = 2.0  # samples
ROWS = 3000  # drawn to fit a mixture
DIMENSIONS = 8  # wider views are projected on their main directions
REGULAR = 3e-3  # added to variances of standardised columns
STAY_S = 2.0
TEMPER = 0.3  # neighbouring samples are far from independent
SPREAD = 3.0  # samples over which a change is told


@dataclass(frozen=True)
class View:
    """Mixtures over the same columns: mean (D,), axes (D, P), the mixtures on what they give."""

    names: tuple[str, ...]
    mean: Floats
    axes: Floats
    mixtures: tuple[GaussianMixture, ...]

    @staticmethod
    def fit(group: Sequence[Blocks], names: Sequence[str], seed: int) -> "View | None":
        """From standardised blocks of recordings; None where there is none of the columns."""
        rows = np.concatenate([smoothed(blocks, names) for blocks in group])
        if not rows.shape[1]:
            return None
        mean, axes = _projection(rows)
        drawn = np.random.RandomState(seed).permutation(len(rows))[:ROWS]
        some = (rows[drawn] - mean) @ axes
        mixtures = [
            GaussianMixture(count, random_state=seed * STARTS + start, reg_covar=REGULAR)
            for count in COUNTS
            if count < len(some)
            for start in range(STARTS)
        ]
        return View(tuple(names), mean, axes, tuple(mixture.fit(some) for mixture in mixtures))

    def log_likelihood(self, blocks: Blocks) -> Floats:
        """Tempered log densities (M, S, K) of the components of each mixture; -inf for none."""
        rows = (smoothed(blocks, self.names) - self.mean) @ self.axes
        found = np.full((len(self.mixtures), len(rows), max(COUNTS)), -np.inf)
        for number, mixture in enumerate(self.mixtures):
            found[number, :, : mixture.n_components] = TEMPER * log_density(mixture, rows)
        return found


def mode_changes(views: Mapping[str, View], blocks: Blocks) -> dict[str, Floats]:
    """Expected changes of mode (S,) at each sample by view, summed over its mixtures."""
    if not views:
        return {}
    every = np.concatenate([view.log_likelihood(blocks) for view in views.values()])
    changed = change_probability(every, STAY_S * SIGNAL_RATE_HZ)
    ends = np.cumsum([len(view.mixtures) for view in views.values()])[:-1]
    parts = zip(views, np.split(changed, ends), strict=True)
    return {name: np.asarray(gaussian_filter1d(own.sum(axis=0), SPREAD)) for name, own in parts}


def smoothed(blocks: Blocks, names: Sequence[str]) -> Floats:
    """The named columns (S, D), smoothed."""
    rows = joined(blocks, names)
    return np.asarray(gaussian_filter1d(rows, SMOOTHING, axis=0)) if rows.size else rows


def log_density(mixture: GaussianMixture, rows: Floats) -> Floats:
    """Logarithm of each component's density (S, K) at rows (S, D), less a constant."""
    found = np.empty((len(rows), mixture.n_components))
    pairs = zip(mixture.means_, mixture.precisions_cholesky_, strict=True)
    for number, (mean, root) in enumerate(pairs):
        apart = (rows - mean) @ root
        found[:, number] = np.log(np.diag(root)).sum() - 0.5 * (apart**2).sum(axis=1)
    return found


def _projection(rows: Floats) -> tuple[Floats, Floats]:
    mean = rows.mean(axis=0)
    if rows.shape[1] <= DIMENSIONS:
        return np.zeros(rows.shape[1]), np.eye(rows.shape[1])
    return mean, np.linalg.svd((rows - mean)[::3], full_matrices=False)[2][:DIMENSIONS].T
