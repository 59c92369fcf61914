"""All servos of one arm between their registers and the physics that they move."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.deploy.drivers.so101 import registers
from robot_skills.deploy.drivers.so101.calibration import RAD_PER_STEP
from robot_skills.deploy.drivers.so101.jaw import jaw_angle, jaw_width
from robot_skills.deploy.twins.gap import Gap
from robot_skills.deploy.twins.hub import DelayLine
from robot_skills.deploy.twins.physics import TwinPhysics
from robot_skills.deploy.twins.so101.mounting import calibrated_servos
from robot_skills.deploy.twins.so101.protection import Protection
from robot_skills.deploy.twins.so101.ramp import Ramp
from robot_skills.deploy.twins.so101.servo import Servo

Floats = NDArray[np.float64]

SPEED_STEPS_S = 3075.0  # Feetech: 60 degrees in 0.222 s
ACCELERATION_UNIT = 100.0  # steps/s^2
ACCELERATION_DEFAULT = 254.0
JAW_YIELD_STEPS = 100.0  # how far the jaw is kept from its reference at full load
STALL_CURRENT = 415  # of the register's 6.5 mA: 2.7 A
MOVING_STEPS_S = 10.0


class ServoBank:
    """Moves the physics to the servos' goals and keeps their registers true.

    `gap` delays goals, and with them torque, on their way to the motors, and measurements on their
    way to the registers: the bus itself answers at once, as a servo's does. Torque is taken away at
    once.
    """

    def __init__(
        self,
        arm: ArmProfile,
        physics: TwinPhysics,
        gap: Gap,
        note: Callable[[str, str], None],
        tick_s: float,
    ) -> None:
        self._physics = physics
        self._tick_s = tick_s
        self.servos, self._mounting = calibrated_servos(arm)
        self.protection = Protection(self.servos, note, tick_s)
        self.dead: set[int] = set()
        self._rated_nm = arm.servo_force_max
        count = len(self.servos)
        self._enabled = np.zeros(count, dtype=bool)
        self._limit = np.ones(count)
        self._speed = np.full(count, SPEED_STEPS_S)
        self._acceleration = np.full(count, ACCELERATION_DEFAULT)
        self._encoder = self._measured()
        self._velocity = np.zeros(count)
        self._load = np.zeros(count)
        self._goal = self._encoder.copy()
        self._due_goal, self._due_enabled = self._goal, self._enabled
        self._ramp = Ramp(self._encoder, tick_s)
        self._goals: DelayLine[tuple[Floats, NDArray[np.bool_]]] = DelayLine(gap.delay_in_s)
        self._seen: DelayLine[tuple[Floats, Floats, Floats]] = DelayLine(gap.delay_out_s)
        self._snapshot = (self._encoder, self._velocity, self._load)
        for index, servo in enumerate(self.servos):
            servo.written = partial(self._take_over, index)
            servo.released = partial(self.protection.release, index)
            self._take_over(index)
        self.refresh()

    def advance(self, time_s: float) -> None:
        """Let one tick pass: ramps, physics, then protection."""
        self._goals.push(time_s, (self._goal.copy(), self._enabled.copy()))
        self._due_goal, self._due_enabled = self._newest_due(time_s)
        share = self._torque_share()
        loose = share == 0.0
        self._ramp.follow(self._encoder, loose)
        goal = np.where(loose, self._encoder, self._due_goal)
        reference = self._ramp.advance(goal, self._speed, self._acceleration)
        angles = (reference - self._mounting) * RAD_PER_STEP
        self._physics.limit_torque(share[:-1])
        self._physics.step(angles[:-1], jaw_width(float(angles[-1])))
        self._measure(reference, share)
        self.protection.advance(self._load)
        self._seen.push(time_s, (self._encoder, self._velocity, self._load))
        for snapshot in self._seen.due(time_s):
            self._snapshot = snapshot

    def _newest_due(self, time_s: float) -> tuple[Floats, NDArray[np.bool_]]:
        return ([(self._due_goal, self._due_enabled)] + self._goals.due(time_s))[-1]

    def refresh(self) -> None:
        """Write what is measured into every servo's registers."""
        for index, servo in enumerate(self.servos):
            encoder, velocity, load = (float(row[index]) for row in self._snapshot)
            offset = servo.get(registers.HOMING_OFFSET)
            servo.measure(registers.PRESENT_POSITION, round(encoder) - offset)
            servo.measure(registers.PRESENT_VELOCITY, velocity)
            servo.measure(registers.PRESENT_LOAD, load * 1000)
            servo.measure(registers.PRESENT_VOLTAGE, self.protection.voltage_v * 10)
            servo.measure(registers.PRESENT_TEMPERATURE, self.protection.temperature_c[index])
            servo.measure(registers.STATUS, self.protection.status(index))
            servo.measure(registers.MOVING, abs(velocity) > MOVING_STEPS_S)
            servo.measure(registers.PRESENT_CURRENT, load * STALL_CURRENT)

    def remount(self, steps: int) -> None:
        """Become another arm: every horn sits otherwise on its motor, and is calibrated so."""
        for index, servo in enumerate(self.servos):
            self._mounting[index] += steps
            servo.set(registers.HOMING_OFFSET, servo.get(registers.HOMING_OFFSET) + steps)
            servo.keep()
        self._encoder = self._encoder + steps
        self._ramp.position = self._ramp.position + steps
        for index in range(len(self.servos)):
            self._take_over(index)

    def power_up(self) -> None:
        """Give the supply back: all servos begin anew, without torque."""
        for servo in self.servos:
            servo.power_up()

    def _take_over(self, index: int) -> None:
        """Take a servo's settings from its registers."""
        servo = self.servos[index]
        self._enabled[index] = servo.get(registers.TORQUE_ENABLE) == 1
        self._limit[index] = servo.get(registers.TORQUE_LIMIT) / 1000
        speed = abs(servo.get(registers.GOAL_VELOCITY))
        self._speed[index] = min(speed, SPEED_STEPS_S) if speed else SPEED_STEPS_S
        ramp = servo.get(registers.ACCELERATION) or ACCELERATION_DEFAULT
        self._acceleration[index] = ramp * ACCELERATION_UNIT
        lowest = servo.get(registers.POSITION_MIN)
        highest = servo.get(registers.POSITION_MAX)
        goal = servo.get(registers.GOAL_POSITION)
        if lowest < highest:
            goal = min(max(goal, lowest), highest)
        self._goal[index] = goal + servo.get(registers.HOMING_OFFSET)
        self.protection.refresh(index)

    def _torque_share(self) -> Floats:
        """Share (S,) of its torque that each servo may use now; 0 is loose."""
        share = np.minimum(self._limit, self.protection.share) * self._enabled * self._due_enabled
        if self.dead:
            share[list(self.dead)] = 0.0
        return share

    def _measure(self, reference: Floats, share: Floats) -> None:
        encoder, velocity, load = np.empty((3, len(share)))
        encoder[:] = self._measured()
        velocity[:-1] = self._physics.joint_velocity / RAD_PER_STEP
        velocity[-1] = (encoder[-1] - self._encoder[-1]) / self._tick_s
        load[:-1] = self._joint_torque() / self._rated_nm
        load[-1] = (reference[-1] - encoder[-1]) / JAW_YIELD_STEPS
        self._encoder, self._velocity = encoder, velocity
        self._load = np.minimum(np.maximum(load, -share), share)

    def _joint_torque(self) -> Floats:
        """Torques (J,) Nm of the servos; bare joints tell only what presses on them."""
        exerted, resisted = self._physics.joint_torque, -self._physics.external_torque
        return np.where(np.abs(resisted) > np.abs(exerted), resisted, exerted)

    def _measured(self) -> Floats:
        """Encoders (S,) in steps, not rounded."""
        angles = np.empty_like(self._mounting)
        angles[:-1] = self._physics.joint_position
        angles[-1] = jaw_angle(self._physics.gripper_width_m)
        return np.asarray(angles / RAD_PER_STEP + self._mounting)


def servo_index(servos: Sequence[Servo], servo: int) -> int:
    """Place of the servo with an id; ValueError where there is none."""
    return [each.servo for each in servos].index(servo)
