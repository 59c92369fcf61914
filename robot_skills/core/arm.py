"""Arm profiles: what is known of one arm and its gripper, from assets/arms/<arm>/profile.toml."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm_source import FileModel, RobosuiteModel, model_source
from robot_skills.core.errors import InputError, unknown_name

Floats = NDArray[np.float64]

FORMAT = 1
DRIVERS = ("ur", "franka", "xarm", "so101", "ros2", "lerobot")
COMMON_RATES_HZ = {"ros2": 100.0, "lerobot": 50.0}  # of the drivers that fit any arm


@dataclass(frozen=True)
class GripperProfile:
    """A two-finger gripper: width between its `pads` in m, and how its joints follow the driver.

    `couplings` gives each follower joint's ratio to the `driver` joint; `pads` are the two geoms
    that touch what is grasped. `driver_range_rad` replaces the model's range of the driver.
    `lean_rad` is how far a hand whose palm reaches beyond its open fingers leans back where it
    takes a drawer's handle, so that the palm clears what stands behind.
    """

    name: str
    width_max_m: float
    speed_m_s: float
    force_n: float
    driver: str
    pads: tuple[str, str]
    couplings: Mapping[str, float]
    driver_range_rad: tuple[float, float] | None = None
    lean_rad: float = 0.0


@dataclass(frozen=True)
class DriverProfile:
    """How the real arm is driven: which driver, its native rate, and what its vendor allows.

    `torque_max_nm` (J,) is the peak rating, `jerk_max_rad_s3` (J,) the vendor's limit; None where
    none is known. `elbow` is the body whose origin is the elbow, `watched` those that must not
    meet each other (all links where empty); bodies are named as in the arm's model. `options` are
    what one driver alone asks for, by its name: the tables [deploy.<driver>].
    """

    driver: str
    rate_hz: float
    torque_max_nm: Floats | None = None
    jerk_max_rad_s3: Floats | None = None
    elbow: str = ""
    watched: tuple[str, ...] = ()
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class ArmProfile:
    """Limits, servo and home of one arm; joints (J,) in rad, rad/s, rad/s^2, gripper in m.

    `servo_stiffness`, `servo_damping` and `servo_lag_s` shape the arm's own position servo;
    `reach_m` is the vendor's figure. `base_pose` (7,) is where the arm stands in the world; nearer
    to its origin than `reach_min_m`, seen from above, the hand would meet the arm itself.
    A target runs at most `leash_rad` ahead of a measured joint, so that contact winds nothing up.
    `deploy` is None for an arm that is known in simulation only.
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
    gripper: GripperProfile
    model: RobosuiteModel | FileModel
    source: str
    file: Path
    deploy: DriverProfile | None = None
    reach_min_m: float = 0.0
    leash_rad: float = 0.1

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
        return _profile(table, file)
    except KeyError as error:
        raise InputError(f"{file}: missing key {error}") from None
    except ValueError as error:
        raise InputError(f"{file}: {error}") from None


def driven_by(arm: ArmProfile, driver: str) -> ArmProfile:
    """The same arm behind another driver, "" for its own: ROS 2 and LeRobot fit any arm.

    Raises InputError for a driver that speaks to one vendor's arms only.
    """
    own = arm.deploy.driver if arm.deploy is not None else ""
    if driver in ("", own):
        return arm
    if driver not in COMMON_RATES_HZ:
        choices = sorted({own, *COMMON_RATES_HZ} - {""})
        raise InputError(f"{arm.name} is driven by one of {choices}; found {driver!r}")
    rate_hz = COMMON_RATES_HZ[driver]
    if arm.deploy is None:
        return replace(arm, deploy=DriverProfile(driver, rate_hz))
    return replace(arm, deploy=replace(arm.deploy, driver=driver, rate_hz=rate_hz))


def _profile(table: dict[str, Any], file: Path) -> ArmProfile:
    joints, servo = table["joints"], table["servo"]
    names = tuple(joints["names"])
    per_joint = partial(_per_joint, names)
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
        gripper=_gripper(table["gripper"]),
        model=model_source(table),
        source=table["source"],
        file=file,
        deploy=_deploy(table["deploy"], names) if "deploy" in table else None,
        reach_min_m=float(table.get("reach_min_m", 0.0)),
    )


def _per_joint(names: tuple[str, ...], source: Mapping[str, Any], key: str) -> Floats:
    values = np.asarray(source[key], dtype=float)
    if values.shape != (len(names),):
        raise ValueError(f"{key} needs {len(names)} numbers, one a joint; found {values.size}")
    return values


def _deploy(table: Mapping[str, Any], joints: tuple[str, ...]) -> DriverProfile:
    known = [f.name for f in fields(DriverProfile) if f.name != "options"]
    for key in table:
        if key not in known and key not in DRIVERS:
            raise ValueError(str(unknown_name("key in [deploy]", key, known)))
    if table["driver"] not in DRIVERS:
        raise ValueError(str(unknown_name("driver", table["driver"], DRIVERS)))
    rate_hz = float(table["rate_hz"])
    if not rate_hz > 0.0:
        raise ValueError(f"deploy.rate_hz must be above 0; found {rate_hz:g}")
    limits = {
        key: _per_joint(joints, table, key)
        for key in ("torque_max_nm", "jerk_max_rad_s3")
        if key in table
    }
    return DriverProfile(
        table["driver"],
        rate_hz,
        elbow=table.get("elbow", ""),
        watched=tuple(table.get("watched", ())),
        options={name: table[name] for name in DRIVERS if name in table},
        **limits,
    )


def _gripper(table: dict[str, Any]) -> GripperProfile:
    pads = table["pads"]
    if len(pads) != 2:
        raise ValueError(f"gripper.pads needs two geoms; found {len(pads)}")
    return GripperProfile(
        name=table["name"],
        width_max_m=float(table["width_max_m"]),
        speed_m_s=float(table["speed_m_s"]),
        force_n=float(table["force_n"]),
        driver=table["driver"],
        pads=(pads[0], pads[1]),
        couplings={name: float(ratio) for name, ratio in table["couplings"].items()},
        driver_range_rad=_pair(table["driver_range_rad"]) if "driver_range_rad" in table else None,
        lean_rad=float(table.get("lean_rad", 0.0)),
    )


def _pair(values: Sequence[float]) -> tuple[float, float]:
    low, high = values
    return float(low), float(high)
