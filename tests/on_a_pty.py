"""A command of the program on a terminal of its own, with someone who types."""

import os
import pty
import select
import signal
import sys
import time
from collections.abc import Callable

LIMIT_S = 90.0


def run_on_terminal(words: list[str], typist: Callable[[str], str]) -> tuple[int, str]:
    """Exit status and everything shown; `typist` is asked what to type, given what is shown."""
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.executable, [sys.executable, "-m", "robot_skills", *words])
    shown, until_s = "", time.monotonic() + LIMIT_S
    while time.monotonic() < until_s:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        if ready:
            try:
                shown += os.read(terminal, 1 << 16).decode(errors="replace")
            except OSError:  # the other end is closed
                break
        if typed := typist(shown):
            os.write(terminal, typed.encode())
    else:
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status), shown.replace("\r\n", "\n")
