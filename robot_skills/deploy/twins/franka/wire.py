"""Layouts of libfranka's protocol, version 10: little endian and packed.

Source: the headers published with libfranka; every size was checked against the client of
pylibfranka 0.21.3, which refuses any other.
"""

import struct
from collections.abc import Callable
from enum import IntEnum

import numpy as np

VERSION = 10
PORT = 1337
JOINTS = 7
ERRORS = 41
TICK_S = 0.001


class Request(IntEnum):
    """Commands over TCP."""

    CONNECT = 0
    MOVE = 1
    STOP_MOVE = 2
    SET_COLLISION_BEHAVIOR = 3
    AUTOMATIC_ERROR_RECOVERY = 10
    GET_ROBOT_MODEL = 11


SETTERS = frozenset(range(Request.SET_COLLISION_BEHAVIOR, Request.AUTOMATIC_ERROR_RECOVERY))


class Answer(IntEnum):
    """Status of an answer; 0 is success for every command."""

    SUCCESS = 0
    INCOMPATIBLE_VERSION = 1
    NOT_POSSIBLE = 1
    RECOVERY_EMERGENCY = 5


class MoveAnswer(IntEnum):
    """Status of an answer to a Move, of which there are two: when it starts and when it ends."""

    SUCCESS = 0
    STARTED = 1
    PREEMPTED = 2
    NOT_POSSIBLE = 5
    INVALID_ARGUMENT = 7
    REFLEX = 8
    EMERGENCY = 9


class RobotMode(IntEnum):
    """What the arm is doing."""

    IDLE = 1
    MOVE = 2
    REFLEX = 4
    USER_STOPPED = 5


class Error(IntEnum):
    """Places of the errors that this twin raises among the flags of a state."""

    JOINT_VELOCITY = 3
    JOINT_REFLEX = 6
    START_POSE = 11
    POSITION_LIMITS = 12
    VELOCITY_LIMITS = 13
    VELOCITY_DISCONTINUITY = 14
    ACCELERATION_DISCONTINUITY = 15
    COMMUNICATION = 25


GENERATOR_IDLE, GENERATOR_JOINT_POSITION = 0, 1
CONTROLLER_JOINT_IMPEDANCE, CONTROLLER_OTHER = 0, 3
MOVE_JOINT_POSITION = 0  # the same generator, as a Move names it

HEADER = struct.Struct("<III")  # command, its id, size with this header
CONNECT = struct.Struct("<HH")  # version, UDP port of the client
CONNECT_ANSWER = struct.Struct("<BH")
MOVE = struct.Struct("<II6d?7d")  # controller, generator, two deviations, asynchronous, speeds
COLLISION = struct.Struct("<52d")  # torques 4 x 7, forces 4 x 6
COMMAND = struct.Struct("<Q7d7d16d6d2d2?7d?")
COMMAND_POSITION = slice(1, 1 + JOINTS)
COMMAND_FINISHED = 40

_F = "<f4"
STATE = np.dtype(
    [
        ("message_id", "<u8"),
        ("O_T_EE", _F, 16),
        ("O_T_EE_d", _F, 16),
        ("F_T_EE", _F, 16),
        ("EE_T_K", _F, 16),
        ("F_T_NE", _F, 16),
        ("NE_T_EE", _F, 16),
        ("load_and_elbow", _F, 30),
        ("tau_J", _F, JOINTS),
        ("tau_J_d", _F, JOINTS),
        ("dtau_J", _F, JOINTS),
        ("q", _F, JOINTS),
        ("q_d", _F, JOINTS),
        ("dq", _F, JOINTS),
        ("dq_d", _F, JOINTS),
        ("ddq_d", _F, JOINTS),
        ("contacts", _F, 26),
        ("tau_ext_hat_filtered", _F, JOINTS),
        ("cartesian", _F, 27),
        ("O_T_EE_c", _F, 16),
        ("cartesian_c", _F, 12),
        ("theta", _F, JOINTS),
        ("dtheta", _F, JOINTS),
        ("accelerometers", _F, 36),
        ("motion_generator_mode", "u1"),
        ("controller_mode", "u1"),
        ("errors", "?", ERRORS),
        ("reflex_reason", "?", ERRORS),
        ("robot_mode", "u1"),
        ("control_command_success_rate", _F),
    ]
)


def packet_receiver(
    header: struct.Struct, handle: Callable[[int, int, bytes], None]
) -> Callable[[bytes], None]:
    """A receiver that cuts a stream into packets and calls `handle` with command, id, payload."""
    buffer = bytearray()

    def receive(data: bytes) -> None:
        buffer.extend(data)
        while len(buffer) >= header.size:
            command, number, size = header.unpack_from(buffer)
            if len(buffer) < size:
                return
            payload = bytes(buffer[header.size : size])
            del buffer[:size]
            handle(command, number, payload)

    return receive
