"""Feetech's servo bus through the vendor's SDK: every exchange bounded, none raises.

The SDK's own group read ends at the first servo that is missing and drops every status byte, and
its reads take a late reply to another request for their own; here each whole reply of the right
length counts for the servo that sent it.
"""

import termios
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from robot_skills.core.errors import InputError
from robot_skills.deploy.drivers.clients import missing_client
from robot_skills.deploy.drivers.so101.registers import Register

BAUD_RATE = 1_000_000
LOST = (OSError, termios.error)  # the adapter was pulled out
REPLY_TIMEOUT_S = 0.02  # of one servo that is asked or told on its own
HEADER_BYTES, TAIL_BYTES = 5, 1


@dataclass(frozen=True)
class Reply:
    """What one servo answered: its status bits, and bytes of its memory."""

    status: int
    data: bytes


class FeetechBus:
    """Servos on one serial line; may be used from several threads, one exchange at a time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._port: Any = None  # the SDK has no types
        self._packets: Any = None

    def open(self) -> None:
        """Open the line; raises InputError where there is none or the SDK is missing."""
        try:
            from scservo_sdk import PacketHandler

            from robot_skills.deploy.drivers.so101.port import WaitingPort
        except ImportError:
            raise missing_client("so101") from None
        port = WaitingPort(self._path)
        try:
            port.setBaudRate(BAUD_RATE)
        except LOST as error:
            raise InputError(
                f"no serial line at {self._path}: {error}; is the adapter plugged in, and may you "
                "use it (sudo usermod -aG dialout $USER, then log in again)?"
            ) from None
        self._port, self._packets = port, PacketHandler(0)

    def close(self) -> None:
        """Let go of the line; may be called twice."""
        with self._lock:
            if self._port is not None:
                self._port.closePort()
            self._port = None

    def read(self, servo: int, register: Register, tries: int = 1) -> int | None:
        """One value of a servo, None where it does not answer."""
        data = self.read_block(servo, register.address, register.size, tries)
        return None if data is None else register.decode(data)

    def read_block(self, servo: int, first: int, length: int, tries: int = 1) -> bytes | None:
        """Bytes of a servo's memory, None where it does not answer."""
        with self._exchanging(REPLY_TIMEOUT_S) as port:
            for _ in range(tries if port else 0):
                self._packets.readTx(port, servo, first, length)
                replies = self._collect(port, [servo], length)
                if servo in replies:
                    return replies[servo].data
        return None

    def write(self, servo: int, register: Register, value: int, tries: int = 1) -> bool:
        """Write one value; whether the servo has confirmed it."""
        return self.write_block(servo, register.address, register.encode(value), tries)

    def write_block(self, servo: int, first: int, data: bytes, tries: int = 1) -> bool:
        """Write bytes of a servo's memory; whether the servo has confirmed them."""
        with self._exchanging(REPLY_TIMEOUT_S) as port:
            for _ in range(tries if port else 0):
                self._packets.writeTxOnly(port, servo, first, len(data), list(data))
                if self._collect(port, [servo], 0):
                    return True
        return False

    def sync_read(
        self, servos: Sequence[int], first: int, length: int, timeout_s: float
    ) -> dict[int, Reply]:
        """Bytes of every servo that answers within `timeout_s`, by id."""
        with self._exchanging(timeout_s) as port:
            if port is not None:
                self._packets.syncReadTx(port, first, length, list(servos), len(servos))
                return self._collect(port, servos, length)
        return {}

    def sync_write(self, first: int, data: Mapping[int, bytes]) -> bool:
        """Write equally many bytes to several servos at once; whether they went out."""
        length = len(next(iter(data.values())))
        flat = [byte for servo, values in data.items() for byte in (servo, *values)]
        with self._exchanging(REPLY_TIMEOUT_S) as port:
            if port is None:
                return False
            send: Callable[..., int] = self._packets.syncWriteTxOnly
            return send(port, first, length, flat, len(flat)) == 0
        return False

    def _collect(self, port: Any, servos: Sequence[int], length: int) -> dict[int, Reply]:
        """Replies with `length` bytes of data until all have come or the time is over.

        Another length answers an earlier request; the SDK itself would cut it and take it.
        """
        port.setPacketTimeout(length)
        replies: dict[int, Reply] = {}
        while len(replies) < len(servos):
            packet, result = self._packets.rxPacket(port)
            whole = len(packet) == HEADER_BYTES + length + TAIL_BYTES
            if result == 0 and whole and packet[2] in servos:
                replies[packet[2]] = Reply(packet[4], bytes(packet[HEADER_BYTES:-TAIL_BYTES]))
            elif port.isPacketTimeout():
                break
        return replies

    @contextmanager
    def _exchanging(self, timeout_s: float) -> Iterator[Any]:
        """The port, or None where it is closed; a line that is lost ends the exchange."""
        with self._lock:
            try:
                if self._port is not None:
                    self._port.reply_timeout_s = timeout_s
                yield self._port
            except LOST:
                pass
            finally:
                if self._port is not None:
                    self._port.is_using = False
