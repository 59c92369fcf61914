"""The command port of an xArm controller: what each function number does.

Numbers as in the vendor's client (`UxbusReg`); one that is unknown here is answered as invalid.
"""

import struct
from collections.abc import Callable, Mapping
from enum import IntEnum

import numpy as np

from robot_skills.deploy.twins.physics import TwinPhysics
from robot_skills.deploy.twins.xarm.box import POSITION_MODE, SERVO_MODE, ControlBox
from robot_skills.deploy.twins.xarm.frames import Request, floats
from robot_skills.deploy.twins.xarm.kinematics import flange_pose, roll_pitch_yaw
from robot_skills.deploy.twins.xarm.tool import ToolBus

HAS_ERROR, NOT_READY, INVALID = 0x40, 0x10, 0x08  # of the status byte
AXES, DOF = 7, 6
SERIAL, BOX_SERIAL, FIRMWARE = "XI1300TWIN01", "AC1300TWIN01", "v2.5.0"
VERSION = f"6,6,{SERIAL},{BOX_SERIAL},{FIRMWARE}"


class Number(IntEnum):
    """Functions that this twin acts on."""

    VERSION = 1
    SERIAL = 2
    ENABLE = 11
    SET_STATE = 12
    STATE = 13
    QUEUED = 14
    ERRORS = 15
    CLEAN_ERROR = 16
    CLEAN_WARNING = 17
    SET_MODE = 19
    MOVE_JOINT = 23
    MOVE_JOINT_BLENDED = 24
    SERVO_JOINT = 29
    POSE = 41
    JOINTS = 42
    TORQUES = 55
    TOOL_BUS = 124
    TOOL_WRITE = 127
    TOOL_READ = 128
    SET_FEEDBACK = 254


class Commands:
    """Carries requests out on the control box; returns the status byte and the data."""

    def __init__(self, box: ControlBox, tool: ToolBus, physics: TwinPhysics) -> None:
        self._box = box
        self._tool = tool
        self._physics = physics
        self._functions: Mapping[int, Callable[[Request], bytes | None]] = {
            Number.VERSION: lambda _: _text(VERSION),
            Number.SERIAL: lambda _: _text(f"{SERIAL}\0{BOX_SERIAL}"),
            Number.ENABLE: lambda r: box.enable(bool(r.data[1])),
            Number.SET_STATE: lambda r: box.set_state(r.data[0]),
            Number.STATE: lambda _: bytes([box.state]),
            Number.QUEUED: lambda _: struct.pack(">H", 0),
            Number.ERRORS: lambda _: bytes([box.error, 0]),
            Number.CLEAN_ERROR: lambda _: box.clean_error(),
            Number.CLEAN_WARNING: lambda _: b"",
            Number.SET_MODE: lambda r: box.set_mode(r.data[0]),
            Number.MOVE_JOINT: self._move,
            Number.MOVE_JOINT_BLENDED: self._move,
            Number.SERVO_JOINT: self._servo,
            Number.POSE: lambda _: self._pose(),
            Number.JOINTS: self._joints,
            Number.TORQUES: lambda _: floats(padded(physics.joint_torque)),
            Number.TOOL_BUS: lambda r: tool.relay(r.data),
            Number.TOOL_WRITE: lambda _: b"",
            Number.TOOL_READ: lambda r: struct.pack(">i", tool.module_register(_register(r))),
            Number.SET_FEEDBACK: lambda _: b"",
        }

    def carry_out(self, request: Request) -> tuple[int, bytes]:
        """Do what a request asks for."""
        act = self._functions.get(request.function)
        if act is None:
            return INVALID, b""
        try:
            data = act(request)
        except (struct.error, IndexError):
            return INVALID, b""
        return self._status(), data or b""

    def _status(self) -> int:
        error = HAS_ERROR if self._box.error else 0
        return error | (0 if self._box.accepts_motion else NOT_READY)

    def _servo(self, request: Request) -> bytes:
        goal = np.array(request.floats(DOF), dtype=float)
        if self._box.accepts_motion and self._box.mode == SERVO_MODE and np.isfinite(goal).all():
            self._box.servo(goal)
        return b""

    def _move(self, request: Request) -> bytes:
        *goal, speed, acceleration, _ = request.floats(AXES + 3)
        if self._box.accepts_motion and self._box.mode == POSITION_MODE:
            self._box.move(np.array(goal[:DOF]), speed, acceleration)
        return b""

    def _pose(self) -> bytes:
        position, rotation = flange_pose(self._physics.joint_position)
        return floats([*(1000.0 * position), *roll_pitch_yaw(rotation)])

    def _joints(self, request: Request) -> bytes:
        """Positions, and velocities and torques where as many are asked for."""
        physics = self._physics
        parts = [physics.joint_position, physics.joint_velocity, physics.joint_torque]
        wanted = request.data[0] & 0x0F if request.data else 1
        return b"".join(floats(padded(part)) for part in parts[:wanted])


def padded(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
    """Seven numbers for the joints there are."""
    return [*values.tolist(), *[0.0] * (AXES - len(values))]


def _text(text: str) -> bytes:
    return text.encode("ascii").ljust(40, b"\0")


def _register(request: Request) -> int:
    return int.from_bytes(request.data[1:3], "big")
