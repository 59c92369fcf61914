"""The arm as a check sees it: newest readings, and motion through the whole safety layer."""

from typing import Protocol

from robot_skills.core.robot import Command
from robot_skills.deploy.driver import ArmInfo, ArmState, Floats


class BenchRobot(Protocol):
    """What a check asks of a robot; nothing here needs to see objects."""

    rate_hz: float

    @property
    def info(self) -> ArmInfo:
        """What the arm said it is."""
        ...

    def state(self) -> ArmState:
        """Newest reading; raises RobotFault when it is stale or a fault is latched."""
        ...

    def act(self, joint_position: Floats, gripper_width_m: float) -> Command:
        """Follow joint targets (J,) rad for one control period; returns what was sent."""
        ...
