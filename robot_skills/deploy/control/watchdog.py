"""The watchdog process: stops the arm when its control process dies or falls silent.

    python watchdog.py '{"memory": FD, "peer": FD, "driver", "host", "arm", ...}'

Most small arms go on to wherever they were last sent when nobody speaks to them any more. This
process holds no link to the arm; it looks at the control process's heartbeat in shared memory and
at a socket whose end tells of its death. Only the standard library is imported before it looks;
the driver's `halt` is made ready before the arm may move, so that stopping takes no import.
"""

import contextlib
import json
import mmap
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path

LOOK_S = 0.01  # between two looks, and between two heartbeats of its own
HALT_ATTEMPTS = 5
HALT_PAUSE_S = 0.1
BEATS_SIZE = 64


class Guard(IntEnum):
    """What of the control process is watched."""

    OFF = 0
    LIFE = 1
    BEATS = 2


class Halted(IntEnum):
    """Whether the watchdog had to stop the arm."""

    NO = 0
    YES = 1
    FAILED = 2


class Beats:
    """The first BEATS_SIZE bytes of the shared memory: heartbeats, each written by one process.

    Each is one aligned word, so that no reader sees half of it.
    """

    def __init__(self, memory: mmap.mmap) -> None:
        head = memoryview(memory)[:BEATS_SIZE]
        self._words = head.cast("Q")
        self._times = head.cast("d")

    @property
    def control(self) -> int:
        """Counts the control process's cycles."""
        return self._words[0]

    @control.setter
    def control(self, count: int) -> None:
        self._words[0] = count

    @property
    def watchdog(self) -> int:
        """Counts the watchdog's looks; 0 until it could stop the arm."""
        return self._words[1]

    @watchdog.setter
    def watchdog(self, count: int) -> None:
        self._words[1] = count

    @property
    def guard(self) -> Guard:
        """What the control process asks to be watched."""
        return Guard(self._words[2])

    @guard.setter
    def guard(self, guard: Guard) -> None:
        self._words[2] = guard

    @property
    def halted(self) -> Halted:
        """Whether the watchdog had to stop the arm."""
        return Halted(self._words[3])

    @halted.setter
    def halted(self, halted: Halted) -> None:
        self._words[3] = halted

    @property
    def control_pid(self) -> int:
        """The control process."""
        return self._words[4]

    @control_pid.setter
    def control_pid(self, pid: int) -> None:
        self._words[4] = pid

    @property
    def caller_s(self) -> float:
        """The host's monotonic time of the calling process's newest heartbeat."""
        return self._times[6]

    @caller_s.setter
    def caller_s(self, time_s: float) -> None:
        self._times[6] = time_s

    @property
    def operator_s(self) -> float:
        """The host's monotonic time of the operator's newest heartbeat; 0 where there was none."""
        return self._times[5]

    @operator_s.setter
    def operator_s(self, time_s: float) -> None:
        self._times[5] = time_s


class Silence:
    """Adds up how long a counter has stood still while this process was looking.

    A look that comes late counts for no more than two looks: whoever did not get the processor
    cannot say that another was silent.
    """

    def __init__(self, look_s: float) -> None:
        self._longest_s = 2 * look_s
        self._count = -1
        self._time_s = 0.0
        self.silent_s = 0.0

    def update(self, count: int, time_s: float) -> float:
        """Take in one look; return how long the counter has stood still in s."""
        if count != self._count:
            self.silent_s = 0.0
        else:
            self.silent_s += min(time_s - self._time_s, self._longest_s)
        self._count, self._time_s = count, time_s
        return self.silent_s


def watch(
    beats: Beats, peer: socket.socket, silence_max_s: float, halt: Callable[[], None]
) -> None:
    """Look until the control process ends; stop the arm where it ends or hangs while guarded."""
    silence = Silence(LOOK_S)
    while True:
        beats.watchdog += 1
        ended = _ended(peer)
        guard = beats.guard
        if ended and guard is Guard.OFF:
            return
        silent_s = silence.update(beats.control, time.monotonic())
        if ended or (guard is Guard.BEATS and silent_s > silence_max_s):
            if not ended:  # it must not wake up and command an arm that was stopped
                with contextlib.suppress(ProcessLookupError):
                    os.kill(beats.control_pid, signal.SIGKILL)
            beats.halted = _insist(halt)
            return


def _ended(peer: socket.socket) -> bool:
    ready, _, _ = select.select([peer], [], [], LOOK_S)
    try:
        return bool(ready) and not peer.recv(64)
    except OSError:
        return True


def _insist(halt: Callable[[], None]) -> Halted:
    for _ in range(HALT_ATTEMPTS):
        try:
            halt()
            return Halted.YES
        except Exception:  # whatever it was, the arm may still be moving
            time.sleep(HALT_PAUSE_S)
    return Halted.FAILED


def main() -> None:
    """Watch as the command line says."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's
    order = json.loads(sys.argv[1])
    if order["priority"]:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(order["priority"]))
    sys.path.append(str(Path(__file__).parents[3]))  # where this package lies, installed or not
    from robot_skills.deploy import drivers
    from robot_skills.deploy.control.address import ArmAddress

    address = ArmAddress(order["driver"], order["host"], Path(order["arm"]))
    arm = address.profile()
    drivers.prepare_halt(address.driver)
    beats = Beats(mmap.mmap(order["memory"], 0))

    def halt() -> None:
        drivers.halt(address.driver, address.host, arm)

    with socket.socket(fileno=order["peer"]) as peer:
        watch(beats, peer, order["silence_max_s"], halt)


if __name__ == "__main__":
    main()
