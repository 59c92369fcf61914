"""Whether a twin's own log keeps within the limits that were set."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from robot_skills.core.arm import ArmProfile
from robot_skills.core.control import Workspace
from robot_skills.deploy.safety.settings import SafetySettings
from robot_skills.deploy.safety.walls import walls_around

SPEED_TOLERANCE_RAD_S = np.deg2rad(1.15)  # UR e-Series user manual, functional safety table
EE_SPEED_TOLERANCE_M_S = 0.05  # the same
EE_TOLERANCE_M = 0.01  # of a base that stands millimetres off, and of servo overshoot


def exceeded_limits(
    stats: Mapping[str, Any], arm: ArmProfile, settings: SafetySettings, workspace: Workspace
) -> list[str]:
    """Each limit that a twin's log shows exceeded, in words; empty when none was."""
    found = []
    speed = np.asarray(stats["largest_joint_speed_rad_s"])
    allowed = np.minimum(settings.speed_fraction * arm.speed_max, settings.speed_max_rad_s)
    for name, seen, most in zip(arm.joints, speed, allowed, strict=True):
        if seen > most + SPEED_TOLERANCE_RAD_S:
            found.append(f"{name} moved at {seen:.2f} rad/s; {most:.2f} was allowed")
    ee_speed = float(stats["largest_ee_speed_m_s"])
    if ee_speed > settings.ee_speed_max_m_s + EE_SPEED_TOLERANCE_M_S:
        found.append(
            f"the end-effector moved at {ee_speed:.2f} m/s; {settings.ee_speed_max_m_s:g} was "
            "allowed"
        )
    walls = walls_around(np.stack([workspace.low, workspace.high]), settings)
    low, high = np.asarray(stats["ee_low_m"]), np.asarray(stats["ee_high_m"])
    outside = np.maximum(walls[0] - low, high - walls[1]) > EE_TOLERANCE_M
    for axis, name in enumerate("xyz"):
        if outside[axis]:
            found.append(
                f"the end-effector left the box along {name}: {low[axis]} to {high[axis]} m"
            )
    if stats["protective_stops"]:
        found.append(f"{stats['protective_stops']} protective stops")
    return found
