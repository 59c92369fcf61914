"""JSON lines between a robot's two processes, over one socket pair: what must not be lost."""

import json
import select
import socket
import threading
import time
from typing import Any

Message = dict[str, Any]


class LineChannel:
    """Sends and receives whole messages; any thread may send, while one of them receives."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._buffer = bytearray()
        self._sending = threading.Lock()  # a stop from another thread may meet a target
        self.open = True

    def send(self, message: Message) -> None:
        """Send one message; a peer that has gone is noticed, not raised."""
        try:
            with self._sending:
                self._end.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self.open = False

    def receive(self, timeout_s: float) -> list[Message]:
        """Messages that come within `timeout_s`, as soon as there are any; [] when none.

        Where the peer has gone it still waits that long.
        """
        if not self.open:
            time.sleep(max(timeout_s, 0.0))
            return []
        ready, _, _ = select.select([self._end], [], [], max(timeout_s, 0.0))
        if not ready:
            return []
        try:
            data = self._end.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.open = False
        self._buffer.extend(data)
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = bytearray(rest)
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        """Close this end."""
        self.open = False
        self._end.close()
