"""The control process: it alone speaks to the arm, at the arm's own rate.

    python -m robot_skills.deploy.control --channel FD

takes one order from the channel: which driver at which address, settings, and the descriptors of
the shared memory and of the socket to its watchdog. It connects, tells {"info"} and waits for
{"accepted"}. Then readings go to shared memory and targets come from there; {"stop"}, {"latch"}
and {"close"} come over the channel, whose end tells that the caller is gone. It ends at the first
fault, which it names in {"fault"}; so that a vendor's client cannot reconnect behind a latched
fault.
"""

import gc
import os
import signal
import socket
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from robot_skills.core.errors import RobotFault
from robot_skills.core.task_file import load_task
from robot_skills.deploy.control.address import ArmAddress
from robot_skills.deploy.control.channel import LineChannel, Message
from robot_skills.deploy.control.links import Links, Patience, WatchdogSight
from robot_skills.deploy.control.loop import ControlLoop
from robot_skills.deploy.control.memory import ArmMemory
from robot_skills.deploy.control.scheduling import pin, schedule
from robot_skills.deploy.control.watchdog import Beats, Guard
from robot_skills.deploy.driver import ArmDriver, ArmInfo, StopKind
from robot_skills.deploy.drivers import make_driver
from robot_skills.deploy.safety.layer import SafetyLayer
from robot_skills.deploy.safety.settings import SafetySettings
from robot_skills.deploy.settings import ControlSettings

WATCHDOG_READY_S = 15.0


def serve(channel: LineChannel) -> NoReturn:
    """Bring one arm up as the first message asks, run its loop to the end, and end the process."""
    kept: list[ArmDriver] = []  # or a driver would be destroyed on the way here
    try:
        _serve(channel, _first(channel), kept)
    except Exception as error:  # the caller is told, whatever it was
        channel.send({"error": {"kind": type(error).__name__, "detail": str(error)}})
    finally:
        # At once, and before the driver is destroyed: a vendor's client would be joined, which
        # takes a second, or would even reconnect behind a fault that is latched by now.
        os._exit(0)


def _serve(channel: LineChannel, order: Message, kept: list[ArmDriver]) -> None:
    task_folder = Path(order["task"]) if order["task"] else None
    address = ArmAddress(order["driver"], order["host"], Path(order["arm"]), task_folder)
    arm = address.profile()
    memory = ArmMemory.attach(order["memory"], arm.dof)
    memory.beats.control_pid = os.getpid()
    settings = _control_settings(order["settings"])
    driver = make_driver(address.driver, address.host, arm, settings)
    kept.append(driver)
    limits = SafetySettings(**order["safety"])
    safety = _safety_layer(address, limits, driver.info)
    if not _connect(driver, channel, order):
        return
    watchdog = None
    if order["move"]:
        peer = socket.socket(fileno=order["watchdog"])
        watchdog = WatchdogSight(peer, 1.0 / driver.info.rate_hz)
    patience = _patience(settings, limits)
    loop = ControlLoop(driver, safety, Links(memory, channel, watchdog), patience)
    gc.collect()
    gc.freeze()
    schedule(settings)
    if order["move"]:
        _start(driver, memory.beats)
    pin(settings)  # not the vendor's threads, which `start` may have begun
    if loop.run() is None and order["move"]:
        memory.beats.guard = Guard.LIFE
        driver.stop(StopKind.SMOOTH)
        memory.beats.guard = Guard.OFF


def _safety_layer(address: ArmAddress, settings: SafetySettings, info: ArmInfo) -> SafetyLayer:
    task = None if address.task is None else load_task(address.task)
    arm, period_s = address.profile(), 1.0 / info.rate_hz
    return SafetyLayer(arm, task, settings, period_s, info.robot_watchdog)


def _patience(settings: ControlSettings, safety: SafetySettings) -> Patience:
    held_s = (safety.command_hold_s + safety.command_stop_s) / 2
    return Patience(settings.think_max_s, held_s)


def _connect(driver: ArmDriver, channel: LineChannel, order: Message) -> bool:
    """Connect, and tell what answers; False where the caller does not accept it."""
    # Something that takes connections and never answers can hold a vendor's client for ever: the
    # alarm then ends this process, and the caller sees that it is gone.
    signal.setitimer(signal.ITIMER_REAL, float(order["timeout_s"]))
    driver.connect(float(order["timeout_s"]))
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    channel.send({"info": asdict(driver.info)})
    if "accepted" not in _first(channel):
        return False
    if order["clear"]:
        driver.clear_fault()
    return True


def _start(driver: ArmDriver, beats: Beats) -> None:
    """Make the arm ready; from here on the first command must not be long in coming."""
    _await_watchdog(beats)
    beats.guard = Guard.LIFE
    driver.start()


def _await_watchdog(beats: Beats) -> None:
    deadline_s = time.monotonic() + WATCHDOG_READY_S
    while beats.watchdog == 0:
        if time.monotonic() > deadline_s:
            raise RobotFault("the watchdog process does not come up; nothing was moved")
        time.sleep(0.01)


def _control_settings(table: Message) -> ControlSettings:
    return ControlSettings(**{**table, "cores": tuple(table["cores"])})


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
