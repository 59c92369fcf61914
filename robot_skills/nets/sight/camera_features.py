"""What a policy that sees is told in numbers: its own hand, and a place that is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.nets.sight.features import WIDTH_SCALE, two_scales

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HandView:
    """T steps of a hand: end-effector (T, 7) in world, widths (T,) m, `closing` (T,) as sent.

    `place` (T, 7) in world is where the thing in the hand shall go, where a fixture tells, else
    None.
    """

    ee: Floats
    width_m: Floats
    closing: Floats
    place: Floats | None


def hand_frames(ee: Floats) -> Floats:
    """Upright frames (..., 7) at end-effector poses (..., 7), turned as the hand is."""
    yaw = np.asarray(poses.upright_yaw(ee[..., 3:]))
    return np.concatenate([ee[..., :3], poses.from_yaw(yaw)], axis=-1)


def camera_features(view: HandView) -> Floats:
    """Network inputs (T, F). The height of the hand is not among them.

    So that what was shown on a table is done as well on top of a block.
    """
    steps = len(view.ee)
    known = np.zeros((steps, 13))
    if view.place is not None:
        place = poses.relative(hand_frames(view.ee), view.place)
        six = poses.six_dimensional(place[:, 3:])
        known = np.concatenate([two_scales(place), six, np.ones((steps, 1))], axis=-1)
    own = np.stack([WIDTH_SCALE * view.width_m, view.closing], axis=-1)
    return np.concatenate([poses.six_dimensional(view.ee[:, 3:]), own, known], axis=-1)
