"""First look at an arm: what answers, how fresh it is, where the joints are. Nothing moves."""

from collections.abc import Iterator

import numpy as np

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.control.address import ArmAddress
from robot_skills.deploy.control.process import ControlProcess
from robot_skills.deploy.driver import ArmState
from robot_skills.deploy.drivers.robotiq import RobotiqGripper
from robot_skills.deploy.perception import SocketPerception
from robot_skills.deploy.settings import ControlSettings

LOOK_S = 1.0
CONNECT_TIMEOUT_S = 2.5


def check_arm(
    address: ArmAddress, arm: ArmProfile, settings: ControlSettings, perception_host: str
) -> Iterator[str]:
    """Lines to print about arm, gripper and perception.

    Raises InputError when no arm answers, RobotFault when it is not ready or its readings stop.
    """
    control = ControlProcess(address, settings)
    control.start(move=False)
    try:
        first = control.state()
        last = control.wait_until(first.robot_time_s + LOOK_S)
        yield f"arm        {address.host} answers as {address.driver}, mode {last.mode}"
        yield f"readings   {control.status().late} late ones in {LOOK_S:g} s of the robot's time"
        yield from joint_lines(arm, last)
    finally:
        control.close()
    yield f"gripper    {_gripper(address.host, arm)}"
    yield f"perception {_perception(perception_host)}"


def joint_lines(arm: ArmProfile, state: ArmState) -> Iterator[str]:
    """One line a joint: where it is in rad, and how far from the nearer end of its range."""
    margins = np.minimum(
        state.joint_position_rad - arm.position_min, arm.position_max - state.joint_position_rad
    )
    for name, position, margin in zip(arm.joints, state.joint_position_rad, margins, strict=True):
        yield f"joint      {name:<22} {position:+.4f} rad, {margin:.2f} from its limit"


def _gripper(host: str, arm: ArmProfile) -> str:
    gripper = RobotiqGripper(host, arm.gripper.width_max_m)
    try:
        gripper.connect(CONNECT_TIMEOUT_S, activate=False)  # that would move it
        return f"answers, open {1000 * gripper.width_m:.0f} mm"
    except (InputError, RobotFault) as error:
        return str(error)
    finally:
        gripper.close()


def _perception(host: str) -> str:
    perception = SocketPerception(host)
    try:
        perception.connect(CONNECT_TIMEOUT_S)
        return "sees " + (", ".join(sorted(perception.poses(0.0))) or "nothing")
    except (InputError, RobotFault) as error:
        return str(error)
    finally:
        perception.close()
