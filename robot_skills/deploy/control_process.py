"""The caller's side of the control process: newest reading, targets, and the latched fault."""

import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.channel import LineChannel, Message
from robot_skills.deploy.driver import ArmState, Fault, FaultKind, StopKind
from robot_skills.deploy.settings import ControlSettings

Floats = NDArray[np.float64]

CONNECT_TIMEOUT_S = 2.5
START_TIMEOUT_S = 15.0  # of process and control script together
STOP_TIMEOUT_S = 1.5  # ur-rtde reconnects of its own accord after 2 s without data
SILENCE_MAX_S = 0.5  # of the control process itself, which reports 125 times a second


@dataclass(frozen=True)
class ArmAddress:
    """Which driver speaks to which arm: `arm` is the folder of its profile."""

    driver: str
    host: str
    arm: Path


class ControlProcess:
    """One arm's control process; after a fault nothing is sent until `clear` starts another."""

    def __init__(self, address: ArmAddress, settings: ControlSettings) -> None:
        self._address = address
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._news = threading.Condition()
        self._state: ArmState | None = None
        self._received_s = 0.0
        self._error: Message | None = None
        self._stopped = False
        self._ended = True
        self._closing = False
        self.fault: Fault | None = None
        self.late = 0

    def start(self, move: bool = True, clear: bool = False) -> None:
        """Connect and, with `move`, make the arm ready to follow; raises InputError, RobotFault."""
        if self.fault is not None:
            raise RobotFault(f"latched: {self.fault}; clear the fault first")
        ours, theirs = socket.socketpair()
        self._channel = LineChannel(ours)
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "robot_skills.deploy.control",
                "--channel",
                str(theirs.fileno()),
            ],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # ur-rtde chatters there
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self._state, self._error = None, None
        self._stopped, self._ended, self._closing = not move, False, False
        self._channel.send(self._order(move, clear))
        self._reader = threading.Thread(target=self._follow, name="control", daemon=True)
        self._reader.start()
        try:
            self._await_first_reading()
        except BaseException:
            self._kill()
            raise

    def clear(self) -> None:
        """Acknowledge the latched fault and start afresh; only because a person asked.

        Raises RobotFault, and keeps the fault latched, when the arm is not ready.
        """
        self.close()
        latched, self.fault = self.fault, None
        protected = latched is not None and latched.kind is FaultKind.PROTECTIVE_STOP
        try:
            self.start(clear=protected)
        except RobotFault:
            self.fault = self.fault or latched
            raise

    def state(self) -> ArmState:
        """Newest reading; raises RobotFault when a fault is latched or the process is silent."""
        with self._news:
            return self._checked_state()

    def aim(self, joint_position_rad: Floats, duration_s: float) -> None:
        """Send the arm to joint targets (J,) within `duration_s` of robot time."""
        if self._stopped:
            raise RobotFault("the arm was stopped; enter the robot again to move it")
        self.state()
        self._channel.send({"target": joint_position_rad.tolist(), "duration_s": duration_s})

    def wait_until(self, robot_time_s: float) -> ArmState:
        """The first reading at or after `robot_time_s`; raises RobotFault as `state` does."""
        with self._news:
            while (state := self._checked_state()).robot_time_s < robot_time_s:
                self._news.wait(SILENCE_MAX_S)
            return state

    def latch(self, fault: Fault) -> None:
        """Stop the arm for a reason found on this side, and keep it stopped."""
        self.stop(StopKind.SMOOTH)
        if self.fault is None:
            self.fault = fault

    def stop(self, kind: StopKind) -> None:
        """Bring the arm to rest; readings go on. May be called twice and from any thread."""
        if self._ended or self._stopped:
            return
        self._channel.send({"stop": kind})
        with self._news:
            self._news.wait_for(lambda: self._stopped or self._ended, STOP_TIMEOUT_S)
        if not self._stopped:
            self._kill()

    def close(self) -> None:
        """Stop the arm and end the process."""
        if not self._ended:
            self.stop(StopKind.SMOOTH)
            self._closing = True
            self._channel.send({"close": True})
            with self._news:
                self._news.wait_for(lambda: self._ended, STOP_TIMEOUT_S)
        self._kill()
        if self._reader is not None:
            self._reader.join(STOP_TIMEOUT_S)
            self._channel.close()

    def _order(self, move: bool, clear: bool) -> Message:
        return {
            "driver": self._address.driver,
            "host": self._address.host,
            "arm": str(self._address.arm),
            "settings": asdict(self._settings),
            "timeout_s": CONNECT_TIMEOUT_S,
            "move": move,
            "clear": clear,
        }

    def _await_first_reading(self) -> None:
        with self._news:
            self._news.wait_for(lambda: self._state is not None or self._ended, START_TIMEOUT_S)
        if self._error is not None:
            kind = InputError if self._error["kind"] == "InputError" else RobotFault
            raise kind(self._error["detail"])
        if self._ended and self.fault is None:
            raise InputError(
                f"{self._address.host} takes connections, but does not answer as a controller of "
                f"{self._address.arm.name} does; is the address right?"
            )
        self.state()

    def _checked_state(self) -> ArmState:
        if self.fault is not None:
            raise RobotFault(f"latched: {self.fault}")
        if self._state is None or self._ended:
            raise RobotFault("there is no link to the arm; enter the robot first")
        silence_s = time.monotonic() - self._received_s
        if silence_s > SILENCE_MAX_S:
            self._kill()
            self.fault = Fault(FaultKind.DRIVER, f"no reading for {silence_s:.1f} s")
            raise RobotFault(f"latched: {self.fault}")
        return self._state

    def _follow(self) -> None:
        while self._channel.open:
            for message in self._channel.receive(1.0):
                with self._news:
                    self._take(message)
                    self._news.notify_all()
        with self._news:
            self._ended = True
            if self.fault is None and self._state is not None and not self._closing:
                self.fault = Fault(FaultKind.DRIVER, "the control process ended by itself")
            self._news.notify_all()

    def _take(self, message: Message) -> None:
        if "state" in message:
            self._state = _read_state(message["state"])
            self._received_s = time.monotonic()
            self.late = message["late"]
        elif "fault" in message:
            fault = message["fault"]
            self.fault = Fault(FaultKind(fault["kind"]), fault["detail"])
        elif "error" in message:
            self._error = message["error"]
            if self._state is not None:
                self.fault = Fault(FaultKind.DRIVER, self._error["detail"])
        elif "stopped" in message:
            self._stopped = True

    def _kill(self) -> None:
        """End the process whatever it does; the arm's own watchdog then ends its program."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_TIMEOUT_S)


def _read_state(message: Message) -> ArmState:
    return ArmState(
        robot_time_s=float(message["robot_time_s"]),
        joint_position_rad=np.asarray(message["joint_position_rad"]),
        joint_velocity_rad_s=np.asarray(message["joint_velocity_rad_s"]),
        mode=str(message["mode"]),
        fault=None,
    )
