"""What moves behind a twin: the whole task scene in MuJoCo, or joints alone."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STIFFNESS_NM_RAD = 1000.0  # of the bare joints' servos


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
    def joint_reference(self) -> Floats:
        """What the servos were told last (J,) rad."""
        ...

    @property
    def joint_torque(self) -> Floats:
        """Torques (J,) Nm that the arm's servos exert; zero where none are modelled."""
        ...

    @property
    def external_torque(self) -> Floats:
        """Torques (J,) Nm that loads and contacts exert on the joints from outside."""
        ...

    @property
    def gripper_width_m(self) -> float:
        """Distance between the fingers."""
        ...

    def push(self, joint: int, torque_nm: float) -> None:
        """From now on load one joint from outside; 0 takes the load away."""
        ...

    def block(self, joint: int) -> None:
        """From now on keep one joint where it is."""
        ...

    def release(self) -> None:
        """Take every load and block away."""
        ...

    def step(self, joint_reference: Floats, gripper_width_m: float) -> None:
        """Let one tick pass with these servo references."""
        ...

    def limit_torque(self, share: Floats) -> None:
        """From now on servos use at most this share (J,) of their torque; 0 is a loose joint."""
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
    """Joints that follow their reference with a first-order lag; no objects, no kinematics.

    A load from outside shifts where a joint comes to rest, as it does a servo of STIFFNESS.
    """

    def __init__(
        self,
        position: Floats,
        lag_s: float,
        gripper_width_m: float,
        gripper_speed_m_s: float,
        tick_s: float,
    ) -> None:
        self.joint_reference = position.copy()
        self._position = position.copy()
        self._velocity = np.zeros_like(position)
        self._tick_s = tick_s
        self._share = 1.0 - float(np.exp(-tick_s / lag_s))
        self._width_m = gripper_width_m
        self._gripper_step_m = gripper_speed_m_s * tick_s
        self._pushed_nm = np.zeros_like(position)
        self._strain_nm = np.zeros_like(position)
        self._blocked = np.zeros(position.shape, dtype=bool)
        self._loose = np.zeros(position.shape, dtype=bool)

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

    @property
    def joint_torque(self) -> Floats:
        """Torques (J,) Nm against the loads from outside."""
        return -self._pushed_nm

    @property
    def external_torque(self) -> Floats:
        """Torques (J,) Nm of loads from outside, and of what holds a blocked joint."""
        return np.where(self._blocked, -self._strain_nm, self._pushed_nm)

    def push(self, joint: int, torque_nm: float) -> None:
        """From now on load one joint from outside; 0 takes the load away."""
        self._pushed_nm[joint] = torque_nm

    def block(self, joint: int) -> None:
        """From now on keep one joint where it is."""
        self._blocked[joint] = True

    def release(self) -> None:
        """Take every load and block away."""
        self._pushed_nm[:] = 0.0
        self._blocked[:] = False

    def step(self, joint_reference: Floats, gripper_width_m: float) -> None:
        """Let one tick pass with these servo references."""
        self.joint_reference = joint_reference
        held = np.where(self._loose, self._position, joint_reference)
        wanted = held + self._pushed_nm / STIFFNESS_NM_RAD
        self._strain_nm = (wanted - self._position) * STIFFNESS_NM_RAD
        move = np.where(self._blocked, 0.0, (wanted - self._position) * self._share)
        self._position = self._position + move
        self._velocity = move / self._tick_s
        closing = gripper_width_m - self._width_m
        self._width_m += float(np.clip(closing, -self._gripper_step_m, self._gripper_step_m))

    def limit_torque(self, share: Floats) -> None:
        """Joints with no torque are loose; any other share serves here."""
        self._loose = share == 0.0

    def ee_pose(self) -> Floats:
        """Pose (7,): a bare joint model has no end-effector, so the world's origin."""
        return np.array([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])

    def object_poses(self) -> Mapping[str, Floats]:
        """Nothing is there."""
        return {}

    def outcome(self) -> Mapping[str, object]:
        """There is no task."""
        return {}
