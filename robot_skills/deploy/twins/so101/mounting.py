"""How the twin's arm was put together, and what LeRobot's calibration left in its EEPROM."""

import math

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.deploy.drivers.so101 import registers
from robot_skills.deploy.drivers.so101.calibration import RAD_PER_STEP
from robot_skills.deploy.drivers.so101.jaw import CLOSED_RAD, OPEN_RAD
from robot_skills.deploy.twins.so101.servo import Servo

Floats = NDArray[np.float64]

HOME_STEPS = 2047  # where LeRobot puts the middle of a range
HORNS_STEPS = (2110, 1985, 2201, 1890, 2070, 1702)  # encoders where the model's joints are 0


def calibrated_servos(arm: ArmProfile) -> tuple[list[Servo], Floats]:
    """Servos 1 to J and the jaw's, calibrated, and their encoders (J + 1,) at the model's zero."""
    halves = np.maximum(-arm.position_min, arm.position_max)
    lows, highs = np.append(-halves, CLOSED_RAD), np.append(halves, OPEN_RAD)
    servos = []
    for index, (low, high) in enumerate(zip(lows, highs, strict=True)):
        middle = round((low + high) / 2 / RAD_PER_STEP)
        half = math.floor((high - low) / 2 / RAD_PER_STEP)
        servo = Servo(index + 1)
        servo.set(registers.HOMING_OFFSET, HORNS_STEPS[index] + middle - HOME_STEPS)
        servo.set(registers.POSITION_MIN, HOME_STEPS - half)
        servo.set(registers.POSITION_MAX, HOME_STEPS + half)
        servo.keep()
        servos.append(servo)
    return servos, np.array(HORNS_STEPS[: len(servos)], dtype=float)
