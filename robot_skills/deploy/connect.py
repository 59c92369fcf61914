"""Puts a robot together: control process, perception and limits for one task."""

from dataclasses import replace
from pathlib import Path

from robot_skills.core.arm import load_arm
from robot_skills.core.errors import InputError
from robot_skills.core.task import Task
from robot_skills.deploy.calibration import Calibration
from robot_skills.deploy.control.address import ArmAddress
from robot_skills.deploy.control.process import ControlProcess
from robot_skills.deploy.driver import ArmInfo
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.deploy.fixtures import fixture_joints
from robot_skills.deploy.perception import SocketPerception
from robot_skills.deploy.safety.settings import SafetySettings
from robot_skills.deploy.settings import ControlSettings


def arm_address(host: str, arm_folder: Path, task: Task | None = None) -> ArmAddress:
    """Address of an arm, by the driver that its profile names, within the box of `task`."""
    arm = load_arm(arm_folder)
    if arm.deploy is None:
        raise InputError(f"{arm.file} has no [deploy]: it does not say how {arm.name} is driven")
    return ArmAddress(arm.deploy.driver, host, arm_folder, None if task is None else task.folder)


def connected_robot(
    address: ArmAddress,
    task: Task,
    control: ControlSettings | None = None,
    safety: SafetySettings | None = None,
    perception_host: str | None = "",
    *,
    calibration: Calibration | None = None,
    read_only: bool = False,
) -> DriverRobot:
    """Any arm with its gripper, ready to be entered for `task`; connects to nothing yet.

    Poses come from `perception_host`: "" is the arm's own address, as a twin serves them, and None
    goes without. The arm that answers must be that of the `calibration`, where one is given. With
    `read_only` the arm is looked at and never moved.
    """
    perception = None
    if perception_host is not None:
        perception = SocketPerception(perception_host or address.host)
    arm = address.profile()

    def accept(info: ArmInfo) -> None:
        if calibration is not None:
            calibration.check(arm, info)

    process = ControlProcess(replace(address, task=task.folder), control, safety, accept)
    return DriverRobot(process, perception, task.rate_hz, fixture_joints(task), read_only)
