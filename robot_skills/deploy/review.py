"""Whether a twin's own log keeps within the limits that were set."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from robot_skills.core.arm import ArmProfile
from robot_skills.core.control import Workspace
from robot_skills.deploy.settings import LimitSettings

SPEED_TOLERANCE_RAD_S = np.deg2rad(1.15)  # UR e-Series user manual, functional safety table
EE_TOLERANCE_M = 0.01  # of a base that stands millimetres off, and of servo overshoot


def exceeded_limits(
    stats: Mapping[str, Any], arm: ArmProfile, limits: LimitSettings, workspace: Workspace
) -> list[str]:
    """Each limit that a twin's log shows exceeded, in words; empty when none was."""
    found = []
    speed = np.asarray(stats["largest_joint_speed_rad_s"])
    allowed = np.minimum(limits.speed_fraction * arm.speed_max, limits.speed_max_rad_s)
    for name, seen, most in zip(arm.joints, speed, allowed, strict=True):
        if seen > most + SPEED_TOLERANCE_RAD_S:
            found.append(f"{name} moved at {seen:.2f} rad/s; {most:.2f} was allowed")
    slack = limits.workspace_slack_m + EE_TOLERANCE_M
    low, high = np.asarray(stats["ee_low_m"]), np.asarray(stats["ee_high_m"])
    for axis, name in enumerate("xyz"):
        if low[axis] < workspace.low[axis] - slack or high[axis] > workspace.high[axis] + slack:
            found.append(
                f"the end-effector left the box along {name}: {low[axis]} to {high[axis]} m"
            )
    if stats["protective_stops"]:
        found.append(f"{stats['protective_stops']} protective stops")
    return found
