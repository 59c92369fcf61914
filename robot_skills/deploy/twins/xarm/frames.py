"""Frames of the controller's command port (TCP 502), in UFACTORY's private Modbus TCP dialect.

Request: u16 transaction, u16 protocol, u16 bytes that follow, u8 function, data; big-endian. The
answer repeats them and puts a status byte before its data. Floats in the data are little-endian.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from robot_skills.deploy.twins.hub import Receive

HEADER = struct.Struct(">HHHB")
PREFIX = 6  # bytes before those that the length counts
PROTOCOLS = (2, 3)  # 3 asks the controller to drop a client that falls silent


@dataclass(frozen=True)
class Request:
    """One order of a client."""

    transaction: int
    protocol: int
    function: int
    data: bytes

    def floats(self, count: int) -> tuple[float, ...]:
        """The first floats of the data."""
        return struct.unpack_from(f"<{count}f", self.data)


def answer(request: Request, status: int, data: bytes) -> bytes:
    """The frame that answers a request."""
    head = HEADER.pack(request.transaction, request.protocol, len(data) + 2, request.function)
    return head + bytes([status]) + data


def frame_receiver(handle: Callable[[Request], None]) -> Receive:
    """A receiver that calls `handle` with each whole request; heartbeats are swallowed."""
    buffer = bytearray()

    def receive(data: bytes) -> None:
        buffer.extend(data)
        while len(buffer) >= HEADER.size:
            transaction, protocol, length, function = HEADER.unpack_from(buffer)
            if len(buffer) < PREFIX + length:
                return
            payload = bytes(buffer[HEADER.size : PREFIX + length])
            del buffer[: PREFIX + length]
            if protocol in PROTOCOLS:
                handle(Request(transaction, protocol, function, payload))

    return receive


def floats(values: object) -> bytes:
    """Little-endian float32s of a sequence of numbers."""
    numbers = [float(v) for v in values]  # type: ignore[attr-defined]  # any sequence or array
    return struct.pack(f"<{len(numbers)}f", *numbers)
