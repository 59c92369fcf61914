"""Sends servo targets, and the stop, from a thread: each waits for its answer, no loop must."""

import threading
from typing import Any

from robot_skills.deploy.driver import Floats

STOP_STATE = 4
STOP_AGAIN_S = 0.05
OK, HAS_ERROR, HAS_WARNING, NO_ANSWER = 0, 1, 2, 3
NOT_SENT = 8
NOT_READY = 9
LOST = (NO_ANSWER, NOT_SENT, -1)
MEANINGS = {NOT_READY: "it is not ready to move", -8: "a joint would leave its range"}


class ServoSender:
    """The newest target goes out as soon as the one before was answered; it keeps no queue.

    A stop is sent until the controller confirms it, however long the link is down.

    `failures` counts exchanges in a row that were not answered; `error` is the controller's error
    code, asked for as soon as a target was refused; `refusal` says why one was, "" while none was.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._target: list[float] | None = None
        self._wake = threading.Event()
        self._following = False
        self._closing = False
        self._stopped = threading.Event()
        self._stopped.set()
        self.failures = 0
        self.error = 0
        self.refusal = ""
        self._thread = threading.Thread(target=self._run, name="xarm-servo", daemon=True)
        self._thread.start()

    def follow(self) -> None:
        """From now on send what is offered; a stop that is not through yet is given up."""
        self._stopped.set()
        self._target, self.failures, self.error, self.refusal = None, 0, 0, ""
        self._following = True

    def offer(self, target: Floats) -> None:
        """Take the newest target (J,) rad; returns at once."""
        self._target = target.tolist()
        self._wake.set()

    def stop(self, timeout_s: float) -> bool:
        """Send no target any more and have the arm stopped; whether that was confirmed in time."""
        self._following = False
        self._target = None
        self._stopped.clear()
        self._wake.set()
        return self._stopped.wait(timeout_s)

    def ask_error(self) -> None:
        """Have the controller's error code looked up."""
        self._wake.set()

    def close(self) -> None:
        """End the thread."""
        self._closing = True
        self._wake.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait(None if self._stopped.is_set() else STOP_AGAIN_S)
            self._wake.clear()
            if not self._stopped.is_set():
                self._stop()
            elif self._following:
                self._send()

    def _stop(self) -> None:
        if self._client.set_state(STOP_STATE) == OK:
            self._stopped.set()

    def _send(self) -> None:
        target = self._target
        if target is None:
            self._look_up()
        else:
            self._judge(self._client.set_servo_angle_j(target, is_radian=True))

    def _judge(self, code: int) -> None:
        if code in (OK, HAS_WARNING):
            self.failures = 0
        elif code in LOST:
            self.failures += 1
        else:
            self._look_up()
            self.refusal = MEANINGS.get(code, f"code {code}")

    def _look_up(self) -> None:
        code, codes = self._client.get_err_warn_code()
        if code in (OK, HAS_ERROR, HAS_WARNING):
            self.error = int(codes[0])
