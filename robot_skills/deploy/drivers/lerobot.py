"""Any robot of LeRobot's, through a server that runs in LeRobot's own environment.

LeRobot has no clock of the robot's, no speeds and no watchdog. So the robot's time is the host's
at each reading that came from the motors, speeds are slopes of the positions over a tenth of a
second, and the server holds the arm when it has heard nothing for a while. Status bits of the
servos (overload, heat) are not told by LeRobot: the vendor's own driver sees more.
"""

import contextlib
import socket
import time
from collections import deque
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.control.channel import LineChannel
from robot_skills.deploy.driver import ArmInfo, ArmState, Fault, FaultKind, StopKind
from robot_skills.deploy.lerobot.key_map import KeyMap

Floats = NDArray[np.float64]

SLOPE_S = 0.1  # a servo's step of 0.09 degrees counts as no more than 0.016 rad/s
STOP_TIMEOUT_S = 1.0
OUTSTANDING_MAX = 2  # readings asked for and not answered yet


class LeRobotDriver:
    """Implements ArmDriver; `address` is the socket that lerobot-robot-skills-server made."""

    def __init__(self, address: str, arm: ArmProfile, rate_hz: float) -> None:
        self._address = address
        self._arm = arm
        self._keys = KeyMap(arm)
        self._period_s = 1.0 / rate_hz
        self._channel: LineChannel | None = None
        self._asked = self._answered = 0
        self._past: deque[tuple[float, Floats]] = deque()
        self._width_m = 0.0
        self._error = ""
        self._errors = 0
        self._started = False
        self.info = ArmInfo(arm.name, arm.joints, rate_hz, robot_watchdog=True)

    def connect(self, timeout_s: float) -> None:
        """Reach the server and see every joint; raises InputError within `timeout_s`."""
        self._channel = _connect(self._address, timeout_s)
        answer = self._ask({"features": True}, timeout_s) or {}
        features = dict.fromkeys(answer.get("features", []), 0.0)
        if missing := self._keys.missing(features):
            raise InputError(
                f"LeRobot's {answer.get('name', 'server')} at {self._address} offers "
                f"{sorted(features)}, but not {missing}: give the right --arm, or name the joints "
                "in [deploy.lerobot] of the profile"
            )
        self.info = replace(self.info, firmware=f"LeRobot {answer.get('version', '')}")
        deadline_s = time.monotonic() + timeout_s
        while not self._past:
            if time.monotonic() > deadline_s:
                raise InputError(f"LeRobot at {self._address} reads no joints: {self._error}")
            self._take_reading()

    def read(self) -> ArmState:
        """Newest reading, within one period; a reading that fails counts as a link error."""
        self._errors = 0 if self._take_reading() else self._errors + 1
        time_s, position = self._past[-1]
        first_s, first = self._past[0]
        speed = (position - first) / max(time_s - first_s, self._period_s)
        finite = bool(np.isfinite(position).all())
        fault = None if finite else Fault(FaultKind.DRIVER, "joint positions are not finite")
        return ArmState(
            robot_time_s=time_s,
            joint_position_rad=position,
            joint_velocity_rad_s=speed,
            mode=self._error or "position",
            fault=fault,
            gripper_width_m=self._width_m,
            link_errors=self._errors,
        )

    def start(self) -> None:
        """Switch the torque on where the joints are; raises RobotFault when a motor refuses."""
        self._demand({"start": True})
        self._started = True

    def command(self, joint_position_rad: Floats, gripper_width_m: float | None) -> Floats:
        """Send one joint target (J,), a width too unless None; what LeRobot says it has sent."""
        if not self._started:
            raise RobotFault("the arm was not started, or was stopped")
        values = self._keys.values(joint_position_rad, gripper_width_m)
        answer = self._ask({"send": values}, self._period_s)
        if answer is None:
            return joint_position_rad  # late: the next readings tell whether the link is gone
        if "error" in answer:
            raise RobotFault(f"LeRobot refused a joint target: {answer['error']}")
        return self._keys.joints({**values, **answer["sent"]})

    def stop(self, kind: StopKind) -> None:
        """Hold, or with POWER_OFF switch every motor's torque off, over a link of its own."""
        if self._started or kind is StopKind.POWER_OFF:
            self._started = False
            _order_stop(self._address, kind)

    def clear_fault(self) -> None:
        """Make LeRobot connect to its robot afresh; raises RobotFault where it cannot."""
        self._demand({"reconnect": True})

    def close(self) -> None:
        """Stop and let go of the server, which goes on holding the arm."""
        if self._channel is not None:
            with contextlib.suppress(RobotFault):
                self.stop(StopKind.SMOOTH)
            self._channel.close()
            self._channel = None

    def _take_reading(self) -> bool:
        """Whether a newer reading came in time; one that is late counts in the next cycle."""
        if self._channel is None:
            raise RobotFault("the arm is not connected")
        before = self._past[-1][0] if self._past else 0.0
        if self._asked - self._answered < OUTSTANDING_MAX:
            self._send({"read": True})
        deadline_s = time.monotonic() + self._period_s
        while not self._past or self._past[-1][0] == before:
            if not self._receive(deadline_s):
                return False
        return True

    def _ask(self, message: dict[str, Any], timeout_s: float) -> dict[str, Any] | None:
        """The answer to a message, None where it does not come in time."""
        wanted = self._send(message)
        deadline_s = time.monotonic() + timeout_s
        while answers := self._receive(deadline_s):
            for answer in answers:
                if answer["id"] == wanted:
                    return answer
        return None

    def _demand(self, message: dict[str, Any]) -> None:
        answer = self._ask(message, STOP_TIMEOUT_S) or {"error": "no answer"}
        if "error" in answer:
            raise RobotFault(f"LeRobot at {self._address}: {answer['error']}")

    def _send(self, message: dict[str, Any]) -> int:
        if self._channel is None:
            raise RobotFault("the arm is not connected")
        self._asked += 1
        self._channel.send({"id": self._asked, **message})
        return self._asked

    def _receive(self, deadline_s: float) -> list[dict[str, Any]]:
        """Answers that come before the deadline, readings among them taken in; [] when none."""
        assert self._channel is not None
        left_s = deadline_s - time.monotonic()
        answers = self._channel.receive(left_s) if self._channel.open and left_s > 0 else []
        for answer in answers:
            self._answered = max(self._answered, int(answer["id"]))
            self._error = str(answer.get("error", ""))
            if "values" in answer:
                self._note(float(answer["time_s"]), answer["values"])
        return answers

    def _note(self, time_s: float, values: dict[str, float]) -> None:
        self._past.append((time_s, self._keys.joints(values)))
        self._width_m = self._keys.width_m(values)
        while len(self._past) > 2 and time_s - self._past[1][0] > SLOPE_S:
            self._past.popleft()


def halt(address: str, arm: ArmProfile) -> None:
    """Hold the arm from a process that has no link to it; raises RobotFault where it cannot."""
    _order_stop(address, StopKind.HOLD)


def _order_stop(address: str, kind: StopKind) -> None:
    try:
        channel = _connect(address, STOP_TIMEOUT_S)
    except InputError as error:
        raise RobotFault(str(error)) from None
    channel.send({"id": 0, "stop": kind})
    answers = channel.receive(STOP_TIMEOUT_S)
    channel.close()
    if not answers or "error" in answers[0]:
        said = answers[0]["error"] if answers else "no answer"
        raise RobotFault(f"LeRobot at {address} did not stop: {said}")


def _connect(address: str, timeout_s: float) -> LineChannel:
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(timeout_s)
    try:
        link.connect(address)
    except OSError as error:
        link.close()
        raise InputError(
            f"no LeRobot server at {address}: {error}; start lerobot-robot-skills-server in "
            "LeRobot's environment (docs/lerobot.md)"
        ) from None
    return LineChannel(link)
