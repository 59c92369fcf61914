"""Two predictors of one recording: the motion from the past, then objects from past and motion.

An object in the hand moves as the hand does, which is no news. Told the motion, the second
predictor is unsure only about contact: whether a thing comes along, or stays where it was let go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from robot_skills.nets.gaussian_predictor import GaussianPredictor, fit_predictor, score_rows
from robot_skills.segment.predict.features import Features

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Forecaster:
    """Predicts the motion targets, and the targets of things where there are any."""

    motion: GaussianPredictor
    things: GaussianPredictor | None

    @classmethod
    def fit(cls, seen: Sequence[Features], seed: int) -> Self:
        """Fit on the rows of all recordings in `seen`."""
        past = np.concatenate([f.past for f in seen])
        motion = np.concatenate([f.motion for f in seen])
        things = np.concatenate([f.things for f in seen])
        if not things.shape[1]:
            return cls(fit_predictor(past, motion, seed), None)
        known = np.concatenate([_past_and_motion(f) for f in seen])
        return cls(fit_predictor(past, motion, seed), fit_predictor(known, things, seed))

    def score(self, f: Features) -> tuple[Floats, Floats]:
        """Expected and actual surprise (R, motion + things targets) in nats."""
        expected, actual = score_rows(self.motion, f.past, f.motion)
        if self.things is None:
            return expected, actual
        of_things = score_rows(self.things, _past_and_motion(f), f.things)
        return (
            np.concatenate([expected, of_things[0]], axis=1),
            np.concatenate([actual, of_things[1]], axis=1),
        )


def _past_and_motion(f: Features) -> Floats:
    moved = np.array(f.motion_causes) == "motion"
    return np.concatenate([f.past, f.motion[:, moved]], axis=1)
