"""What the FR3's own controller lets a joint position motion do.

Source: libfranka's published rate limits and the Franka Control Interface documentation, limits for
Franka Research 3: speed limits shrink with the root of the distance to the end of a joint's range.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.deploy.twins.franka.wire import Error

Floats = NDArray[np.float64]

POSITION_MAX_RAD = np.array([2.7501, 1.7918, 2.9065, -0.1458, 2.8101, 4.5205, 3.0196])
POSITION_MIN_RAD = np.array([-2.7501, -1.7918, -2.9065, -3.0481, -2.8101, 0.54092, -3.0196])
SPEED_MAX_RAD_S = np.array([2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26])
ACCELERATION_MAX_RAD_S2 = 10.0
JERK_MAX_RAD_S3 = 5000.0
_OFFSET_RAD_S = np.array([0.30, 0.20, 0.20, 0.30, 0.35, 0.35, 0.35])
_DOUBLE_DECELERATION = np.array([12.0, 5.17, 7.0, 8.0, 34.0, 11.0, 34.0])  # rad/s^2
_ROUNDING = 1.001  # differences of doubles over 1 ms


def speed_limits(position: Floats) -> tuple[Floats, Floats]:
    """Lowest and highest joint speeds (7,) rad/s that are allowed at joints (7,) rad."""
    return -_speed_towards(position - POSITION_MIN_RAD), _speed_towards(POSITION_MAX_RAD - position)


def _speed_towards(distance: Floats) -> Floats:
    braking = np.sqrt(np.maximum(_DOUBLE_DECELERATION * distance, 0.0)) - _OFFSET_RAD_S
    return np.asarray(np.clip(braking, 0.0, SPEED_MAX_RAD_S))


def broken_limit(
    position: Floats, speed: Floats, acceleration: Floats, jerk: Floats
) -> Error | None:
    """The reflex that a commanded path (7,) raises at this cycle, None for one that is sound."""
    if (position > POSITION_MAX_RAD).any() or (position < POSITION_MIN_RAD).any():
        return Error.POSITION_LIMITS
    if np.abs(acceleration).max() > ACCELERATION_MAX_RAD_S2 * _ROUNDING:
        return Error.VELOCITY_DISCONTINUITY
    if np.abs(jerk).max() > JERK_MAX_RAD_S3 * _ROUNDING:
        return Error.ACCELERATION_DISCONTINUITY
    lowest, highest = speed_limits(position)
    moving_out = (speed > highest * _ROUNDING + 1e-3) | (speed < lowest * _ROUNDING - 1e-3)
    return Error.VELOCITY_LIMITS if moving_out.any() else None


@dataclass(frozen=True)
class JointBounds:
    """One joint's limits as attributes of a URDF."""

    range: dict[str, str]
    slope: dict[str, str]


def of_joint(joint: int) -> JointBounds:
    """Range, speed and how the speed limit falls towards the ends of the range."""
    lower, upper = POSITION_MIN_RAD[joint], POSITION_MAX_RAD[joint]
    return JointBounds(
        {"lower": f"{lower}", "upper": f"{upper}", "velocity": f"{SPEED_MAX_RAD_S[joint]}"},
        {
            "velocity_offset": f"{_OFFSET_RAD_S[joint]}",
            "deceleration_limit": f"{_DOUBLE_DECELERATION[joint] / 2}",
        },
    )
