"""Vendors' client libraries: which a driver needs, and how one comes by it."""

from dataclasses import dataclass
from importlib.util import find_spec

from robot_skills.core.errors import InputError


@dataclass(frozen=True)
class Client:
    """Top-level modules of a library, and what to say where one of them is not there."""

    modules: tuple[str, ...]
    missing: str


CLIENTS = {
    "franka": Client(
        ("pylibfranka",),
        "the client of Franka arms is missing; pip install 'robot-skills[franka]' "
        "(Linux on x86-64, glibc 2.34 or later)",
    ),
    "ros2": Client(
        ("rclpy", "sensor_msgs", "trajectory_msgs", "std_msgs", "diagnostic_msgs", "std_srvs"),
        "this Python has no ROS 2; source your ROS installation, or "
        "pip install 'robot-skills[ros2]' (Python 3.11; docs/ros2.md)",
    ),
    "so101": Client(
        ("scservo_sdk",),
        "the client of Feetech servos is missing; pip install 'robot-skills[so101]'",
    ),
    "ur": Client(
        ("dashboard_client", "rtde_control", "rtde_receive"),
        "the client of Universal Robots arms is missing; pip install 'robot-skills[ur]'",
    ),
    "xarm": Client(
        ("xarm",), "the client of xArm arms is missing; pip install 'robot-skills[xarm]'"
    ),
}


def check_client(driver: str) -> None:
    """Raise InputError where the library that a driver needs is not installed; imports nothing."""
    if driver in CLIENTS and any(find_spec(name) is None for name in CLIENTS[driver].modules):
        raise missing_client(driver)


def missing_client(driver: str, why: ImportError | None = None) -> InputError:
    """The error for a driver without its library, and why importing that failed."""
    told = CLIENTS[driver].missing
    return InputError(f"{told}: {why}" if why is not None else told)
