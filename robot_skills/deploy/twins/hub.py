"""Sockets of a twin, all served from its one thread between two ticks of physics."""

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
Receive = Callable[[bytes], None]


class Connection:
    """One client; sending never blocks, and a client that does not read loses packets."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self.open = True

    @property
    def peer_host(self) -> str:
        """Address that the client connected from."""
        return str(self._client.getpeername()[0])

    def send(self, data: bytes) -> None:
        """Send at once what the socket's buffer takes whole."""
        if not self.open:
            return
        try:
            self._client.send(data)
        except BlockingIOError:
            return
        except OSError:
            self.open = False


class Hub:
    """Listens on ports of one address and hands received bytes to each client's handler."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._selector = selectors.DefaultSelector()
        self._listeners: list[socket.socket] = []

    def listen(self, port: int, greet: Callable[[Connection], Receive]) -> None:
        """Accept clients on `port`; `greet` returns what takes a client's bytes."""
        listener = socket.create_server((self._host, port))
        listener.setblocking(False)
        self._listeners.append(listener)
        self._selector.register(
            listener, selectors.EVENT_READ, lambda: self._accept(listener, greet)
        )

    def watch(self, file_descriptor: int, ready: Callable[[], None]) -> None:
        """Call `ready` whenever a file such as stdin has something to read."""
        self._selector.register(file_descriptor, selectors.EVENT_READ, ready)

    def serve_until(self, deadline_s: float) -> None:
        """Handle whatever arrives until the monotonic clock shows `deadline_s`; at least once."""
        while True:
            remaining = deadline_s - time.monotonic()
            for key, _ in self._selector.select(max(remaining, 0.0)):
                key.data()
            if remaining <= 0:
                return

    def close(self) -> None:
        """Close every socket."""
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()

    def _accept(self, listener: socket.socket, greet: Callable[[Connection], Receive]) -> None:
        client, _ = listener.accept()
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(client)
        receive = greet(connection)
        self._selector.register(
            client, selectors.EVENT_READ, lambda: self._read(client, connection, receive)
        )

    def _read(self, client: socket.socket, connection: Connection, receive: Receive) -> None:
        try:
            data = client.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            receive(data)
            return
        connection.open = False
        self._selector.unregister(client)
        client.close()


def line_receiver(handle: Callable[[str], None]) -> Receive:
    """A receiver that calls `handle` with each whole line, without its line end."""
    buffer = bytearray()

    def receive(data: bytes) -> None:
        buffer.extend(data)
        while (end := buffer.find(b"\n")) >= 0:
            line = bytes(buffer[:end]).decode("utf-8", "replace").strip()
            del buffer[: end + 1]
            if line:
                handle(line)

    return receive


class DelayLine(Generic[T]):
    """Holds items back for a fixed time, in order."""

    def __init__(self, delay_s: float) -> None:
        self.delay_s = delay_s
        self._items: deque[tuple[float, T]] = deque()

    def push(self, time_s: float, item: T) -> None:
        """Put in an item at `time_s`."""
        self._items.append((time_s + self.delay_s, item))

    def due(self, time_s: float) -> list[T]:
        """Take out every item whose time has come."""
        ready = []
        while self._items and self._items[0][0] <= time_s:
            ready.append(self._items.popleft()[1])
        return ready
