"""The xArm gripper through the controller's RS485 line, over a connection of its own.

An exchange with the tool takes milliseconds; on the arm's connection each would hold up a servo
target. Positions count 0 (closed) to 850 (open); the width is taken as linear between the two.
"""

import threading
import time
from typing import Any

from robot_skills.core.errors import InputError, RobotFault

PULSES_OPEN = 850
SPEED_RPM = 5000
PERIOD_S = 0.05
SILENCE_MAX_S = 1.0


class XArmGripper:
    """A thread sends the newest wish and reads the width at 20 Hz."""

    def __init__(self, client: Any, stroke_m: float) -> None:
        self._client = client
        self._stroke_m = stroke_m
        self._wish: int | None = None
        self._pulses = 0
        self._measured_s = 0.0
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def connect(self, timeout_s: float) -> None:
        """Read the width once; raises InputError where no gripper answers within `timeout_s`."""
        deadline_s = time.monotonic() + timeout_s
        while not self._measure():
            if time.monotonic() > deadline_s:
                raise InputError(
                    "the arm answers, but no xArm gripper on its tool does; is it plugged in, and "
                    "chosen as the end effector?"
                )
        self._thread = threading.Thread(target=self._follow, name="xarm-gripper", daemon=True)
        self._thread.start()

    def enable(self) -> None:
        """Make the gripper follow; the fingers keep their place. Raises RobotFault."""
        client = self._client
        codes = (
            client.set_gripper_mode(0),
            client.set_gripper_enable(True),
            client.set_gripper_speed(SPEED_RPM),
        )
        if any(codes):
            raise RobotFault(f"the gripper could not be enabled: codes {codes}")

    def check(self) -> None:
        """Raise RobotFault when the gripper has been silent for a second."""
        silence_s = time.monotonic() - self._measured_s
        if silence_s > SILENCE_MAX_S:
            raise RobotFault(f"gripper: silent for {silence_s:.1f} s")

    @property
    def width_m(self) -> float:
        """Newest measured width; raises RobotFault as `check` does."""
        self.check()
        return self._pulses / PULSES_OPEN * self._stroke_m

    def move(self, width_m: float) -> None:
        """Ask for a width; returns at once."""
        self._wish = round(min(max(width_m / self._stroke_m, 0.0), 1.0) * PULSES_OPEN)

    def forget(self) -> None:
        """Ask for nothing any more; the fingers keep their place."""
        self._wish = None

    def close(self) -> None:
        """Let go of the link; the fingers keep their place."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout=SILENCE_MAX_S)
        self._client.disconnect()

    def _follow(self) -> None:
        sent: int | None = None
        while not self._closing.wait(PERIOD_S):
            wish = self._wish
            if wish is not None and wish != sent:
                failed = self._client.set_gripper_position(wish, wait=False, wait_motion=False)
                sent = sent if failed else wish
            self._measure()

    def _measure(self) -> bool:
        answer = self._client.get_gripper_position()
        if not isinstance(answer, tuple) or answer[0] != 0 or answer[1] is None:
            return False
        self._pulses, self._measured_s = int(answer[1]), time.monotonic()
        return True
