"""Feetech's packets, byte by byte: 0xFF 0xFF, id, length, instruction or status, ..., checksum."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

HEADER = b"\xff\xff"
BROADCAST = 0xFE
LENGTH_MAX = 250


class Instruction(IntEnum):
    """What a host asks."""

    PING = 1
    READ = 2
    WRITE = 3
    REG_WRITE = 4
    ACTION = 5
    SYNC_READ = 0x82
    SYNC_WRITE = 0x83


@dataclass(frozen=True)
class Request:
    """One packet with a right checksum; `instruction` may be one that no servo knows."""

    servo: int
    instruction: int
    parameters: bytes


def checksum(body: bytes) -> int:
    """Of everything between the header and itself."""
    return ~sum(body) & 0xFF


def status_packet(servo: int, status: int, data: bytes = b"") -> bytes:
    """A servo's reply."""
    body = bytes([servo, len(data) + 2, status]) + data
    return HEADER + body + bytes([checksum(body)])


class RequestParser:
    """Finds requests in a stream of bytes; what is damaged is passed over, as servos do."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Request]:
        """Take in bytes; yield the whole requests among them."""
        self._buffer.extend(data)
        while self._find_header():
            servo, length = self._buffer[2], self._buffer[3]
            if servo == 0xFF or not 2 <= length <= LENGTH_MAX:
                del self._buffer[0]
                continue
            if len(self._buffer) < length + 4:
                return
            body = bytes(self._buffer[2 : length + 4])
            if checksum(body[:-1]) != body[-1]:
                del self._buffer[0]
                continue
            del self._buffer[: length + 4]
            yield Request(servo, body[2], body[3:-1])

    def _find_header(self) -> bool:
        """Bring a header to the front; whether a packet's length can be read behind it."""
        at = self._buffer.find(HEADER)
        if at < 0:
            del self._buffer[: max(len(self._buffer) - 1, 0)]
            return False
        del self._buffer[:at]
        return len(self._buffer) >= 4
