"""What moves behind a twin: the whole task scene in MuJoCo, or joints alone."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TICK_S = 0.002  # one step of physics, and the UR controller's own cycle (500 Hz)


class TwinPhysics(Protocol):
    """One arm with a gripper and, perhaps, things around it; true values, never noisy ones."""

    @property
    def joint_position(self) -> Floats:
        """Joints (J,) rad."""
        ...

    @property
    def joint_velocity(self) -> Floats:
        """Joint speeds (J,) rad/s."""
        ...

    @property
    def gripper_width_m(self) -> float:
        """Distance between the fingers."""
        ...

    def step(self, joint_reference: Floats, gripper_width_m: float) -> None:
        """Let one tick pass with these servo references."""
        ...

    def ee_pose(self) -> Floats:
        """Pose (7,) of the end-effector in world."""
        ...

    def object_poses(self) -> Mapping[str, Floats]:
        """Pose (7,) in world of every object and fixture's moving part, by name."""
        ...

    def outcome(self) -> Mapping[str, object]:
        """What is true now of the task, for the log."""
        ...


class LagJoints:
    """Joints that follow their reference with a first-order lag; no objects, no kinematics."""

    def __init__(
        self, position: Floats, lag_s: float, gripper_width_m: float, gripper_speed_m_s: float
    ) -> None:
        self._position = position.copy()
        self._velocity = np.zeros_like(position)
        self._share = 1.0 - float(np.exp(-TICK_S / lag_s))
        self._width_m = gripper_width_m
        self._gripper_step_m = gripper_speed_m_s * TICK_S

    @property
    def joint_position(self) -> Floats:
        """Joints (J,) rad."""
        return self._position

    @property
    def joint_velocity(self) -> Floats:
        """Joint speeds (J,) rad/s."""
        return self._velocity

    @property
    def gripper_width_m(self) -> float:
        """Distance between the fingers."""
        return self._width_m

    def step(self, joint_reference: Floats, gripper_width_m: float) -> None:
        """Let one tick pass with these servo references."""
        move = (joint_reference - self._position) * self._share
        self._position = self._position + move
        self._velocity = move / TICK_S
        wanted = gripper_width_m - self._width_m
        self._width_m += float(np.clip(wanted, -self._gripper_step_m, self._gripper_step_m))

    def ee_pose(self) -> Floats:
        """Pose (7,): a bare joint model has no end-effector, so the world's origin."""
        return np.array([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])

    def object_poses(self) -> Mapping[str, Floats]:
        """Nothing is there."""
        return {}

    def outcome(self) -> Mapping[str, object]:
        """There is no task."""
        return {}
