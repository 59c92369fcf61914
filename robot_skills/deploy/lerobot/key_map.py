"""LeRobot's features `<joint>.pos` to joints in rad and a width in m, and back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError
from robot_skills.deploy.drivers.options import driver_options

Floats = NDArray[np.float64]

DEGREES, RADIANS = "degrees", "radians"


@dataclass(frozen=True)
class LeRobotSettings:
    """The table [deploy.lerobot] of a profile: how LeRobot names and counts the same joints."""

    units: str = DEGREES
    """Of the joints: "degrees" or "radians"."""
    joints: dict[str, str] = field(default_factory=dict)
    """LeRobot's name of a joint, where it has another than the profile."""
    inverted: list[str] = field(default_factory=list)
    """Joints of the profile that LeRobot counts the other way round."""
    zero: dict[str, float] = field(default_factory=dict)
    """What LeRobot tells, in its units, where the profile's joint is at 0; by default 0."""
    gripper: str = "gripper"
    """LeRobot's name of the gripper."""
    gripper_widths_m: list[list[float]] = field(default_factory=list)
    """Pairs of LeRobot's value and the width in m; by default 0 is closed and 100 fully open."""


class KeyMap:
    """Between one arm's joints and the features that LeRobot has for them."""

    def __init__(self, arm: ArmProfile) -> None:
        settings = driver_options(LeRobotSettings, arm, "lerobot")
        _require_known(arm, settings)
        names = [settings.joints.get(joint, joint) for joint in arm.joints]
        self.joint_keys = tuple(f"{name}.pos" for name in names)
        self.gripper_key = f"{settings.gripper}.pos"
        unit_rad = np.pi / 180.0 if settings.units == DEGREES else 1.0
        signs = [-1.0 if joint in settings.inverted else 1.0 for joint in arm.joints]
        self._rad_per_unit = unit_rad * np.array(signs)
        self._zero = np.array([settings.zero.get(joint, 0.0) for joint in arm.joints])
        widths = settings.gripper_widths_m or [[0.0, 0.0], [100.0, arm.gripper.width_max_m]]
        self._grips, self._widths_m = np.array(sorted(widths), dtype=float).T
        if (np.diff(self._widths_m) == 0).any() or len(set(np.sign(np.diff(self._widths_m)))) != 1:
            raise InputError(
                f"{arm.file}, [deploy.lerobot]: gripper_widths_m must open or close all the way; "
                f"found {settings.gripper_widths_m}"
            )

    @property
    def keys(self) -> tuple[str, ...]:
        """All features of the arm: its joints in the profile's order, then the gripper."""
        return (*self.joint_keys, self.gripper_key)

    def missing(self, values: Mapping[str, float]) -> list[str]:
        """Features of the arm that `values` lacks."""
        return [key for key in self.keys if key not in values]

    def joints(self, values: Mapping[str, float]) -> Floats:
        """Joints (J,) rad of LeRobot's values."""
        found = np.array([values[key] for key in self.joint_keys], dtype=float)
        return np.asarray((found - self._zero) * self._rad_per_unit)

    def width_m(self, values: Mapping[str, float]) -> float:
        """Width in m of LeRobot's values."""
        return float(np.interp(values[self.gripper_key], self._grips, self._widths_m))

    def values(self, joint_position_rad: Floats, gripper_width_m: float | None) -> dict[str, float]:
        """LeRobot's values of joints (J,) rad, and of a width in m unless None."""
        units = joint_position_rad / self._rad_per_unit + self._zero
        values = dict(zip(self.joint_keys, units.tolist(), strict=True))
        if gripper_width_m is not None:
            order = np.argsort(self._widths_m)
            grip = np.interp(gripper_width_m, self._widths_m[order], self._grips[order])
            values[self.gripper_key] = float(grip)
        return values


def _require_known(arm: ArmProfile, settings: LeRobotSettings) -> None:
    where = f"{arm.file}, [deploy.lerobot]"
    if settings.units not in (DEGREES, RADIANS):
        raise InputError(f"{where}: units must be degrees or radians; found {settings.units!r}")
    for joint in (*settings.joints, *settings.inverted, *settings.zero):
        if joint not in arm.joints:
            raise InputError(f"{where}: {arm.name} has no joint {joint!r}; it has {arm.joints}")
