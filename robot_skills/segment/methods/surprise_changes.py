"""Change points of the surprise, by the `ruptures` library."""

from collections.abc import Sequence

import numpy as np

from robot_skills.core.errors import InputError
from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.methods.change_points import kernel_boundaries_of
from robot_skills.segment.methods.cuts import Cuts
from robot_skills.segment.predict.surprise import Place, Predictors
from robot_skills.segment.signals import Signals


def surprise_change_cuts(group: Sequence[Signals], config: SegmentConfig) -> list[Cuts]:
    """Where the surprise of any signal changes its level, by kernel change points.

    Each recording is predicted from the others of its shape; where nothing moves in any of them
    nothing is cut.
    """
    places = [Place(number, len(group)) for number in range(len(group))]
    try:
        predictors = Predictors.fit(group, places, config.seed)
    except InputError:
        return [Cuts([]) for _ in group]
    found = []
    for signals, place in zip(group, places, strict=True):
        parts = predictors.measure(signals, place).by_cause
        columns = np.stack(list(parts.values()), axis=1)
        found.append(Cuts(kernel_boundaries_of(columns, config, "surprise")))
    return found
