"""The controller's UDP side: a state each cycle, and the command that answers it."""

import select
import socket
import time

import numpy as np
from numpy.typing import NDArray

from robot_skills.deploy.twins.franka import wire
from robot_skills.deploy.twins.franka.wire import TICK_S
from robot_skills.deploy.twins.hub import DelayLine

Floats = NDArray[np.float64]
Command = tuple[Floats, bool]

PATIENCE_S = 0.05  # how long a cycle waits for a command when commands drive the clock


class StateLink:
    """Sends states and takes in commands, some of them late or lost.

    A command counts only when it answers the newest state, as the interface's deadline of one
    cycle asks; whatever comes later counts as lost. A twin that is late gives its client the whole
    cycle all the same. With `lockstep` a cycle waits for its command, so that a busy machine
    stretches the arm's time instead of losing packets.
    """

    def __init__(self, host: str, lockstep: bool, seed: int) -> None:
        self._host = host
        self._patience_s = PATIENCE_S if lockstep else TICK_S
        self._random = np.random.default_rng([seed, 0x7564])
        self._client: tuple[str, int] | None = None
        self._incoming: DelayLine[bytes] = DelayLine(0.0)
        self._outgoing: DelayLine[bytes] = DelayLine(0.0)
        self._awaited = False
        self._sent_s = 0.0
        self._newest_id = 0
        self.drop_share = 0.0

    def open(self) -> None:
        """Open the socket that states are sent from and commands come to."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self._host, 0))
        self._socket.setblocking(False)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def subscribe(self, client: tuple[str, int]) -> None:
        """Send states there from now on."""
        self._client = client
        self._awaited = False

    def set_delay(self, delay_s: float) -> None:
        """Hold packets back by this long, each way."""
        self._incoming.delay_s = self._outgoing.delay_s = delay_s

    def command(self, time_s: float, moving: bool) -> Command | None:
        """The command that answers the newest state, None where none came in time."""
        if moving and self._awaited:
            patience_s = self._sent_s + self._patience_s - time.monotonic()
            select.select([self._socket], [], [], max(patience_s, 0.0))
        for packet in self._packets():
            if not self._dropped():
                self._incoming.push(time_s, packet)
        newest = None
        for packet in self._incoming.due(time_s):
            values = wire.COMMAND.unpack(packet)
            if values[0] == self._newest_id:
                newest = (
                    np.array(values[wire.COMMAND_POSITION]),
                    bool(values[wire.COMMAND_FINISHED]),
                )
        return newest

    def send(self, time_s: float, message_id: int, state: bytes) -> None:
        """Send a cycle's state."""
        self._newest_id = message_id
        if self._client is None:
            return
        self._awaited = not self._dropped()
        if self._awaited:
            self._outgoing.push(time_s, state)
            self._sent_s = time.monotonic()
        for packet in self._outgoing.due(time_s):
            self._send(packet)

    def _packets(self) -> list[bytes]:
        packets: list[bytes] = []
        while True:
            try:
                packet = self._socket.recv(2048)
            except OSError:  # nothing more, or a client that is gone
                return packets
            if len(packet) == wire.COMMAND.size:
                packets.append(packet)

    def _send(self, packet: bytes) -> None:
        assert self._client is not None
        try:
            self._socket.sendto(packet, self._client)
        except OSError:  # a client that is gone
            self._client = None

    def _dropped(self) -> bool:
        return self.drop_share > 0.0 and self._random.random() < self.drop_share
