"""How much torque an SO-101's servos are given: what carries the arm, and what moves it.

The arm has no watchdog of its own, so a small limit is what bounds a motor that nobody commands.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile

Floats = NDArray[np.float64]

# Gravity on the outstretched arm with 100 g in the jaws, from the model's masses, and friction.
CARRYING_NM = np.array([0.2, 1.2, 0.75, 0.3, 0.1])
CARRYING_MARGIN = 1.25
MOVING_NM = 0.9  # the motor's own drag at 1 rad/s, 0.60 Nm, and speeding up
JAW_SHARE = 0.45
FULL = 1000
BELOW_OVERLOAD = 50  # so that a load that lasts, such as a grasp, is no overload


def moving_limits(arm: ArmProfile, overload_percent: Sequence[int]) -> list[int]:
    """Torque limit registers (J + 1,) that let the arm move, the jaw's last.

    `overload_percent` (J + 1,) is where each servo takes a lasting load for an overload: LeRobot
    sets 25 for the jaw, the factory 80.
    """
    wanted = [*_registers(arm, CARRYING_NM * CARRYING_MARGIN + MOVING_NM), int(JAW_SHARE * FULL)]
    bounds = [percent * FULL // 100 - BELOW_OVERLOAD for percent in overload_percent]
    return [max(min(pair), 1) for pair in zip(wanted, bounds, strict=True)]


def holding_limits(arm: ArmProfile) -> list[int]:
    """Torque limit registers (J,) that just carry the arm where it stands."""
    return _registers(arm, CARRYING_NM * CARRYING_MARGIN)


def _registers(arm: ArmProfile, torque_nm: Floats) -> list[int]:
    rated = arm.deploy.torque_max_nm if arm.deploy is not None else None
    most = arm.servo_force_max if rated is None else rated
    return [int(v) for v in np.clip(np.ceil(torque_nm / most * FULL), 1, FULL)]
