"""A serial line without hardware: a pseudo terminal under a name that stays the same."""

import contextlib
import fcntl
import os
import pty
import tempfile
import tty
from pathlib import Path

from robot_skills.core.errors import InputError


class PseudoLine:
    """The wire's far end; hosts open `path` as they would a serial adapter."""

    def __init__(self, name: str) -> None:
        self.path = Path(tempfile.gettempdir()) / name
        self._lock_path = Path(f"{self.path}.lock")
        self._lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise InputError(
                f"another twin serves {self.path}; give this one its own host"
            ) from None
        self.file_descriptor, self._host_end = pty.openpty()  # kept open: no hang-up between hosts
        for end in (self.file_descriptor, self._host_end):
            tty.setraw(end)
        os.set_blocking(self.file_descriptor, False)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self._host_end))

    def receive(self) -> bytes:
        """What has come in, b"" where nothing has."""
        try:
            return os.read(self.file_descriptor, 4096)
        except BlockingIOError:
            return b""

    def send(self, data: bytes) -> None:
        """Send what the line takes; where nobody reads the rest is lost."""
        with contextlib.suppress(BlockingIOError):
            os.write(self.file_descriptor, data)

    def close(self) -> None:
        """Take the name and the line away."""
        self.path.unlink(missing_ok=True)
        self._lock_path.unlink(missing_ok=True)
        for end in (self.file_descriptor, self._host_end, self._lock):
            os.close(end)
