"""The SO-101 through Feetech's own SDK: one group read and one group write a cycle.

The servos have no clock, so the robot's time is the host's at the last reply of that servo which
has been silent for longest: one dead servo stops it. They have no watchdog either; `halt` is what
a watchdog process calls.
"""

import contextlib
import threading
import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.driver import ArmInfo, ArmState, Fault, FaultKind, StopKind
from robot_skills.deploy.drivers.so101 import registers, stops
from robot_skills.deploy.drivers.so101.bus import FeetechBus
from robot_skills.deploy.drivers.so101.calibration import (
    RAD_PER_STEP,
    Calibration,
    servo_calibration,
)
from robot_skills.deploy.drivers.so101.identity import firmware_of, read_memories
from robot_skills.deploy.drivers.so101.readings import Block, Readings
from robot_skills.deploy.drivers.so101.torque import moving_limits
from robot_skills.deploy.settings import ControlSettings

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

REPLY_SHARE = 0.7  # of a period, for all servos to answer
BLOCKS = 8  # cycles for which a late reply is told from one in time
START_PATIENCE_S = 0.5
LOOSE_READINGS = 2  # the first may be a late reply to a request before the start
STOP_DECELERATION_RAD_S2 = 5.0
FASTEST = 254  # acceleration register of a streamed path
BRAKING = round(STOP_DECELERATION_RAD_S2 / RAD_PER_STEP / 100)  # the same in its 100 steps/s^2
COARSE_VELOCITY = 50  # steps/s
CLEAR_TIMEOUT_S = 0.5


class So101Driver:
    """Implements ArmDriver for servos 1 to J and the jaw's J + 1, on one serial line."""

    def __init__(self, address: str, arm: ArmProfile, settings: ControlSettings) -> None:
        self._arm = arm
        self._address = address
        rate_hz = settings.for_arm(arm).rate_hz
        self._servos = tuple(range(1, arm.dof + 2))
        self._names = (*arm.joints, arm.gripper.driver)
        self._reply_timeout_s = REPLY_SHARE / rate_hz
        self._bus = FeetechBus(address)
        self._turn = threading.RLock()  # a stop from another thread has the last word
        self._started = False
        self._opened = False
        self._powered = False
        self._ordered: dict[int, tuple[registers.Register, int]] = {}  # by a stop, unconfirmed
        self._stopped_s = 0.0
        self._velocity_unit = 1
        self._jaw_goal = 0
        self._block = Block(0)
        self.info = ArmInfo(arm.name, arm.joints, rate_hz, robot_watchdog=False)

    def connect(self, timeout_s: float) -> None:
        """Find six calibrated STS3215; raises InputError within `timeout_s` naming what is not so.

        Also where firmware differs between servos, or one is not in position mode.
        """
        self._bus.open()
        names = {servo: self._called([servo]) for servo in self._servos}
        try:
            deadline_s = time.monotonic() + timeout_s
            memories = read_memories(self._bus, names, self._address, deadline_s)
            self._calibration = Calibration([servo_calibration(m) for m in memories])
            self._calibration.require(self._arm)
            overloads = [registers.OVERLOAD_TORQUE.within(m, 0) for m in memories]
        except InputError:
            self._bus.close()
            raise
        fine = registers.PHASE.within(memories[0], 0) & registers.PHASE_FINE_VELOCITY
        self._velocity_unit = 1 if fine else COARSE_VELOCITY
        self._limits = moving_limits(self._arm, overloads)
        self._epoch_s = time.monotonic()
        self._readings = Readings(self._servos, self._epoch_s)
        self.read()
        self._opened = True
        serial, firmware = self._calibration.serial, firmware_of(memories[0])
        self.info = replace(self.info, serial=serial, firmware=firmware)

    def read(self) -> ArmState:
        """What every servo says now; those not heard within 0.7 of a period keep their last."""
        self._block = Block((self._block.lead + 1) % BLOCKS)
        first, length = self._block.first, self._block.length
        replies = self._bus.sync_read(self._servos, first, length, self._reply_timeout_s)
        self._readings.update(replies, self._block, time.monotonic())
        return self._state()

    def start(self) -> None:
        """Hold every servo where it is, with the torque limit that moves the arm.

        Raises RobotFault when a servo is in fault or does not confirm; then none has torque.
        """
        with self._turn:
            self._ordered = {}
            deadline_s = time.monotonic() + START_PATIENCE_S
            while (state := self.read()).link_errors and time.monotonic() < deadline_s:
                time.sleep(1.0 / self.info.rate_hz)
            if state.fault is not None:
                raise RobotFault(str(state.fault))
            if state.link_errors:
                raise RobotFault(f"{self._called(self._unheard())} not heard; check the cables")
            self._powered = True
            missing = self._write_each(registers.ACCELERATION, self._starting())
            if not missing:
                enable = {servo: registers.TORQUE_ENABLE.encode(1) for servo in self._servos}
                missing = self._write_each(registers.TORQUE_ENABLE, enable)
            if missing:
                stops.power_off(self._bus, self._servos)
                raise RobotFault(f"{self._called(missing)} did not take torque; check the supply")
            self._readings.loose[:] = 0
            self._started = True

    def command(self, joint_position_rad: Floats, gripper_width_m: float | None) -> Floats:
        """Send joints (J,) rad and a width in one group write; returns the nearest steps in rad.

        Targets outside a servo's own range are sent as its end.
        """
        with self._turn:
            if not self._started:
                raise RobotFault("the servos have not been started, or were stopped")
            steps = self._calibration.joint_steps(joint_position_rad)
            if gripper_width_m is not None:
                self._jaw_goal = self._calibration.jaw_steps(gripper_width_m)
            goals = np.append(steps, self._jaw_goal)
            if not self._bus.sync_write(registers.GOAL_POSITION.address, self._encoded(goals)):
                raise RobotFault(f"the serial line {self._address} is lost")
            return self._calibration.joints(goals)

    def stop(self, kind: StopKind) -> None:
        """Brake and hold, hold at once, or take the torque from every servo on its own.

        A held jaw keeps its goal, and with it what it has grasped. Servos that do not confirm are
        named by a RobotFault, and by the next reading's fault unless they have stopped by then.
        """
        with self._turn:
            moving, self._started = self._started, False
            if not self._opened:
                return
            if kind is StopKind.POWER_OFF:
                missing = stops.power_off(self._bus, self._servos)
                self._ordered = dict.fromkeys(missing, (registers.TORQUE_ENABLE, 0))
            elif moving:
                self.read()
                goals = self._ends() if kind is StopKind.SMOOTH else self._places()
                ramp = BRAKING if kind is StopKind.SMOOTH else FASTEST
                missing = stops.go_to(self._bus, goals, ramp)
                self._ordered = {s: (registers.GOAL_POSITION, goals[s]) for s in missing}
            self._stopped_s = time.monotonic()
            if self._ordered:
                raise RobotFault(self._unstopped(list(self._ordered)))

    def clear_fault(self) -> None:
        """Take the torque from the servos in fault, which is what ends their protection.

        What they carry sinks; the other servos hold. Waits until they are well, half a second.
        """
        with self._turn:
            self._started, self._ordered = False, {}
            deadline_s = time.monotonic() + CLEAR_TIMEOUT_S
            self.read()
            while (ill := self._ill()) and time.monotonic() < deadline_s:
                stops.power_off(self._bus, list(ill))
                time.sleep(1.0 / self.info.rate_hz)
                self.read()

    def close(self) -> None:
        """Take the torque that was given and let go of the line; may be called twice.

        An arm that this driver never started is left as it was found.
        """
        if self._powered:
            with contextlib.suppress(RobotFault):
                self.stop(StopKind.POWER_OFF)
        self._opened = self._powered = False
        self._bus.close()

    def _ends(self) -> dict[int, int]:
        """Where each joint comes to rest at STOP_DECELERATION_RAD_S2."""
        braking = STOP_DECELERATION_RAD_S2 / RAD_PER_STEP
        position = self._readings.of(registers.PRESENT_POSITION)[:-1]
        velocity = self._readings.of(registers.PRESENT_VELOCITY)[:-1] * self._velocity_unit
        ends = position + np.rint(velocity * np.abs(velocity) / (2 * braking)).astype(np.int64)
        lowest, highest = self._calibration.lowest[:-1], self._calibration.highest[:-1]
        return self._by_servo(np.clip(ends, lowest, highest))

    def _places(self) -> dict[int, int]:
        """Where each joint is."""
        return self._by_servo(self._readings.of(registers.PRESENT_POSITION)[:-1])

    def _write_each(self, first: registers.Register, data: dict[int, bytes]) -> list[int]:
        return stops.write_each(self._bus, first.address, data, START_PATIENCE_S)

    def _starting(self) -> dict[int, bytes]:
        """Registers 41 to 49: fastest ramp, goal at the present, no time or speed, a limit."""
        position = self._readings.of(registers.PRESENT_POSITION)
        self._jaw_goal = int(position[-1])
        return {
            servo: registers.ACCELERATION.encode(FASTEST)
            + registers.GOAL_POSITION.encode(int(steps))
            + registers.GOAL_TIME.encode(0)
            + registers.GOAL_VELOCITY.encode(0)
            + registers.TORQUE_LIMIT.encode(limit)
            for servo, steps, limit in zip(self._servos, position, self._limits, strict=True)
        }

    def _state(self) -> ArmState:
        seen = self._readings
        steps = seen.of(registers.PRESENT_POSITION)
        velocity = seen.of(registers.PRESENT_VELOCITY)[:-1] * self._velocity_unit * RAD_PER_STEP
        loose = not seen.of(registers.TORQUE_ENABLE).all()
        return ArmState(
            robot_time_s=seen.oldest_s - self._epoch_s,
            joint_position_rad=self._calibration.joints(steps),
            joint_velocity_rad_s=np.asarray(velocity, dtype=np.float64),
            mode="loose" if loose else "torque on",
            fault=self._fault(),
            gripper_width_m=self._calibration.width_m(steps),
            load=seen.of(registers.PRESENT_LOAD)[:-1] / 1000,
            temperature_c=seen.of(registers.PRESENT_TEMPERATURE)[:-1].astype(float),
            voltage_v=seen.of(registers.PRESENT_VOLTAGE)[:-1] / 10,
            link_errors=int(seen.missed.max()),
        )

    def _fault(self) -> Fault | None:
        ill = self._ill()
        if ill:
            told = "; ".join(
                f"{self._called([s])}: {registers.status_text(bits)}" for s, bits in ill.items()
            )
            return Fault(FaultKind.OVERLOAD, f"{told}; free the arm, let it cool, then clear")
        if unconfirmed := self._unconfirmed():
            return Fault(FaultKind.LINK, self._unstopped(unconfirmed))
        loose = self._readings.loose >= LOOSE_READINGS
        if self._started and loose.any():
            who = self._called([s for s, off in zip(self._servos, loose, strict=True) if off])
            return Fault(FaultKind.NOT_READY, f"{who} lost torque; did the supply break down?")
        return None

    def _ill(self) -> dict[int, int]:
        """Status bits of the servos that report any."""
        status = self._readings.of(registers.STATUS)
        return {s: int(bits) for s, bits in zip(self._servos, status, strict=True) if bits}

    def _unconfirmed(self) -> list[int]:
        """Servos that neither confirmed a stop nor show since that they have it."""
        seen = self._readings
        return [
            servo
            for servo, (what, value) in self._ordered.items()
            if seen.heard_s[servo - 1] < self._stopped_s or seen.of(what)[servo - 1] != value
        ]

    def _unstopped(self, servos: list[int]) -> str:
        return f"{self._called(servos)} did not confirm the stop; cut the power"

    def _unheard(self) -> list[int]:
        missed = self._readings.missed
        return [s for s, count in zip(self._servos, missed, strict=True) if count]

    def _called(self, servos: list[int]) -> str:
        return ", ".join(f"{self._names[servo - 1]} (servo {servo})" for servo in servos)

    def _by_servo(self, steps: Integers) -> dict[int, int]:
        return {servo: int(s) for servo, s in zip(self._servos, steps, strict=False)}

    def _encoded(self, goals: Integers) -> dict[int, bytes]:
        register = registers.GOAL_POSITION
        return {servo: register.encode(goal) for servo, goal in self._by_servo(goals).items()}
