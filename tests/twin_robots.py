"""Robots at twins on loopback addresses of their own, so that tests run beside each other."""

import itertools
import os

from robot_skills import paths
from robot_skills.deploy.control.address import ArmAddress
from robot_skills.deploy.control.process import ControlProcess
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.deploy.perception import SocketPerception

RATE_HZ = 20.0
_count = itertools.count(2)


def free_address() -> str:
    """A loopback address that no other test process uses."""
    process = os.getpid()
    return f"127.{1 + (process >> 8) % 250}.{process % 256}.{2 + next(_count) % 250}"


def robot_at(host: str) -> DriverRobot:
    """A UR5e without limits on where its end-effector is."""
    address = ArmAddress("ur", host, paths.find("assets/arms", "ur5e"))
    return DriverRobot(ControlProcess(address), SocketPerception(host), RATE_HZ)
