"""The controller's TCP side (port 1337): requests in, answers out, one client at a time."""

import struct
from collections.abc import Callable

import numpy as np

from robot_skills.deploy.twins.franka import wire
from robot_skills.deploy.twins.franka.arm import FrankaArm
from robot_skills.deploy.twins.franka.wire import Answer, MoveAnswer, Request
from robot_skills.deploy.twins.hub import Connection, Receive

_STATUS = struct.Struct("<B")


class RobotService:
    """Answers libfranka's requests; `subscribe` is told where a client wants its states."""

    def __init__(
        self, arm: FrankaArm, model: str, subscribe: Callable[[tuple[str, int]], None]
    ) -> None:
        self._arm = arm
        self._model = model.encode()
        self._subscribe = subscribe

    def greet(self, connection: Connection) -> Receive:
        """Take up a client."""

        def handle(command: int, number: int, payload: bytes) -> None:
            def answer(body: bytes) -> None:
                size = wire.HEADER.size + len(body)
                connection.send(wire.HEADER.pack(command, number, size) + body)

            self._handle(command, payload, connection.peer_host, answer)

        return wire.packet_receiver(wire.HEADER, handle)

    def _handle(
        self, command: int, payload: bytes, host: str, answer: Callable[[bytes], None]
    ) -> None:
        arm = self._arm
        if command == Request.CONNECT:
            answer(self._connect(payload, host))
        elif command == Request.GET_ROBOT_MODEL:
            answer(_STATUS.pack(Answer.SUCCESS) + self._model)
        elif command == Request.MOVE:
            self._move(payload, answer)
        elif command == Request.STOP_MOVE:
            answer(_STATUS.pack(Answer.SUCCESS if arm.preempt() else Answer.NOT_POSSIBLE))
        elif command == Request.AUTOMATIC_ERROR_RECOVERY:
            answer(_STATUS.pack(Answer.SUCCESS if arm.recover() else Answer.RECOVERY_EMERGENCY))
        elif command in wire.SETTERS and not arm.moving:
            if command == Request.SET_COLLISION_BEHAVIOR:
                arm.set_collision(np.array(wire.COLLISION.unpack(payload)[21:28]))
            answer(_STATUS.pack(Answer.SUCCESS))
        else:
            answer(_STATUS.pack(Answer.NOT_POSSIBLE))

    def _connect(self, payload: bytes, host: str) -> bytes:
        version, port = wire.CONNECT.unpack(payload)
        if version != wire.VERSION:
            return wire.CONNECT_ANSWER.pack(Answer.INCOMPATIBLE_VERSION, wire.VERSION)
        self._subscribe((host, port))
        return wire.CONNECT_ANSWER.pack(Answer.SUCCESS, wire.VERSION)

    def _move(self, payload: bytes, answer: Callable[[bytes], None]) -> None:
        def finish(status: MoveAnswer) -> None:
            answer(_STATUS.pack(status))

        _controller, generator, *_bounds = wire.MOVE.unpack(payload)
        if generator != wire.MOVE_JOINT_POSITION:
            finish(MoveAnswer.INVALID_ARGUMENT)
        elif self._arm.start(finish):
            finish(MoveAnswer.STARTED)
        else:
            finish(MoveAnswer.NOT_POSSIBLE)
