"""Object poses from whatever sees them, over a socket: one JSON line a frame.

A line is {"format": 1, "time_s": 12.3, "poses": {"red": [x, y, z, qw, qx, qy, qz], ...}}: the
server's clock when the frame was taken, and each object's and moving part's pose in world, in m
and unit quaternions wxyz. Servers push lines as frames come; clients send nothing.
"""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Mapping

import numpy as np

from robot_skills.core.errors import InputError, RobotFault
from robot_skills.core.observation import PoseEstimate

FORMAT = 1
PORT = 50010
SILENCE_MAX_S = 1.0  # thirty frames; nothing is believed to be where it was longer ago


class SocketPerception:
    """Implements core.robot.Perception over the pose protocol; a thread keeps the newest frame."""

    def __init__(self, host: str, port: int = PORT) -> None:
        self._address = (host, port)
        self._thread: threading.Thread | None = None
        self._newest: dict[str, PoseEstimate] = {}
        self._received_s = 0.0
        self._problem = "not connected"
        self._first = threading.Event()

    def connect(self, timeout_s: float) -> None:
        """Open the link and await the first frame; raises InputError when none comes."""
        host, port = self._address
        try:
            self._socket = socket.create_connection(self._address, timeout=timeout_s)
        except OSError as error:
            raise InputError(
                f"no object poses from {host}:{port} ({error}); start whatever serves them"
            ) from None
        self._problem = ""
        self._first.clear()
        self._thread = threading.Thread(target=self._follow, name="perception", daemon=True)
        self._thread.start()
        if not self._first.wait(timeout_s):
            self.close()
            raise InputError(f"{host}:{port} sends no object poses; {self._problem or 'silence'}")

    def poses(self, time_s: float) -> Mapping[str, PoseEstimate]:
        """Newest poses; raises RobotFault when the server has been silent for a second."""
        silence_s = time.monotonic() - self._received_s
        if self._problem or silence_s > SILENCE_MAX_S:
            why = self._problem or f"silent for {silence_s:.1f} s"
            raise RobotFault(f"object poses are out of date: {why}")
        return self._newest

    def close(self) -> None:
        """Let go of the server."""
        if self._thread is None:
            return
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=1.0)
        self._socket.close()

    def _follow(self) -> None:
        self._socket.settimeout(None)
        try:
            with self._socket.makefile("r", encoding="utf-8") as lines:
                for line in lines:
                    self._newest = read_frame(line)
                    self._received_s = time.monotonic()
                    self._first.set()
            self._problem = "the server closed the link"
        except (OSError, InputError) as error:
            self._problem = str(error)


def read_frame(line: str) -> dict[str, PoseEstimate]:
    """Read one line of the pose protocol; raises InputError when it is none."""
    try:
        message = json.loads(line)
        version, time_s, seen = message["format"], float(message["time_s"]), message["poses"]
        arrays = {str(name): np.asarray(pose, dtype=float) for name, pose in seen.items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InputError(f"no frame of object poses: {line[:80]!r}") from None
    if version != FORMAT:
        raise InputError(f"the pose protocol's format must be {FORMAT}; found {version!r}")
    for name, pose in arrays.items():
        if pose.shape != (7,) or not np.isfinite(pose).all():
            raise InputError(f"pose of {name!r} must be 7 finite numbers; found {pose.tolist()}")
    return {name: PoseEstimate(pose, time_s) for name, pose in arrays.items()}
