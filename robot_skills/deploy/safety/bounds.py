"""How far, how fast, how hard a joint may move: the settings and the arm's profile together."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.deploy.safety.settings import SafetySettings

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class JointBounds:
    """Bounds (J,) in rad, rad/s, rad/s^2 and rad/s^3."""

    low: Floats
    high: Floats
    speed: Floats
    acceleration: Floats
    jerk: Floats

    @classmethod
    def of(cls, arm: ArmProfile, settings: SafetySettings) -> Self:
        """The smaller of what the settings and the vendor allow."""
        jerk = arm.deploy.jerk_max_rad_s3 if arm.deploy is not None else None
        none = np.full(arm.dof, np.inf)
        most = np.minimum(settings.speed_fraction * arm.speed_max, settings.speed_max_rad_s)
        return cls(
            low=arm.position_min + settings.position_margin_rad,
            high=arm.position_max - settings.position_margin_rad,
            speed=most / (1.0 + settings.speed_overshoot),
            acceleration=np.minimum(arm.acceleration_max, settings.acceleration_max_rad_s2),
            jerk=np.minimum(none if jerk is None else jerk, settings.jerk_max_rad_s3),
        )

    def including(self, joint_position: Floats) -> Self:
        """The same with a range wide enough for where an arm already stands (J,) rad."""
        return replace(
            self,
            low=np.minimum(self.low, joint_position),
            high=np.maximum(self.high, joint_position),
        )


def deployed_arm(arm: ArmProfile, settings: SafetySettings) -> ArmProfile:
    """The profile with the speeds and the leash that the settings leave, for what plans ahead."""
    share = settings.first_run_share if settings.first_run else 1.0
    speed = JointBounds.of(arm, settings).speed * share
    ee_speed = min(arm.ee_speed_max_m_s, settings.ee_speed_max_m_s) * share
    leash_rad = settings.lead_max_rad
    return replace(arm, speed_max=speed, ee_speed_max_m_s=ee_speed, leash_rad=leash_rad)
