"""What servos on one line answer to requests, and what may go wrong with their answers."""

from collections.abc import Callable, Sequence

import numpy as np

from robot_skills.deploy.drivers.so101 import registers
from robot_skills.deploy.twins.so101.packets import BROADCAST, Instruction, Request, status_packet
from robot_skills.deploy.twins.so101.servo import Servo


class ServoBus:
    """Executes requests on servos; `refresh` brings their registers up to date before each one.

    Each reply is lost with probability `drop` and damaged with probability `corrupt`. Servos in
    `dead` hear nothing.
    """

    def __init__(
        self, servos: Sequence[Servo], dead: set[int], refresh: Callable[[], None]
    ) -> None:
        self._servos = servos
        self._dead = dead
        self._refresh = refresh
        self._rng = np.random.default_rng(0x5057)
        self.drop = 0.0
        self.corrupt = 0.0

    def answer(self, request: Request) -> bytes:
        """Do what is asked; return what comes back over the line, b"" for silence."""
        self._refresh()
        if request.instruction == Instruction.SYNC_READ:
            packets = self._sync_read(request.parameters)
        elif request.instruction == Instruction.SYNC_WRITE:
            self._sync_write(request.parameters)
            packets = []
        else:
            packets = [
                packet
                for servo in self._called(request.servo)
                if (packet := self._execute(servo, request))
            ]
        return b"".join(self._damaged(packet) for packet in packets)

    def _execute(self, servo: Servo, request: Request) -> bytes:
        """One instruction on one servo; its reply, b"" where none is due."""
        parameters = request.parameters
        told = request.servo != BROADCAST
        if request.instruction == Instruction.PING:
            return self._reply(servo)
        if request.instruction == Instruction.READ and told and len(parameters) == 2:
            return self._reply(servo, servo.read(*parameters))
        # An instruction from here on is answered under the id that was called.
        called = servo.servo
        if request.instruction == Instruction.WRITE and len(parameters) > 1:
            servo.write(parameters[0], parameters[1:])
        elif request.instruction == Instruction.REG_WRITE and len(parameters) > 1:
            servo.register_write(parameters[0], parameters[1:])
        elif request.instruction == Instruction.ACTION:
            servo.act()
        else:
            return b""
        answers = told and servo.get(registers.RESPONSE_LEVEL)
        return status_packet(called, servo.get(registers.STATUS)) if answers else b""

    def _sync_read(self, parameters: bytes) -> list[bytes]:
        first, length, *ids = parameters
        called = [servo for wanted in ids for servo in self._called(wanted)]
        return [self._reply(servo, servo.read(first, length)) for servo in called]

    def _sync_write(self, parameters: bytes) -> None:
        first, length = parameters[0], parameters[1]
        rows = parameters[2:]
        for at in range(0, len(rows) - length, length + 1):
            for servo in self._called(rows[at]):
                servo.write(first, rows[at + 1 : at + 1 + length])

    def _called(self, wanted: int) -> list[Servo]:
        alive = [s for index, s in enumerate(self._servos) if index not in self._dead]
        return [s for s in alive if wanted in (BROADCAST, s.servo)]

    def _reply(self, servo: Servo, data: bytes = b"") -> bytes:
        return status_packet(servo.servo, servo.get(registers.STATUS), data)

    def _damaged(self, packet: bytes) -> bytes:
        if self._rng.random() < self.drop:
            return b""
        if self._rng.random() >= self.corrupt:
            return packet
        damaged = bytearray(packet)
        damaged[self._rng.integers(len(packet))] ^= int(self._rng.integers(1, 256))
        return bytes(damaged)
