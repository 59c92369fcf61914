"""The SDK's serial port, waiting where the SDK spins.

`PortHandler` of feetech-servo-sdk asks for bytes in a busy loop, gives a reply 34 ms, and never
throws away what came too late for the last request. This port sleeps until bytes arrive, gives up
when told, and forgets late replies before it sends.
"""

import select
import time

from scservo_sdk import PortHandler


class WaitingPort(PortHandler):  # type: ignore[misc]  # the SDK has no types
    """What the SDK's packet handler needs of a port; `reply_timeout_s` bounds each exchange."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.reply_timeout_s = 0.0
        self._deadline_s = 0.0

    def clearPort(self) -> None:
        """Forget what has come in: it answers an earlier request."""
        self.ser.reset_input_buffer()

    def setPacketTimeout(self, packet_length: int) -> None:
        """Begin to wait for a reply."""
        self._deadline_s = time.monotonic() + self.reply_timeout_s

    def isPacketTimeout(self) -> bool:
        """Whether the time for the reply is over."""
        return time.monotonic() > self._deadline_s

    def readPort(self, length: int) -> bytes:
        """Up to `length` bytes; sleeps until some arrive or the time is over."""
        if length <= 0:
            return b""
        left_s = self._deadline_s - time.monotonic()
        ready, _, _ = select.select([self.ser.fileno()], [], [], max(left_s, 0.0))
        return bytes(self.ser.read(length)) if ready else b""
