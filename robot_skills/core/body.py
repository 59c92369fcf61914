"""An arm as the control law knows it."""

from dataclasses import dataclass

from robot_skills.core.arm import ArmProfile
from robot_skills.core.robot import Kinematics


@dataclass(frozen=True)
class Body:
    """An arm's limits together with its kinematics."""

    arm: ArmProfile
    kinematics: Kinematics
