"""Puts a robot together: arm, gripper, perception and limits for one task."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.core.control import Workspace
from robot_skills.core.task import Task
from robot_skills.deploy.control_process import ArmAddress, ControlProcess
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.deploy.drivers.robotiq import RobotiqGripper
from robot_skills.deploy.fixtures import fixture_joints
from robot_skills.deploy.limits import Limits
from robot_skills.deploy.perception import SocketPerception
from robot_skills.deploy.settings import ControlSettings, LimitSettings
from robot_skills.sim.kinematics import MujocoKinematics


def ur_robot(
    host: str,
    arm_folder: Path,
    task: Task,
    control: ControlSettings | None = None,
    limits: LimitSettings | None = None,
    perception_host: str = "",
) -> DriverRobot:
    """A UR arm with a Robotiq gripper on its controller, ready to be entered for `task`.

    Poses come from `perception_host`, by default the arm's own address, as a twin serves them.
    Connects to nothing yet.
    """
    arm = load_arm(arm_folder)
    limit_settings = limits or LimitSettings()
    workspace = Workspace(task.workspace_m[0], task.workspace_m[1])
    return DriverRobot(
        ControlProcess(ArmAddress("ur", host, arm_folder), control or ControlSettings()),
        RobotiqGripper(host, arm.gripper.width_max_m),
        SocketPerception(perception_host or host),
        Limits(arm, MujocoKinematics(arm), workspace, limit_settings, 1.0 / task.rate_hz),
        task.rate_hz,
        fixture_joints(task),
    )


def deployed_arm(arm: ArmProfile, limits: LimitSettings) -> ArmProfile:
    """The profile with the speeds that the limits leave, for controllers that plan ahead."""
    speed = np.minimum(limits.speed_fraction * arm.speed_max, limits.speed_max_rad_s)
    return replace(arm, speed_max=speed)
