"""The signals side by side in one unit: what stands in for an image embedding."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from robot_skills.segment.signals import Signals

Floats = NDArray[np.float64]

STILL = 1e-6  # a column that spreads less than this says nothing


def standardised(signals: Signals) -> Floats:
    """Path, velocity, gripper, objects and picture (S, D), each column with mean 0 and spread 1."""
    return standardised_together([signals])[0]


def standardised_together(group: Sequence[Signals]) -> list[Floats]:
    """The same of several demonstrations of one `shape`, with one mean and spread for all."""
    parts = [_columns(signals) for signals in group]
    every = np.concatenate(parts)
    mean, spread = every.mean(axis=0), every.std(axis=0)
    moving = spread > STILL
    return [(part[:, moving] - mean[moving]) / spread[moving] for part in parts]


def shape(signals: Signals) -> tuple[int, ...]:
    """Column counts that must agree before demonstrations can share one embedding."""
    moving = signals.path, signals.gripper, signals.objects, signals.picture
    return tuple(part.shape[1] for part in moving)


def _columns(signals: Signals) -> Floats:
    objects = signals.objects.reshape(signals.samples, -1)
    columns = signals.path, signals.velocity, signals.gripper, objects, signals.picture
    return np.concatenate(columns, axis=1)
