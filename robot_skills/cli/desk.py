"""The operator's place while an arm works: heartbeat, view and the stop key, in a thread."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from robot_skills.cli.live_view import PlainLines, Shown, picture
from robot_skills.core.errors import RobotFault

if TYPE_CHECKING:
    from robot_skills.cli.arm_target import Reached
    from robot_skills.deploy.control.status import RobotStatus
    from robot_skills.run.execute.watching import Moment

EVERY_S = 0.1  # five times more often than the arm gives the operator up
STOP_KEYS = " qQ"


class WatchedRobot(Protocol):
    """What the desk asks of a robot."""

    def status(self) -> "RobotStatus":
        """How it is doing."""
        ...

    def beat(self) -> None:
        """Take in that the operator is there."""
        ...

    def stop(self) -> None:
        """Come to rest."""
        ...


class StoppedAtKeyboard(RobotFault):
    """A person struck the stop key."""


class Desk:
    """Context manager around a run; `watch` takes what the executor shows.

    `keys` gives the keys struck since it was last asked; None where there is no terminal. Leaving
    it after the stop key was struck raises StoppedAtKeyboard.
    """

    def __init__(
        self, robot: WatchedRobot, shown: Shown, keys: Callable[[], str] | None = None
    ) -> None:
        self._robot = robot
        self._keys = keys
        self._lock = threading.Lock()
        self._shown = shown
        self._over = threading.Event()
        self._plain = PlainLines()
        self._live: Any = None
        self._thread = threading.Thread(target=self._sit, name="desk", daemon=True)
        self.was_stopped = False

    def watch(self, moment: "Moment") -> None:
        """Take in what the executor does; costs next to nothing."""
        with self._lock:
            self._shown = replace(
                self._shown, plan=moment.plan, step=moment.step, facts=moment.facts
            )

    def note(self, text: str) -> None:
        """Show a line below everything else."""
        with self._lock:
            self._shown = replace(self._shown, note=text)

    def __enter__(self) -> Self:
        if self._keys is not None and sys.stdout.isatty():
            from rich.live import Live

            self._live = Live(picture(self._shown), auto_refresh=False)
            self._live.start()
        self._robot.beat()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        with contextlib.suppress(KeyboardInterrupt):  # of a stop key struck in this very moment
            self._thread.join()
        self._show()
        if self._live is not None:
            self._live.stop()
        if self.was_stopped:
            raise StoppedAtKeyboard("stopped at the keyboard; type the command again to go on")

    def _sit(self) -> None:
        while not self._over.wait(EVERY_S):
            with contextlib.suppress(RobotFault):  # latched: shown, and raised where it is awaited
                self._robot.beat()
            if self._keys is not None and set(self._keys()) & set(STOP_KEYS):
                self._stop()
                return
            self._show()

    def _stop(self) -> None:
        self.was_stopped = True
        with contextlib.suppress(RobotFault):
            self._robot.stop()
        os.kill(os.getpid(), signal.SIGINT)  # whatever the main thread waits for is over

    def _show(self) -> None:
        with contextlib.suppress(RobotFault), self._lock:
            self._shown = replace(self._shown, status=self._robot.status())
        if self._live is not None:
            self._live.update(picture(self._shown), refresh=True)
        else:
            for line in self._plain.lines(self._shown):
                print(line, flush=True)


@contextlib.contextmanager
def seated_desk(robot: WatchedRobot, reached: "Reached", title: str) -> Iterator[Desk]:
    """The operator's desk: live with a stop key on a terminal, plain lines elsewhere."""
    from robot_skills.record.terminal import TerminalKeys

    kind = "twin of " if reached.twin else ""
    words = f"{kind}{reached.arm.name} at {reached.address.host}, {title}"
    with contextlib.ExitStack() as stack:
        keys = stack.enter_context(TerminalKeys()) if sys.stdin.isatty() else None
        shown = Shown(words, reached.arm.joints)
        yield stack.enter_context(Desk(robot, shown, keys.pressed if keys else None))
