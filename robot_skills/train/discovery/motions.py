"""Motions as landmarks: where the hand was around the moment of change, and how far two differ."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LANDMARKS_S = (-0.5, -0.25, 0.0, 0.25)  # around the moment of change, where motions are compared
SPREAD_FLOOR_M = 0.01  # no two motions differ for less than this
ALIKE = 1.0  # pooled spreads between two means below which two sets of motions are one
LIKE = 2.0  # spreads from the mean up to which one motion is like the others


def spreads_apart(one: Floats, other: Floats) -> float:
    """Pooled spreads between the means of two sets of motions (N, D) and (M, D)."""
    between = np.abs(one.mean(axis=0) - other.mean(axis=0))
    within = (one.std(axis=0) + other.std(axis=0)) / 2 + SPREAD_FLOOR_M
    return float(np.mean(between / within))


def strangeness(motion: Floats, shown: Floats) -> float:
    """Spreads between a motion (D,) and the mean of those shown (N, D)."""
    within = shown.std(axis=0) + SPREAD_FLOOR_M
    return float(np.mean(np.abs(motion - shown.mean(axis=0)) / within))


def usual_strangeness(shown: Floats) -> float:
    """Up to which strangeness a motion is like those shown (N, D): as far as the farthest of them.

    A few are no measure of how far it may be; then it is `LIKE`.
    """
    return max(LIKE, *(strangeness(one, shown) for one in shown))


def metres_apart(one: Floats, other: Floats) -> float:
    """Distance in m between the mean paths of two sets of motions (N, D) and (M, D)."""
    difference = (one.mean(axis=0) - other.mean(axis=0)).reshape(len(LANDMARKS_S), -1)
    return float(np.linalg.norm(difference[:, :3], axis=1).mean())


def spread_m(motions: Floats) -> float:
    """Mean distance in m of motions (N, D) from their mean path."""
    paths = (motions - motions.mean(axis=0)).reshape(len(motions), len(LANDMARKS_S), -1)
    return float(np.linalg.norm(paths[..., :3], axis=-1).mean())
