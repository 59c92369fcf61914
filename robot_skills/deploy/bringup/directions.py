"""Where a gripper goes, in words of whoever stands behind the arm's base and looks along +x."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses

Floats = NDArray[np.float64]

LEAST_M = 0.002  # less than this is not seen; then the turn is told
_WAYS = (("away from the base", "towards the base"), ("left", "right"), ("up", "down"))
_TURNS = (
    ("about the line away from the base", "clockwise", "anticlockwise"),
    ("about the line to the left", "clockwise", "anticlockwise"),
    ("about the vertical, seen from above", "anticlockwise", "clockwise"),
)


def movement_in_words(before: Floats, after: Floats) -> str:
    """The larger part of the way between two poses (7,) in world."""
    way_m = after[:3] - before[:3]
    axis = int(np.abs(way_m).argmax())
    distance_m = float(abs(way_m[axis]))
    if distance_m >= LEAST_M:
        way = _WAYS[axis][1 if way_m[axis] < 0.0 else 0]
        return f"the gripper goes {1000 * distance_m:.0f} mm {way}"
    turn_rad = poses.rotation_vector(poses.multiply(after[3:], poses.conjugate(before[3:])))
    axis = int(np.abs(turn_rad).argmax())
    line, forth, back = _TURNS[axis]
    degrees = np.degrees(np.linalg.norm(turn_rad))
    return (
        f"the gripper turns {degrees:.1f} degrees {line}, {back if turn_rad[axis] < 0 else forth}"
    )
