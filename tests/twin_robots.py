"""Robots at twins on loopback addresses of their own, so that tests run beside each other."""

import itertools
import os

from robot_skills import paths
from robot_skills.deploy.control.address import ArmAddress
from robot_skills.deploy.control.process import ControlProcess
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.deploy.perception import SocketPerception
from robot_skills.deploy.safety.settings import safety_settings
from robot_skills.deploy.settings import ControlSettings

RATE_HZ = 20.0
_count = itertools.count(2)


def free_address() -> str:
    """A loopback address that no other test process uses."""
    process = os.getpid()
    return f"127.{1 + (process >> 8) % 250}.{process % 256}.{2 + next(_count) % 250}"


# A machine that is busy with other tests lets a process wait for longer than any robot should.
PATIENT = ControlSettings(watchdog_silence_s=0.4, watchdog_hz=2.0)
PATIENCE = {"stale_stop_s": 0.25, "overruns_max": 99, "watchdog_s": 1.0, "command_stop_s": 1.0}


def robot_at(host: str) -> DriverRobot:
    """A UR5e without limits on where its end-effector is, for a machine that may be busy."""
    address = ArmAddress("ur", host, paths.find("assets/arms", "ur5e"))
    safety = safety_settings(address.profile(), **PATIENCE)
    process = ControlProcess(address, PATIENT, safety)
    return DriverRobot(process, SocketPerception(host), RATE_HZ)
