"""The control process: it alone speaks to the arm, at the arm's own rate.

    python -m robot_skills.deploy.control --channel FD

reads {"driver", "host", "arm", "settings", ...} from the channel, then sends every reading as
{"state"}, and takes {"target", "duration_s"}, {"stop"} and {"close"}. It ends at the first fault,
which it names in {"fault"}; so that a vendor's client cannot reconnect behind a latched fault.
"""

import gc
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import load_arm
from robot_skills.core.errors import RobotFault
from robot_skills.deploy.channel import LineChannel, Message
from robot_skills.deploy.driver import ArmDriver, ArmState, Fault, FaultKind, StopKind
from robot_skills.deploy.drivers import make_driver
from robot_skills.deploy.freshness import Freshness
from robot_skills.deploy.interpolator import Interpolator
from robot_skills.deploy.settings import ControlSettings

Floats = NDArray[np.float64]

STANDSTILL_RAD_S = 0.02
REASON_S = 0.02  # a refusal can be known sooner than the reading that explains it


class ControlLoop:
    """Reads, checks, interpolates and commands once a period until told to close or at fault."""

    def __init__(
        self, driver: ArmDriver, channel: LineChannel, settings: ControlSettings, moving: bool
    ) -> None:
        self._driver = driver
        self._channel = channel
        self._settings = settings
        self._moving = moving
        self._stopping: StopKind | None = None
        self._period_s = 1.0 / settings.rate_hz
        self._freshness = Freshness(self._period_s)
        state = driver.read()
        self._robot_time_s = state.robot_time_s
        self._path = Interpolator(state.joint_position_rad, self._period_s)
        self._late = 0

    def run(self) -> Fault | None:
        """Run until closed, which returns None, or at fault."""
        due_s = time.monotonic()
        while True:
            due_s = max(due_s + self._period_s, time.monotonic())
            if not self._take_orders(due_s):
                return None
            state = self._driver.read()
            fault = self._check(state)
            self._report(state)
            if fault is not None:
                return fault
            if self._moving and (fault := self._command(state)) is not None:
                return fault

    def _take_orders(self, until_s: float) -> bool:
        """Wait for the next period, obeying meanwhile; False when it is time to close."""
        while self._channel.open and (left_s := until_s - time.monotonic()) > 0:
            for order in self._channel.receive(left_s):
                if "close" in order:
                    return False
                self._obey(order)
        return self._channel.open

    def _obey(self, order: Message) -> None:
        if "target" in order:
            self._path.aim(np.asarray(order["target"]), float(order["duration_s"]))
        elif "stop" in order and self._moving:
            self._stopping = StopKind(order["stop"])
            if self._stopping is StopKind.POWER_OFF:
                self._end()
            self._path.brake(self._settings.stop_deceleration_rad_s2)

    def _check(self, state: ArmState) -> Fault | None:
        age_s = self._freshness.update(state.robot_time_s, time.monotonic())
        if age_s > self._settings.stale_warn_periods * self._period_s:
            self._late += 1
        if age_s > self._settings.stale_stop_s:
            detail = f"the robot's clock has stood still for {1000 * age_s:.0f} ms"
            return Fault(FaultKind.STALE, detail)
        return state.fault

    def _command(self, state: ArmState) -> Fault | None:
        elapsed_s = state.robot_time_s - self._robot_time_s
        self._robot_time_s = state.robot_time_s
        try:
            self._driver.command(self._path.advance(elapsed_s), None)
        except RobotFault as refusal:
            time.sleep(REASON_S)
            return self._driver.read().fault or Fault(FaultKind.COMMAND_REFUSED, str(refusal))
        standing = float(np.abs(state.joint_velocity_rad_s).max()) < STANDSTILL_RAD_S
        if self._stopping is not None and self._path.at_rest and standing:
            self._end()
        return None

    def _end(self) -> None:
        self._moving = False
        self._driver.stop(self._stopping or StopKind.SMOOTH)
        self._channel.send({"stopped": True})

    def _report(self, state: ArmState) -> None:
        self._channel.send(
            {
                "state": {
                    "robot_time_s": state.robot_time_s,
                    "joint_position_rad": state.joint_position_rad.tolist(),
                    "joint_velocity_rad_s": state.joint_velocity_rad_s.tolist(),
                    "mode": state.mode,
                },
                "late": self._late,
            }
        )


def serve(channel: LineChannel) -> NoReturn:
    """Bring one arm up as the first message asks, run its loop to the end, and end the process."""
    try:
        order = _first(channel)
        settings = ControlSettings(**order["settings"])
        driver = make_driver(order["driver"], order["host"], load_arm(Path(order["arm"])), settings)
        _bring_up(driver, order)
        gc.freeze()
        fault = ControlLoop(driver, channel, settings, order["move"]).run()
        if fault is None:
            driver.stop(StopKind.SMOOTH)
        else:
            channel.send({"fault": {"kind": fault.kind, "detail": fault.detail}})
    except Exception as error:  # the caller is told, whatever it was
        channel.send({"error": {"kind": type(error).__name__, "detail": str(error)}})
    finally:
        # At once, and before the driver is destroyed: a vendor's client would be joined, or would
        # even reconnect, behind a fault that is latched by now.
        os._exit(0)


def _bring_up(driver: ArmDriver, order: Message) -> None:
    # Something that takes connections and never answers can hold a vendor's client for ever: the
    # alarm then ends this process, and the caller sees that it is gone.
    signal.setitimer(signal.ITIMER_REAL, float(order["timeout_s"]))
    driver.connect(float(order["timeout_s"]))
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    if order["clear"]:
        driver.clear_fault()
    if order["move"]:
        driver.start()


def _first(channel: LineChannel) -> Message:
    while channel.open:
        for message in channel.receive(1.0):
            return message
    raise RobotFault("nobody asked for anything")


def main() -> None:
    """Serve the channel whose file descriptor the command line names."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller decides what Ctrl-C means
    serve(LineChannel(socket.socket(fileno=int(sys.argv[sys.argv.index("--channel") + 1]))))


if __name__ == "__main__":
    main()
