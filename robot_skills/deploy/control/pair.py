"""The control process and its watchdog, as the calling process starts and ends them."""

import contextlib
import json
import socket
import subprocess
import sys

from robot_skills.deploy.control import watchdog
from robot_skills.deploy.control.channel import LineChannel, Message

END_TIMEOUT_S = 2.0
HALT_TIMEOUT_S = 6.0  # of a watchdog that tries again and again on a link that does not answer


class ProcessPair:
    """Two processes around one arm; each learns by the end of a socket that another is gone."""

    def __init__(self) -> None:
        self.control: subprocess.Popen[bytes] | None = None
        self.watchdog: subprocess.Popen[bytes] | None = None

    def start(self, memory: int, order: Message, watched: Message | None) -> LineChannel:
        """Start both with the shared `memory`'s descriptor; returns the channel to the first.

        `order` is what the control process is told, `watched` the watchdog; None goes without one.
        """
        ours, theirs = socket.socketpair()
        control_end, watchdog_end = socket.socketpair()
        descriptors = (theirs.fileno(), control_end.fileno(), memory)
        module = [sys.executable, "-m", "robot_skills.deploy.control"]
        self.control = _spawn([*module, "--channel", str(theirs.fileno())], descriptors)
        if watched is not None:
            told = json.dumps({**watched, "memory": memory, "peer": watchdog_end.fileno()})
            # By its file, not as a module: a package would import NumPy before it looks.
            command = [sys.executable, "-P", watchdog.__file__, told]
            self.watchdog = _spawn(command, (watchdog_end.fileno(), memory))
        channel = LineChannel(ours)
        channel.send({**order, "memory": memory, "watchdog": control_end.fileno()})
        for end in (theirs, control_end, watchdog_end):
            end.close()
        return channel

    def settle(self) -> None:
        """Wait for a watchdog whose control process is gone to have done its work."""
        if self.watchdog is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.watchdog.wait(HALT_TIMEOUT_S)

    def kill(self) -> None:
        """End both whatever they do; the watchdog after it has stopped the arm."""
        _kill(self.control)
        self.settle()
        _kill(self.watchdog)  # else it would stop the arm that is started next
        self.control = self.watchdog = None


def _kill(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        process.kill()
        process.wait(END_TIMEOUT_S)


def _spawn(command: list[str], descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        pass_fds=descriptors,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # ur-rtde chatters there
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
