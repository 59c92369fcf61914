"""Velocity actions (..., 5) of a task's environment: where they send the hand, for one arm or many.

In [-1, 1]: x y z in units of the arm's top speed, yaw in units of 1.5 rad/s, and the gripper from
closed to wide open.
"""

from dataclasses import dataclass

from robot_skills.core import poses
from robot_skills.core.arm import ArmProfile
from robot_skills.core.arrays import Array, namespace

ACTION_SIZE = 5
YAW_SPEED_MAX_RAD_S = 1.5


@dataclass(frozen=True)
class VelocityAction:
    """What actions mean for one arm in one control period."""

    step_m: float
    turn_rad: float
    width_max_m: float

    @classmethod
    def of(cls, arm: ArmProfile, rate_hz: float) -> "VelocityAction":
        """For an arm that is controlled at a rate."""
        speeds = arm.ee_speed_max_m_s / rate_hz, YAW_SPEED_MAX_RAD_S / rate_hz
        return cls(*speeds, arm.gripper.width_max_m)

    def ee_pose(self, pose: Array, quaternion: Array, action: Array) -> Array:
        """Poses (..., 7) in world from hands at `pose` (..., 7) that were last turned as said."""
        xp = namespace(pose, action)
        action = xp.clip(action, -1.0, 1.0)
        turn = poses.from_yaw(action[..., 3] * self.turn_rad)
        moved = pose[..., :3] + action[..., :3] * self.step_m
        return xp.concat([moved, poses.multiply(turn, quaternion)], axis=-1)

    def width_m(self, action: Array) -> Array:
        """Gripper widths (...,) in m."""
        return 0.5 * (action[..., 4] + 1.0) * self.width_max_m
