"""What ties the control loop to the processes around it."""

import socket
from dataclasses import dataclass

from robot_skills.deploy.control.channel import LineChannel
from robot_skills.deploy.control.memory import ArmMemory
from robot_skills.deploy.control.watchdog import Silence


class WatchdogSight:
    """How long the watchdog process has shown no life."""

    def __init__(self, peer: socket.socket, period_s: float) -> None:
        self._peer = peer
        self._peer.setblocking(False)
        self._silence = Silence(period_s)
        self._gone = False

    def age_s(self, count: int, host_time_s: float) -> float:
        """Time in s since its heartbeat `count` last changed; inf once it has ended."""
        if not self._gone:
            try:
                self._gone = not self._peer.recv(64)
            except BlockingIOError:
                pass
            except OSError:
                self._gone = True
        return float("inf") if self._gone else self._silence.update(count, host_time_s)


@dataclass(frozen=True)
class Links:
    """Memory and channel shared with the caller; without a watchdog nothing is commanded."""

    memory: ArmMemory
    channel: LineChannel
    watchdog: WatchdogSight | None


@dataclass(frozen=True)
class Patience:
    """How long a living caller may think before its silence counts as that of a broken policy.

    Until `think_max_s` a command is taken for no older than `held_s`, at which the arm holds.
    """

    think_max_s: float = 0.0
    held_s: float = 0.0
