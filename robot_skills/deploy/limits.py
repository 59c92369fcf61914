"""Limits between every policy and every arm: what is asked goes in, what may be sent comes out."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.control import Workspace
from robot_skills.core.errors import RobotFault
from robot_skills.core.robot import Command, Kinematics
from robot_skills.deploy.settings import LimitSettings

Floats = NDArray[np.float64]

FULL_TURN_RAD = 2 * np.pi
BISECTIONS = 12  # of one control step; finer than 1/4000 of it


class Limits:
    """Joint range, speed, lead over the measured joint, and the end-effector's box.

    Applying them to what they let through changes nothing. `workspace` is in world, in m.
    """

    def __init__(
        self,
        arm: ArmProfile,
        kinematics: Kinematics | None,
        workspace: Workspace | None,
        settings: LimitSettings,
        period_s: float,
    ) -> None:
        self._low = arm.position_min + settings.position_margin_rad
        self._high = arm.position_max - settings.position_margin_rad
        speed = np.minimum(settings.speed_fraction * arm.speed_max, settings.speed_max_rad_s)
        self._step = speed * period_s
        self._lead = settings.lead_max_rad
        self._width_max_m = arm.gripper.width_max_m
        self._kinematics = kinematics
        self._workspace = workspace
        self._slack_m = settings.workspace_slack_m

    def apply(
        self, joint_position: Floats, gripper_width_m: float, last: Floats, measured: Floats
    ) -> Command:
        """The command that may be sent: targets (J,) rad and width m, after every limit.

        `last` (J,) is what was sent before, `measured` (J,) where the arm is. Raises RobotFault
        for what no sane policy asks: a wrong shape, NaN, or a joint more than a turn away.
        """
        self.refuse(joint_position, gripper_width_m, measured)
        anchor = self._clip(last, last, measured)
        target = self._clip(joint_position, last, measured)
        width_m = float(np.clip(gripper_width_m, 0.0, self._width_max_m))
        return Command(self._stay_inside(anchor, target), width_m)

    def refuse(self, joint_position: Floats, gripper_width_m: float, measured: Floats) -> None:
        """Raise RobotFault for a target that says its sender is broken."""
        if np.shape(joint_position) != measured.shape:
            raise RobotFault(
                f"joint targets must have shape {measured.shape}; found {np.shape(joint_position)}"
            )
        if not (np.isfinite(joint_position).all() and np.isfinite(gripper_width_m)):
            raise RobotFault(f"targets must be finite; found {joint_position}, {gripper_width_m}")
        if (np.abs(joint_position - measured) > FULL_TURN_RAD).any():
            raise RobotFault("a joint target is more than a turn away; are its units degrees?")

    def _clip(self, target: Floats, last: Floats, measured: Floats) -> Floats:
        limited = np.clip(target, last - self._step, last + self._step)
        limited = np.clip(limited, measured - self._lead, measured + self._lead)
        return np.asarray(np.clip(limited, self._low, self._high))

    def _stay_inside(self, anchor: Floats, target: Floats) -> Floats:
        """The farthest of the way from `anchor` to `target` that does not lead out of the box."""
        allowed = self._outside_m(anchor)
        if self._outside_m(target) <= allowed:
            return target
        low, high = 0.0, 1.0
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            inside = self._outside_m(anchor + middle * (target - anchor)) <= allowed
            low, high = (middle, high) if inside else (low, middle)
        return np.asarray(anchor + low * (target - anchor))

    def _outside_m(self, joint_position: Floats) -> float:
        """How far out of the box and its slack the end-effector is; 0 inside."""
        if self._kinematics is None or self._workspace is None:
            return 0.0
        position = self._kinematics.ee_pose(joint_position)[:3]
        below, above = self._workspace.low - position, position - self._workspace.high
        return float(max(below.max() - self._slack_m, above.max() - self._slack_m, 0.0))
