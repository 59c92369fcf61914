"""How much torque an SO-101's servos are given: what carries the arm, and what moves it.

The arm has no watchdog of its own, so a small limit is what bounds a motor that nobody commands.
"""

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile

Floats = NDArray[np.float64]

# Gravity on the outstretched arm with 100 g in the jaws, from the model's masses, and friction.
CARRYING_NM = np.array([0.2, 1.2, 0.75, 0.3, 0.1])
CARRYING_MARGIN = 1.25
MOVING_NM = 0.9  # the motor's own drag at 1 rad/s, 0.60 Nm, and speeding up
JAW_SHARE = 0.45  # below every overload threshold, so that a grasp may last
FULL = 1000


def moving_limits(arm: ArmProfile) -> list[int]:
    """Torque limit registers (J + 1,) that let the arm move, the jaw's last."""
    return [*_registers(arm, CARRYING_NM * CARRYING_MARGIN + MOVING_NM), int(JAW_SHARE * FULL)]


def holding_limits(arm: ArmProfile) -> list[int]:
    """Torque limit registers (J + 1,) that just carry the arm where it stands."""
    return [*_registers(arm, CARRYING_NM * CARRYING_MARGIN), int(JAW_SHARE * FULL)]


def _registers(arm: ArmProfile, torque_nm: Floats) -> list[int]:
    rated = arm.deploy.torque_max_nm if arm.deploy is not None else None
    most = arm.servo_force_max if rated is None else rated
    return [int(v) for v in np.clip(np.ceil(torque_nm / most * FULL), 1, FULL)]
