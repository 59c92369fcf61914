"""Robots at twins on loopback addresses of their own, so that tests run beside each other."""

import itertools
import os

from robot_skills import paths
from robot_skills.core.arm import ArmProfile
from robot_skills.deploy.control_process import ArmAddress, ControlProcess
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.deploy.drivers.robotiq import RobotiqGripper
from robot_skills.deploy.limits import Limits
from robot_skills.deploy.perception import SocketPerception
from robot_skills.deploy.settings import ControlSettings, LimitSettings

RATE_HZ = 20.0
_count = itertools.count(2)


def free_address() -> str:
    """A loopback address that no other test process uses."""
    process = os.getpid()
    return f"127.{1 + (process >> 8) % 250}.{process % 256}.{2 + next(_count) % 250}"


def robot_at(host: str, arm: ArmProfile) -> DriverRobot:
    """A robot without limits on where its end-effector is."""
    address = ArmAddress("ur", host, paths.find("assets/arms", "ur5e"))
    return DriverRobot(
        ControlProcess(address, ControlSettings()),
        RobotiqGripper(host, arm.gripper.width_max_m),
        SocketPerception(host),
        Limits(arm, None, None, LimitSettings(), 1.0 / RATE_HZ),
        RATE_HZ,
    )
