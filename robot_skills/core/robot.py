"""The two things the executor talks to: a robot, and whatever sees the objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.observation import Observation, PoseEstimate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Command:
    """What was really sent after limits: joint position targets (J,) rad, gripper width m."""

    joint_position: Floats
    gripper_width_m: float


class Robot(Protocol):
    """An arm with a gripper, in simulation or real; the robot keeps time, callers never sleep."""

    rate_hz: float

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def observe(self) -> Observation:
        """Return the newest observation; raises RobotFault when it would be stale."""
        ...

    def act(self, joint_position: Floats, gripper_width_m: float) -> Command:
        """Follow joint targets (J,) rad for one control period of robot time; returns what went."""
        ...

    def stop(self) -> None:
        """Bring the arm to rest and keep it there; may be called twice."""
        ...


class Perception(Protocol):
    """Where things are, whoever sees them."""

    def poses(self, time_s: float) -> Mapping[str, PoseEstimate]:
        """Newest pose in world of every object and fixture's moving part, by name."""
        ...


class Kinematics(Protocol):
    """Forward kinematics of one arm: joints (J,) rad to the end-effector in world."""

    def ee_pose(self, joint_position: Floats) -> Floats:
        """Pose (7,) of the end-effector in world."""
        ...

    def ee_jacobian(self, joint_position: Floats) -> Floats:
        """Geometric Jacobian (6, J) in world: rows are m/s then rad/s per rad/s."""
        ...
