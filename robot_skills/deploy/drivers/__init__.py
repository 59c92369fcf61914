"""One file or folder an arm; each driver is imported only when it is asked for."""

import importlib
from collections.abc import Callable
from types import ModuleType

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import unknown_name
from robot_skills.deploy.driver import ArmDriver
from robot_skills.deploy.settings import ControlSettings

Make = Callable[[str, ArmProfile, ControlSettings], ArmDriver]


def make_driver(name: str, host: str, arm: ArmProfile, settings: ControlSettings) -> ArmDriver:
    """The driver `name` for the arm at `host`; InputError lists the drivers there are.

    Where the settings leave the rate open it is the arm's own.
    """
    if name not in _MAKERS:
        raise unknown_name("arm driver", name, DRIVERS)
    return _MAKERS[name](host, arm, settings.for_arm(arm))


def prepare_halt(name: str) -> None:
    """Import what `halt` needs, so that halting takes no time."""
    _halt_module(name)


def halt(name: str, address: str, arm: ArmProfile) -> None:
    """Stop an arm from a process that has no link to it; raises RobotFault where it cannot."""
    _halt_module(name).halt(address, arm)


def _halt_module(name: str) -> ModuleType:
    if name not in _HALTS:
        raise unknown_name("arm driver", name, DRIVERS)
    return importlib.import_module(f"robot_skills.deploy.drivers.{_HALTS[name]}")


def _franka(host: str, arm: ArmProfile, settings: ControlSettings) -> ArmDriver:
    from robot_skills.deploy.drivers.franka.driver import FrankaDriver

    return FrankaDriver(host, arm, settings)


def _lerobot(host: str, arm: ArmProfile, settings: ControlSettings) -> ArmDriver:
    from robot_skills.deploy.drivers.lerobot import LeRobotDriver

    return LeRobotDriver(host, arm, settings.rate_hz)


def _mujoco(host: str, arm: ArmProfile, settings: ControlSettings) -> ArmDriver:
    from robot_skills.deploy.drivers.mujoco import MujocoDriver

    return MujocoDriver(host, arm, settings)


def _ros2(host: str, arm: ArmProfile, settings: ControlSettings) -> ArmDriver:
    from robot_skills.deploy.drivers.ros2.driver import Ros2Driver

    return Ros2Driver(host, arm, settings.rate_hz)


def _so101(host: str, arm: ArmProfile, settings: ControlSettings) -> ArmDriver:
    from robot_skills.deploy.drivers.so101.driver import So101Driver

    return So101Driver(host, arm, settings)


def _ur(host: str, arm: ArmProfile, settings: ControlSettings) -> ArmDriver:
    from robot_skills.deploy.drivers.ur import UrDriver

    return UrDriver(host, arm, settings)


def _xarm(host: str, arm: ArmProfile, settings: ControlSettings) -> ArmDriver:
    from robot_skills.deploy.drivers.xarm.driver import XArmDriver

    return XArmDriver(host, arm, settings)


_MAKERS: dict[str, Make] = {
    "franka": _franka,
    "lerobot": _lerobot,
    "mujoco": _mujoco,
    "ros2": _ros2,
    "so101": _so101,
    "ur": _ur,
    "xarm": _xarm,
}
DRIVERS = tuple(_MAKERS)
# The module with each one's `halt(address, arm)`, which needs no driver.
_HALTS = {
    "franka": "franka.driver",
    "lerobot": "lerobot",
    "mujoco": "mujoco",
    "ros2": "ros2.driver",
    "so101": "so101.halting",
    "ur": "ur",
    "xarm": "xarm.driver",
}
