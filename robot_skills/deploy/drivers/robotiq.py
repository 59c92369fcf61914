"""Robotiq 2F gripper beside a UR arm, through the URCap's socket (TCP 63352, ASCII GET and SET).

Written to the documented protocol and run against our own twin only, never against a gripper.
POS counts 0 (open) to 255 (closed); the driver takes width as linear between the two.
"""

import contextlib
import socket
import threading
import time

from robot_skills.core.errors import InputError, RobotFault

PORT = 63352
PERIOD_S = 0.02
SILENCE_MAX_S = 0.5
ACTIVATION_TIMEOUT_S = 5.0
ACTIVE = 3  # STA of a gripper that is ready


def position_of(width_m: float, stroke_m: float) -> int:
    """POS count (0 to 255) of a width between the fingers."""
    share = 1.0 - min(max(width_m / stroke_m, 0.0), 1.0)
    return round(255 * share)


def width_of(position: int, stroke_m: float) -> float:
    """Width in m at a POS count."""
    return (1.0 - position / 255) * stroke_m


class _Link:
    """The socket, question by question."""

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        try:
            self._socket = socket.create_connection((host, port), timeout=timeout_s)
        except OSError as error:
            raise InputError(
                f"no Robotiq gripper at {host}:{port} ({error}); is its URCap installed?"
            ) from None
        self._socket.settimeout(SILENCE_MAX_S)
        self._lines = self._socket.makefile("r", encoding="ascii")

    def set(self, **values: int) -> None:
        """Write registers."""
        words = " ".join(f"{name} {value}" for name, value in values.items())
        answer = self._ask(f"SET {words}")
        if answer != "ack":
            raise RobotFault(f"the gripper answered {answer!r} to SET {words}")

    def get(self, name: str) -> int:
        """Read one register."""
        answer = self._ask(f"GET {name}").split()
        if len(answer) != 2 or answer[0] != name or not answer[1].isdigit():
            raise RobotFault(f"the gripper answered {answer} to GET {name}")
        return int(answer[1])

    def close(self) -> None:
        """Let go; whoever waits for an answer is woken."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _ask(self, line: str) -> str:
        self._socket.sendall(line.encode("ascii") + b"\n")
        return self._lines.readline().strip()


class RobotiqGripper:
    """A two-finger gripper; a thread sends the newest wish and reads the width at 50 Hz."""

    def __init__(self, host: str, stroke_m: float, force: int = 40, port: int = PORT) -> None:
        self._address = (host, port)
        self._stroke_m = stroke_m
        self._force = force
        self._wish: int | None = None
        self._position = 0
        self._measured_s = 0.0
        self._broken = "not connected"
        self._link: _Link | None = None
        self._asking = threading.Lock()  # activation and the thread ask over one socket
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def connect(self, timeout_s: float, activate: bool = True) -> None:
        """Open the socket; raises InputError when nothing answers.

        Activation makes a gripper that was just powered open and close once.
        """
        link = _Link(*self._address, timeout_s)
        with contextlib.ExitStack() as undo:
            undo.callback(link.close)
            self._greet(link)
            undo.pop_all()
        self._link, self._broken, self._wish = link, "", None
        if activate:
            self.activate()
        self._closing.clear()
        self._thread = threading.Thread(
            target=self._follow, args=(link,), name="robotiq", daemon=True
        )
        self._thread.start()

    def activate(self) -> None:
        """Make it follow widths; raises InputError when it does not become active."""
        if self._link is None:
            raise RobotFault("gripper: not connected")
        with self._asking:
            _activate(self._link)
            self._link.set(GTO=1, SPE=255, FOR=self._force)

    def await_news(self, timeout_s: float) -> None:
        """Wait for a measurement from now on, for so long at most.

        A vendor's call that waits for the arm may keep Python's lock, and this thread from asking.
        """
        since_s = time.monotonic()
        while self._measured_s < since_s and not self._broken:
            if time.monotonic() > since_s + timeout_s:
                return
            time.sleep(PERIOD_S)

    def _greet(self, link: _Link) -> None:
        try:
            self._measure(link)
        except OSError as error:
            host, port = self._address
            raise InputError(
                f"{host}:{port} takes connections, but does not answer as a Robotiq gripper does "
                f"({error}); is it powered, and chosen in its URCap?"
            ) from None

    @property
    def problem(self) -> str:
        """What is wrong with it, such as a silence of 0.5 s; "" when nothing is."""
        if self._broken:
            return self._broken
        silence_s = time.monotonic() - self._measured_s
        return f"silent for {silence_s:.1f} s" if silence_s > SILENCE_MAX_S else ""

    @property
    def width_m(self) -> float:
        """Newest measured width between the fingers."""
        return width_of(self._position, self._stroke_m)

    def move(self, width_m: float) -> None:
        """Ask for a width; returns at once."""
        self._wish = position_of(width_m, self._stroke_m)

    def close(self) -> None:
        """Let go of the socket; the fingers keep their place."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * SILENCE_MAX_S)

    def _follow(self, link: _Link) -> None:
        sent: int | None = None
        try:
            while not self._closing.wait(PERIOD_S):
                wish = self._wish
                with self._asking:
                    if wish is not None and wish != sent:
                        link.set(POS=wish)
                        sent = wish
                    self._measure(link)
        except (OSError, RobotFault) as error:
            self._broken = str(error)
        finally:
            link.close()

    def _measure(self, link: _Link) -> None:
        self._position = link.get("POS")
        self._measured_s = time.monotonic()


def _activate(link: _Link) -> None:
    if link.get("STA") == ACTIVE:
        return
    link.set(ACT=1)
    deadline_s = time.monotonic() + ACTIVATION_TIMEOUT_S
    while link.get("STA") != ACTIVE:
        if time.monotonic() > deadline_s:
            raise InputError("the Robotiq gripper does not become active; see its fault light")
        time.sleep(PERIOD_S)
