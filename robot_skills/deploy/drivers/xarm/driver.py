"""UFACTORY xArm through `xarm-python-sdk`: servo targets on TCP 502, joints and clock on 30000.

Three things shape this driver. On a frozen link the client's calls wait and its joint angles keep
their old values, so readings come from the report that carries the controller's own clock. Every
servo target waits for its answer, so a thread sends them. And the arm has no watchdog: without
targets it stands still where the last one led, and `halt` stops it from outside.
"""

import contextlib
import socket
import struct
import time
from typing import Any

import numpy as np

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.driver import ArmInfo, ArmState, Fault, FaultKind, Floats, StopKind
from robot_skills.deploy.drivers.xarm.client import COMMAND_PORT, open_client, open_report
from robot_skills.deploy.drivers.xarm.faults import fault_of
from robot_skills.deploy.drivers.xarm.gripper import XArmGripper
from robot_skills.deploy.drivers.xarm.reports import (
    REALTIME,
    REALTIME_NEEDED,
    REALTIME_PORT,
    RICH,
    RICH_NEEDED,
    RICH_PORT,
    ReportPort,
    joints,
)
from robot_skills.deploy.drivers.xarm.sender import STOP_STATE, ServoSender
from robot_skills.deploy.settings import ControlSettings

SERVO_MODE = 1
READY_STATE = 0  # as told
AT_REST_STATES = (3, 4, 5)  # as reported: paused, stopped, and changed
STATES = {1: "moving", 2: "ready", 3: "paused", 4: "stopped", 5: "changed"}
OTHER_MODELS = {9: "Lite 6", 12: "850"}  # six joints, too
START_TIMEOUT_S = 2.0
HALT_TIMEOUT_S = 0.5
STOP_TIMEOUT_S = 0.3
REPORTS_IN_FLIGHT = 2  # that may still tell of an error that was just cleaned
WAITING_SHARE = 0.9  # of a period, in which a reading waits for its frame
EARLY_S = 0.002  # how much earlier than a period a frame may be: half the time between two
EXPLAIN_S = 0.1  # how long a stopped arm may take to say why
GRIPPER_SHARE = 0.5  # of the time for connecting


class XArmDriver:
    """Implements ArmDriver with set_servo_angle_j in joint space."""

    def __init__(self, address: str, arm: ArmProfile, settings: ControlSettings) -> None:
        self._address = address
        self._arm = arm
        self._rate_hz = settings.for_arm(arm).rate_hz
        self._due_us = 0  # robot time of the next reading
        self._clock_stands = False
        self._torque_max = arm.deploy.torque_max_nm if arm.deploy is not None else None
        self._client: Any = None  # the vendor's client has no types
        self._moves = False  # whether this driver has made the arm follow it
        self._started = False
        self._stopped_since_s: float | None = None
        self.info = self._info("", "")

    def connect(self, timeout_s: float) -> None:
        """Open the reports, the commands and the gripper; never moves.

        Raises InputError where nothing answers in time, or another arm does.
        """
        wait_s = timeout_s / 4
        with contextlib.ExitStack() as undo:
            undo.callback(setattr, self, "_client", None)
            self._realtime = self._report(undo, REALTIME_PORT, wait_s)
            self._rich = self._report(undo, RICH_PORT, wait_s)
            self._client = self._link(undo)
            self._check_model()
            tool = self._link(undo)
            self._gripper = XArmGripper(tool, self._arm.gripper.width_max_m)
            self._gripper.connect(GRIPPER_SHARE * timeout_s)
            self._sender = ServoSender(self._client)
            undo.pop_all()
        firmware = ".".join(map(str, self._client.version_number))
        self.info = self._info(str(self._client.sn or ""), firmware)

    def read(self) -> ArmState:
        """The reading of the next period by the controller's clock; at once where that stands."""
        frame, rich = self._next_frame(), self._rich.newest()
        assert rich is not None  # connect has seen one of each report
        dof = self._arm.dof
        state = int(frame["state_mode"]) & 0x0F
        return ArmState(
            robot_time_s=int(frame["time_us"]) * 1e-6,
            joint_position_rad=joints(frame, "position_rad", dof),
            joint_velocity_rad_s=joints(frame, "velocity_rad_s", dof),
            mode=STATES.get(state, f"state {state}"),
            fault=self._fault(frame, rich),
            gripper_width_m=self._width_m(),
            load=self._load(frame),
            temperature_c=joints(rich, "temperature_c", dof),
            voltage_v=joints(rich, "voltage_cv", dof) / 100.0,
            link_errors=self._sender.failures,
        )

    def start(self) -> None:
        """Enable the motors and make ready for servo targets; RobotFault where that fails."""
        fault = self.read().fault
        if fault is not None:
            raise RobotFault(str(fault))
        client, self._moves = self._client, True
        _obeyed("enable its motors", client.motion_enable(True))
        _obeyed("enter servo mode", client.set_mode(SERVO_MODE))
        _obeyed("become ready", client.set_state(READY_STATE))
        self._await_readiness()
        self._gripper.enable()
        self._sender.follow()
        self._started = True

    def command(self, joint_position_rad: Floats, gripper_width_m: float | None) -> Floats:
        """Hand one joint target (J,) to the sender; raises RobotFault when one was refused."""
        if not self._started:
            raise RobotFault("the arm refused a joint target: it is not started")
        if self._sender.refusal and not self._sender.error:
            raise RobotFault(f"the arm refused a joint target: {self._sender.refusal}")
        target = joint_position_rad.astype(np.float32).astype(float)
        self._sender.offer(target)
        if gripper_width_m is not None:
            self._gripper.move(gripper_width_m)
        return target

    def stop(self, kind: StopKind) -> None:
        """Have the controller stop the arm, which it then holds; POWER_OFF locks the brakes.

        It slows the arm down by itself, whatever the kind. Raises RobotFault when the link did not
        answer in time; the stop is then repeated until it gets through. An arm that this driver
        never moved is left to whoever moves it, but for POWER_OFF.
        """
        self._started = False
        if self._client is None or not (self._moves or kind is StopKind.POWER_OFF):
            return
        self._gripper.forget()
        if not self._sender.stop(STOP_TIMEOUT_S):
            raise RobotFault(f"the arm did not confirm the stop within {STOP_TIMEOUT_S:g} s")
        if kind is StopKind.POWER_OFF:
            _obeyed("lock its brakes", self._client.motion_enable(False))

    def clear_fault(self) -> None:
        """Clean the controller's error; the arm stays stopped. RobotFault where it comes back."""
        self._started = False
        client = self._client
        client.clean_error()
        client.clean_warn()
        _obeyed("enable its motors", client.motion_enable(True))
        for _ in range(REPORTS_IN_FLIGHT):
            self._rich.wait(START_TIMEOUT_S)
        error = self._error(self._rich.newest())
        if error:
            raise RobotFault(str(fault_of(error)))

    def close(self) -> None:
        """Stop and let go of the links."""
        if self._client is None:
            return
        with contextlib.suppress(RobotFault):
            self.stop(StopKind.SMOOTH)
        self._sender.close()
        self._gripper.close()
        self._client.disconnect()
        self._realtime.close()
        self._rich.close()

    def _next_frame(self) -> np.void:
        """The first frame that is a period newer, or the newest where none comes in time.

        Frames come every 4 ms. A loop that took the newest at times of its own would see the clock
        go 4 ms in one cycle and 8 ms in the next.
        """
        period_s = 1.0 / self._rate_hz
        until_s = time.monotonic() + (0.0 if self._clock_stands else WAITING_SHARE * period_s)
        frame = self._realtime.newest()
        assert frame is not None
        while int(frame["time_us"]) < self._due_us:
            newer = self._realtime.wait(max(until_s - time.monotonic(), 0.0))
            if newer is None:
                break
            frame = newer
        self._clock_stands = int(frame["time_us"]) < self._due_us
        if not self._clock_stands:
            self._due_us = int(frame["time_us"]) + round((period_s - EARLY_S) * 1e6)
        return frame

    def _info(self, serial: str, firmware: str) -> ArmInfo:
        arm = self._arm
        return ArmInfo(arm.name, arm.joints, self._rate_hz, False, serial, firmware, paces=True)

    def _report(self, undo: contextlib.ExitStack, port: int, wait_s: float) -> ReportPort:
        layout, needed = (
            (REALTIME, REALTIME_NEEDED) if port == REALTIME_PORT else (RICH, RICH_NEEDED)
        )
        report = open_report(self._address, port, layout, needed, wait_s)
        undo.callback(report.close)
        return report

    def _link(self, undo: contextlib.ExitStack) -> Any:
        client = open_client(self._address)
        undo.callback(client.disconnect)
        return client

    def _check_model(self) -> None:
        client, dof = self._client, self._arm.dof
        name = OTHER_MODELS.get(client.device_type, f"xArm {client.axis}")
        if client.axis != dof or client.device_type in OTHER_MODELS:
            raise InputError(
                f"the arm at {self._address} is a {name}; the profile {self._arm.name} has {dof} "
                "joints of an xArm: give the right --arm"
            )

    def _await_readiness(self) -> None:
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not self._ready():
            if time.monotonic() > deadline_s:
                fault = self.read().fault
                raise RobotFault(str(fault or "the arm does not become ready in servo mode"))
            self._realtime.wait(0.05)

    def _ready(self) -> bool:
        frame = self._realtime.newest()
        assert frame is not None
        state, mode = int(frame["state_mode"]) & 0x0F, int(frame["state_mode"]) >> 4
        return mode == SERVO_MODE and state not in AT_REST_STATES

    def _fault(self, frame: np.void, rich: np.void) -> Fault | None:
        error = self._error(rich)
        if error:
            return fault_of(error)
        if self._started and not self._ready():
            return self._unexplained()
        self._stopped_since_s = None
        if not np.isfinite(frame["position_rad"]).all():
            return Fault(FaultKind.DRIVER, "joint positions are not finite")
        return self._gripper_fault()

    def _error(self, rich: np.void | None) -> int:
        """The controller's error code: as looked up, before the slow report has it."""
        reported = int(rich["error"]) if rich is not None else 0
        return self._sender.error if self._started and self._sender.error else reported

    def _unexplained(self) -> Fault | None:
        """What to say of an arm that stopped: nothing until it had the time to tell its error."""
        now_s = time.monotonic()
        if self._stopped_since_s is None:
            self._stopped_since_s = now_s
            self._sender.ask_error()
        if now_s - self._stopped_since_s < EXPLAIN_S:
            return None
        return Fault(
            FaultKind.PROGRAM_STOPPED, "another client or a button stopped the arm, without error"
        )

    def _gripper_fault(self) -> Fault | None:
        try:
            self._gripper.check()
        except RobotFault as error:
            return Fault(FaultKind.GRIPPER, str(error))
        return None

    def _width_m(self) -> float | None:
        try:
            return self._gripper.width_m
        except RobotFault:
            return None

    def _load(self, frame: np.void) -> Floats | None:
        if self._torque_max is None:
            return None
        return np.abs(joints(frame, "torque_nm", self._arm.dof)) / self._torque_max


def halt(address: str, arm: ArmProfile) -> None:
    """Stop the arm at `address` from a process without a link to it.

    One frame, without the vendor's client, whose import alone takes longer than the stop. Raises
    RobotFault where the controller does not confirm it.
    """
    frame = struct.pack(">HHHBB", 1, 2, 2, 12, STOP_STATE)  # transaction, protocol, length, order
    try:
        with socket.create_connection((address, COMMAND_PORT), timeout=HALT_TIMEOUT_S) as link:
            link.sendall(frame)
            answer = link.recv(64)
    except OSError as error:
        raise RobotFault(f"{arm.name} at {address} could not be stopped: {error}") from None
    if answer[:4] != frame[:4]:
        raise RobotFault(f"{arm.name} at {address} did not confirm the stop")


def _obeyed(what: str, code: int) -> None:
    if code != 0:
        raise RobotFault(f"the arm did not {what}: code {code}")
