"""A process of the driver's own, and the memory that it shares with it."""

import os
import subprocess
import sys

from robot_skills.deploy.drivers.franka import memory

END_S = 2.0


class Child:
    """One running module of this package; it is told its host, its memory, and who started it."""

    def __init__(
        self, module: str, layouts: memory.Layouts, host: str, numbers: tuple[float, ...]
    ) -> None:
        file_descriptor = memory.create(layouts)
        words = (host, file_descriptor, os.getpid(), *numbers)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *map(str, words)],
                pass_fds=(file_descriptor,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # libfranka logs there; it is told in the memory too
                start_new_session=True,  # Ctrl-C is the control process's to handle
            )
            self.records = memory.attach(file_descriptor, layouts)
        finally:
            os.close(file_descriptor)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def terminate(self) -> None:
        """Ask it to end, whatever it does."""
        self._process.terminate()

    def wait_or_kill(self) -> None:
        """Wait for its end for a while, then kill it."""
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
