"""Arm profiles: what is known of one arm and its gripper, from assets/arms/<arm>/profile.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError

Floats = NDArray[np.float64]

FORMAT = 1


@dataclass(frozen=True)
class ArmProfile:
    """Limits, servo and home of one arm; joints (J,) in rad, rad/s, rad/s^2, gripper in m.

    `servo_stiffness`, `servo_damping` and `servo_lag_s` shape the arm's own position servo;
    `reach_m` is the vendor's figure. `base_pose` (7,) is where the arm stands in the world.
    """

    name: str
    joints: tuple[str, ...]
    position_min: Floats
    position_max: Floats
    speed_max: Floats
    acceleration_max: Floats
    home: Floats
    servo_stiffness: Floats
    servo_damping: Floats
    servo_force_max: Floats
    servo_lag_s: float
    base_pose: Floats
    reach_m: float
    ee_speed_max_m_s: float
    gripper: str
    gripper_width_max_m: float
    gripper_speed_m_s: float
    gripper_force_n: float
    robosuite_robot: str
    robosuite_gripper: str
    source: str

    @property
    def dof(self) -> int:
        """Number of joints J."""
        return len(self.joints)


def load_arm(path: Path) -> ArmProfile:
    """Read an arm profile; raises InputError naming the file and the key that is wrong."""
    file = path / "profile.toml" if path.is_dir() else path
    try:
        table = tomllib.loads(file.read_text())
    except FileNotFoundError:
        raise InputError(f"no arm profile at {file}") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file}: {error}") from None
    if table.get("format") != FORMAT:
        raise InputError(f"{file}: format must be {FORMAT}; found {table.get('format')!r}")
    try:
        return _profile(table)
    except KeyError as error:
        raise InputError(f"{file}: missing key {error}") from None
    except ValueError as error:
        raise InputError(f"{file}: {error}") from None


def _profile(table: dict[str, Any]) -> ArmProfile:
    joints, servo, gripper = table["joints"], table["servo"], table["gripper"]
    names = tuple(joints["names"])

    def per_joint(source: dict[str, Any], key: str) -> Floats:
        values = np.asarray(source[key], dtype=float)
        if values.shape != (len(names),):
            raise ValueError(f"{key} needs {len(names)} numbers, one a joint; found {values.size}")
        return values

    return ArmProfile(
        name=table["name"],
        joints=names,
        position_min=per_joint(joints, "position_min_rad"),
        position_max=per_joint(joints, "position_max_rad"),
        speed_max=per_joint(joints, "speed_max_rad_s"),
        acceleration_max=per_joint(joints, "acceleration_max_rad_s2"),
        home=per_joint(joints, "home_rad"),
        servo_stiffness=per_joint(servo, "stiffness_nm_rad"),
        servo_damping=per_joint(servo, "damping_nms_rad"),
        servo_force_max=per_joint(servo, "force_max_nm"),
        servo_lag_s=float(servo["lag_s"]),
        base_pose=np.asarray(table["base_pose"], dtype=float),
        reach_m=float(table["reach_m"]),
        ee_speed_max_m_s=float(table["ee_speed_max_m_s"]),
        gripper=gripper["name"],
        gripper_width_max_m=float(gripper["width_max_m"]),
        gripper_speed_m_s=float(gripper["speed_m_s"]),
        gripper_force_n=float(gripper["force_n"]),
        robosuite_robot=table["robosuite"]["robot"],
        robosuite_gripper=table["robosuite"]["gripper"],
        source=table["source"],
    )
