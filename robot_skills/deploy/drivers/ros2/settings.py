"""Which topics and services a ROS 2 arm is reached by."""

import re
from dataclasses import dataclass

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError
from robot_skills.deploy.drivers.options import driver_options

TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*")
MESSAGES = ("trajectory", "array")


@dataclass(frozen=True)
class Ros2Settings:
    """The table [deploy.ros2] of a profile; the defaults are those of ros2_control's examples.

    Names are relative to the arm's namespace unless they begin with a slash. The gripper's joint
    is at `gripper_closed` when the fingers touch and at `gripper_open` when they are as far apart
    as the profile's width_max_m, linear in between; both the same: a joint that is the width in m.
    """

    states_topic: str = "joint_states"
    trajectory_topic: str = "joint_trajectory_controller/joint_trajectory"
    interpolate_from_desired_state: bool = False
    """The parameter of that name of the arm's controller. Where it is false, as by default, every
    new trajectory sets out from the measured joints, behind the last command: so points are then
    sent to be reached at once, not over a period, or the arm would jerk back 100 times a second."""
    gripper_topic: str = "gripper_controller/joint_trajectory"
    gripper_message: str = "trajectory"
    """"trajectory" (trajectory_msgs/JointTrajectory) or "array" (std_msgs/Float64MultiArray)."""
    gripper_joint: str = "gripper_joint"
    gripper_closed: float = 0.0
    gripper_open: float = 0.0
    diagnostics_topic: str = "diagnostics"
    """diagnostic_msgs/DiagnosticArray in which the controller manager tells what is active."""
    clear_service: str = "clear_fault"
    """std_srvs/Trigger that frees the arm after a stop; used where it is served."""
    power_off_service: str = "power_off"
    """std_srvs/Trigger that takes the power away; used where it is served."""

    def __post_init__(self) -> None:
        if self.gripper_message not in MESSAGES:
            raise InputError(
                f"[deploy.ros2] gripper_message must be one of {MESSAGES}; "
                f"found {self.gripper_message!r}"
            )

    @property
    def controller(self) -> str:
        """Name of the controller that takes the trajectories."""
        return self.trajectory_topic.strip("/").split("/")[-2]


def ros2_settings(arm: ArmProfile) -> Ros2Settings:
    """What the profile says; raises InputError for what cannot be meant."""
    settings = driver_options(Ros2Settings, arm, "ros2")
    if "/" not in settings.trajectory_topic.strip("/"):
        raise InputError(
            f"{arm.file}, [deploy.ros2]: trajectory_topic must be <controller>/joint_trajectory; "
            f"found {settings.trajectory_topic!r}"
        )
    return settings


def namespace(address: str) -> str:
    """A ROS namespace without slashes at its ends, "" for none; InputError for what is not one."""
    name = address.strip("/")
    if name and not TOKEN.fullmatch(name):
        raise InputError(
            f"the address of a ROS 2 arm is its namespace, such as left_arm, or empty; "
            f"found {address!r}"
        )
    return name
