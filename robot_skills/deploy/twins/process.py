"""Starts a twin in its own process and talks to it."""

import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import fields
from types import TracebackType
from typing import Any, Self

from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.twins.settings import TwinSettings

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0


def own_address() -> str:
    """A loopback address of this process's own, so that twins of several run side by side."""
    process = os.getpid()
    return f"127.{1 + (process >> 8) % 250}.{process % 256}.2"


class TwinProcess:
    """Context manager around `python -m robot_skills.deploy.twins`."""

    def __init__(self, settings: TwinSettings) -> None:
        self._settings = settings
        self.last_stats: dict[str, Any] = {}

    @property
    def host(self) -> str:
        """Loopback address of the twin and its perception."""
        return self._settings.host

    @property
    def address(self) -> str:
        """What the arm's driver connects to: `host`, or the path of a serial line."""
        return self._address

    def __enter__(self) -> Self:
        settings = self._settings
        flags = [
            word
            for f in fields(settings)
            for word in (f"--{f.name}", str(getattr(settings, f.name)))
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "robot_skills.deploy.twins", *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C stops the arm, not the world
        )
        first = self._first()
        if "ready" not in first:
            self._process.kill()
            self._process.wait(STOP_TIMEOUT_S)
            raise InputError(f"the twin did not start: {first.get('error', 'no answer')}")
        self._address = str(first["ready"]["address"])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def tell(self, **order: object) -> None:
        """Send one JSON line, such as fault="pstop"; raises RobotFault when the twin has ended."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise RobotFault("the twin has ended by itself") from None

    def stats(self) -> dict[str, Any]:
        """The twin's own log, summed up, as of now."""
        self.tell(stats=True)
        answer = self._read()
        if "stats" not in answer:
            raise RobotFault(f"the twin has ended: {answer.get('error', 'no answer')}")
        self.last_stats = dict(answer["stats"])
        return self.last_stats

    def suspend(self) -> None:
        """Stop the whole process dead (SIGSTOP), world and all."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a suspended process go on."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> dict[str, Any]:
        """End the process; returns the summary of its log. May be called twice."""
        if self._process.poll() is None:
            self.resume()
            self.tell(stop=True)
            self.last_stats = self._read().get("stats", {})
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self.last_stats

    def _first(self) -> dict[str, Any]:
        """The first line, or nothing where none comes in time."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], READY_TIMEOUT_S)
        return self._read() if ready else {}

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return dict(json.loads(line)) if line else {}
