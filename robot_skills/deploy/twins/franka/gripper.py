"""The Franka Hand's server: requests over TCP 1338, its state over UDP."""

import socket
import struct
from collections.abc import Callable
from enum import IntEnum

from robot_skills.deploy.twins.franka.arm import FrankaArm
from robot_skills.deploy.twins.franka.wire import TICK_S, packet_receiver
from robot_skills.deploy.twins.hub import Connection, Receive
from robot_skills.deploy.twins.physics import TwinPhysics

PORT = 1338
VERSION = 3
HEADER = struct.Struct("<HII")  # command, its id, size with this header
CONNECT = struct.Struct("<HH")
CONNECT_ANSWER = struct.Struct("<HH")
GRASP = struct.Struct("<5d")  # width, tolerance inwards and outwards, speed, force
MOVE = struct.Struct("<2d")  # width, speed
STATE = struct.Struct("<Idd?H")
STATUS = struct.Struct("<H")
TICKS_PER_STATE = 20
TEMPERATURE_C = 30
ARRIVED_M = 0.001
STALLED_S = 0.3  # without progress, after which the fingers have met something


class Request(IntEnum):
    """Commands over TCP."""

    CONNECT = 0
    HOMING = 1
    GRASP = 2
    MOVE = 3
    STOP = 4


class Answer(IntEnum):
    """Status of an answer."""

    SUCCESS = 0
    FAIL = 1
    UNSUCCESSFUL = 2
    ABORTED = 3


class GripperService:
    """A parallel gripper whose fingers are the physics' own; a new order aborts the last."""

    def __init__(self, host: str, arm: FrankaArm, physics: TwinPhysics, stroke_m: float) -> None:
        self._host = host
        self._arm = arm
        self._physics = physics
        self._stroke_m = stroke_m
        self._client: tuple[str, int] | None = None
        self._finish: Callable[[Answer], None] | None = None
        self._accepted: tuple[float, float] = (0.0, stroke_m)
        self._grasping = False
        self._grasped = False
        self._last_m, self._progress_tick = physics.gripper_width_m, 0

    def open(self) -> None:
        """Open the socket that states are sent from."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self._host, 0))
        self._socket.setblocking(False)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def greet(self, connection: Connection) -> Receive:
        """Take up a client."""

        def handle(command: int, number: int, payload: bytes) -> None:
            def answer(body: bytes) -> None:
                connection.send(HEADER.pack(command, number, HEADER.size + len(body)) + body)

            def finish(status: Answer) -> None:
                answer(STATUS.pack(status))

            if command == Request.CONNECT:
                version, port = CONNECT.unpack(payload)
                self._client = (connection.peer_host, port)
                answer(CONNECT_ANSWER.pack(0 if version == VERSION else 1, VERSION))
            else:
                self._order(command, payload, finish)

        return packet_receiver(HEADER, handle)

    def tick(self, tick: int, linked: bool) -> None:
        """See whether an order is done; send the state when it is time."""
        width_m = self._physics.gripper_width_m
        if abs(width_m - self._last_m) > 1e-5:
            self._last_m, self._progress_tick = width_m, tick
        if self._finish is not None and linked:
            self._conclude(width_m, (tick - self._progress_tick) * TICK_S > STALLED_S)
        if linked and tick % TICKS_PER_STATE == 0 and self._client is not None:
            self._send(STATE.pack(tick, width_m, self._stroke_m, self._grasped, TEMPERATURE_C))

    def _order(self, command: int, payload: bytes, finish: Callable[[Answer], None]) -> None:
        if self._finish is not None:
            self._finish(Answer.ABORTED)
            self._finish = None
        self._grasping = self._grasped = False
        if command == Request.STOP:
            self._arm.gripper_width_m = self._physics.gripper_width_m
            finish(Answer.SUCCESS)
            return
        width_m, accepted = self._wish(command, payload)
        if not 0.0 <= width_m <= self._stroke_m:
            finish(Answer.FAIL)
            return
        self._arm.gripper_width_m, self._accepted, self._finish = width_m, accepted, finish
        self._grasping = command == Request.GRASP
        self._progress_tick = -1

    def _wish(self, command: int, payload: bytes) -> tuple[float, tuple[float, float]]:
        """Width to go to, and between which widths the order has succeeded."""
        if command == Request.GRASP:
            width_m, inner_m, outer_m, _speed, _force = GRASP.unpack(payload)
            return width_m, (width_m - inner_m, width_m + outer_m)
        width_m = MOVE.unpack(payload)[0] if command == Request.MOVE else self._stroke_m
        return width_m, (width_m - ARRIVED_M, width_m + ARRIVED_M)

    def _conclude(self, width_m: float, stalled: bool) -> None:
        arrived = abs(width_m - self._arm.gripper_width_m) < ARRIVED_M
        if self._finish is None or not (arrived or stalled):
            return
        low_m, high_m = self._accepted
        success = low_m <= width_m <= high_m
        self._grasped = self._grasping and stalled and success
        self._finish(Answer.SUCCESS if success else Answer.UNSUCCESSFUL)
        self._finish = None

    def _send(self, state: bytes) -> None:
        assert self._client is not None
        try:
            self._socket.sendto(state, self._client)
        except OSError:  # a client that is gone
            self._client = None
