"""One file an arm; each driver is imported only when it is asked for."""

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import unknown_name
from robot_skills.deploy.driver import ArmDriver
from robot_skills.deploy.settings import ControlSettings

DRIVERS = (
    "ros2",
    "ur",
)


def make_driver(name: str, host: str, arm: ArmProfile, settings: ControlSettings) -> ArmDriver:
    """The driver `name` for the arm at `host`; InputError lists the drivers there are."""
    if name == "ros2":
        from robot_skills.deploy.drivers.ros2.driver import Ros2Driver

        return Ros2Driver(host, arm, settings.rate_hz)
    if name == "ur":
        from robot_skills.deploy.drivers.ur import UrDriver

        return UrDriver(host, arm, settings)
    raise unknown_name("arm driver", name, DRIVERS)
