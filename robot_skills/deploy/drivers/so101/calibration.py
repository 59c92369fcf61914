"""From a servo's steps to the model's joints, by what calibration left in the motors' EEPROM.

As LeRobot calibrates: the middle of a servo's range is the joint's zero, all joints turn with their
servos, and the jaw's range goes from closed to open.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError
from robot_skills.deploy.drivers.so101 import registers
from robot_skills.deploy.drivers.so101.jaw import CLOSED_RAD, OPEN_RAD, jaw_angle, jaw_width

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

RAD_PER_STEP = 2 * math.pi / registers.STEPS_PER_TURN
RANGE_TOLERANCE_RAD = 0.5  # a range that a hand has found, against the model's
FULL_TURN_STEPS = registers.STEPS_PER_TURN - 2  # LeRobot gives a joint without stops all steps
JAW_RANGE_STEPS = (OPEN_RAD - CLOSED_RAD) / RAD_PER_STEP


@dataclass(frozen=True)
class ServoCalibration:
    """What the EEPROM of one servo says: present = encoder - offset, within lowest and highest."""

    homing_offset: int
    lowest: int
    highest: int


class Calibration:
    """All servos of an arm in order, the jaw's last."""

    def __init__(self, servos: Sequence[ServoCalibration]) -> None:
        self.servos = tuple(servos)
        self.lowest: Integers = np.array([servo.lowest for servo in servos])
        self.highest: Integers = np.array([servo.highest for servo in servos])
        self._zero = (self.lowest[:-1] + self.highest[:-1]) / 2

    @property
    def serial(self) -> str:
        """Hash of all registers of the calibration: another arm, or a new calibration, differs."""
        text = ";".join(f"{s.homing_offset},{s.lowest},{s.highest}" for s in self.servos)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def joints(self, steps: Integers) -> Floats:
        """Joints (J,) rad at the servos' positions (J + 1,)."""
        return np.asarray((steps[:-1] - self._zero) * RAD_PER_STEP)

    def width_m(self, steps: Integers) -> float:
        """Width between the pads at the servos' positions (J + 1,)."""
        share = (steps[-1] - self.lowest[-1]) / (self.highest[-1] - self.lowest[-1])
        return jaw_width(CLOSED_RAD + float(share) * (OPEN_RAD - CLOSED_RAD))

    def joint_steps(self, joint_position_rad: Floats) -> Integers:
        """The steps (J,) nearest to joints (J,) rad, within the servos' ranges."""
        steps = np.rint(joint_position_rad / RAD_PER_STEP + self._zero).astype(np.int64)
        return np.clip(steps, self.lowest[:-1], self.highest[:-1])

    def jaw_steps(self, width_m: float) -> int:
        """The jaw's steps at a width, within its range."""
        share = (jaw_angle(width_m) - CLOSED_RAD) / (OPEN_RAD - CLOSED_RAD)
        lowest, highest = int(self.lowest[-1]), int(self.highest[-1])
        return min(max(round(lowest + share * (highest - lowest)), lowest), highest)

    def require(self, arm: ArmProfile) -> None:
        """Raise InputError naming the joints whose range is not the model's."""
        ranges = (self.highest - self.lowest)[:-1]
        modelled = (arm.position_max - arm.position_min) / RAD_PER_STEP
        wrong = np.abs(ranges - modelled) * RAD_PER_STEP > RANGE_TOLERANCE_RAD
        wrong &= ~((ranges >= FULL_TURN_STEPS) & (modelled > 0.8 * registers.STEPS_PER_TURN))
        names = [name for name, bad in zip(arm.joints, wrong, strict=True) if bad]
        jaw = float((self.highest - self.lowest)[-1])
        if abs(jaw - JAW_RANGE_STEPS) * RAD_PER_STEP > RANGE_TOLERANCE_RAD:
            names.append(arm.gripper.driver)
        if names:
            raise InputError(
                f"the motors' ranges of {', '.join(names)} are not those of {arm.name}: calibrate "
                "the arm (lerobot-calibrate writes homing offsets and ranges into the motors)"
            )


def servo_calibration(eeprom: bytes) -> ServoCalibration:
    """What a servo's memory, read from its beginning, says of its calibration."""
    return ServoCalibration(
        registers.HOMING_OFFSET.within(eeprom, 0),
        registers.POSITION_MIN.within(eeprom, 0),
        registers.POSITION_MAX.within(eeprom, 0),
    )
