"""Which arm, and through which driver."""

from dataclasses import dataclass
from pathlib import Path

from robot_skills.core.arm import ArmProfile, driven_by, load_arm


@dataclass(frozen=True)
class ArmAddress:
    """Which driver speaks to which arm: an IP address or a serial line, and its profile's folder.

    `task` is the folder of the task whose box and table the safety layer keeps to.
    """

    driver: str
    host: str
    arm: Path
    task: Path | None = None

    def profile(self) -> ArmProfile:
        """The arm's profile, as this driver drives it."""
        arm = load_arm(self.arm)
        return arm if self.driver == "mujoco" else driven_by(arm, self.driver)
