"""Faults of what is asked for: too far, too fast, into the table, into the arm itself."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
from fault_rig import Rig
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.core.control import joint_step
from robot_skills.core.errors import RobotFault
from robot_skills.deploy.safety.body import ArmBody
from robot_skills.deploy.safety.settings import safety_settings
from robot_skills.deploy.safety.walls import walls_around
from robot_skills.paths import find
from robot_skills.sim.kinematics import MujocoKinematics

Floats = NDArray[np.float64]
Stats = Mapping[str, Any]

SPEED_TOLERANCE_RAD_S = float(np.deg2rad(1.15))  # UR e-Series user manual, functional safety table
RANGE_TOLERANCE_RAD = 0.01  # of a servo that overshoots
LEAD_TOLERANCE_RAD = 0.03  # of a reading that is a period old
EE_TOLERANCE_M = 0.01
EE_SPEED_TOLERANCE = 1.1
FOLDS = 20_000
WAY_LOOKS = 100
ACCELERATION_TOLERANCE = 1.5  # of a servo that answers a smooth reference with a ripple


def joint_range(rig: Rig) -> None:
    """A joint is driven beyond an end of its range; the box is out of the way."""
    joint, end = free_end(rig.arm.name)
    way = end - rig.start[joint]
    rig.mark()
    rig.pace(rig.moved(joint, way + np.sign(way) * 0.3), 0.8)
    rig.settle(0.5)


@cache
def free_end(name: str) -> tuple[int, float]:
    """The last joint that can be brought from home to an end of its range, and that end in rad.

    On its way no part of the arm comes near another. Raises RuntimeError where there is none.
    """
    arm = load_arm(find("assets/arms", name))
    settings = safety_settings(arm)
    body = ArmBody(arm, settings.table_m, settings.distance_slow_m)

    def is_free(joint: int, way: float) -> bool:
        near = []
        for share in np.linspace(0.0, 1.0, WAY_LOOKS):
            joints = arm.home.copy()
            joints[joint] += share * way
            body.place(joints)
            near.append(body.near().distance_m)
        return min(near) > settings.distance_slow_m

    for joint in reversed(range(arm.dof)):
        for way in sorted(_ways(arm, joint), key=abs):
            if is_free(joint, way):
                return joint, float(arm.home[joint]) + way
    raise RuntimeError(f"{arm.name}: no joint can be brought to its end from home")


def _ways(arm: ArmProfile, joint: int) -> list[float]:
    """From a joint's home to the ends of its range, rad, signed."""
    ends = (arm.position_min[joint], arm.position_max[joint])
    return [float(end - arm.home[joint]) for end in ends]


def kept_range(rig: Rig, stats: Stats) -> str:
    """The joint stayed its margin away from the end."""
    margin = safety_settings(rig.arm).position_margin_rad
    joint, end = free_end(rig.arm.name)
    seen = float(stats["largest_joint_excursion_rad"][joint])
    most = abs(end - rig.start[joint]) - margin + RANGE_TOLERANCE_RAD
    return "" if seen <= most else f"the joint went {seen:.3f} rad; {most:.3f} were allowed"


def step(rig: Rig) -> None:
    """The last joint is asked to be half a radian away at once."""
    rig.go(rig.start, 0.5)
    rig.mark()
    farther = max(_ways(rig.arm, -1), key=abs)
    rig.go(rig.moved(-1, 0.5 * np.sign(farther)), 2.0)


def kept_speed(rig: Rig, stats: Stats) -> str:
    """No joint was faster than the layer allows."""
    settings = safety_settings(rig.arm)
    most = np.minimum(settings.speed_fraction * rig.arm.speed_max, settings.speed_max_rad_s)
    over = np.asarray(stats["largest_joint_speed_rad_s"]) - most - SPEED_TOLERANCE_RAD_S
    return "" if (over <= 0).all() else f"joint speed {over.max():.3f} rad/s above the limit"


def kept_acceleration(rig: Rig, stats: Stats) -> str:
    """No joint speeded up more than the layer allows, a servo's ripple aside."""
    most = safety_settings(rig.arm).acceleration_max_rad_s2 * ACCELERATION_TOLERANCE
    seen = max(stats["largest_joint_acceleration_rad_s2"])
    return "" if seen <= most else f"joint acceleration {seen:.1f} rad/s2; {most:.1f} allowed"


def stuck(rig: Rig) -> None:
    """A joint is held fast and asked to be farther away than is sent, nearer than is stopped."""
    settings = safety_settings(rig.arm)
    away = rig.moved(0, (settings.lead_max_rad + settings.tracking_error_rad) / 2)
    rig.go(rig.start, 0.5)
    rig.inject("block", {"joint": 0})
    rig.go(away, 1.0)
    rig.twin.tell(fault="release")
    rig.go(away, 1.0)


def kept_lead(rig: Rig, stats: Stats) -> str:
    """The servo was never told to be farther away than the layer allows."""
    most = safety_settings(rig.arm).lead_max_rad + LEAD_TOLERANCE_RAD
    seen = float(stats["largest_joint_lead_rad"][0])
    return "" if seen <= most else f"a target led its joint by {seen:.3f} rad; {most:.3f} allowed"


def blocked(rig: Rig) -> None:
    """A joint is held fast while it is asked to be farther and farther away."""
    rig.go(rig.start, 0.5)
    rig.inject("block", {"joint": 0})
    rig.pace(rig.moved(0, 0.6), 0.4)
    rig.go(rig.moved(0, 0.6), 1.0)


def below_the_table(rig: Rig) -> None:
    """The hand is driven sideways too fast, and then down through the table."""
    kinematics = MujocoKinematics(rig.arm)
    rig.go(rig.start, 0.5)
    rig.mark()
    target = _drive(rig, kinematics, rig.start, np.array([0.0, 0.02, 0.0]), 8)
    target = _drive(rig, kinematics, target, np.array([0.0, -0.02, 0.0]), 8)
    _drive(rig, kinematics, target, np.array([0.0, 0.0, -0.01]), 50)


def _drive(
    rig: Rig, kinematics: MujocoKinematics, target: Floats, step_m: Floats, steps: int
) -> Floats:
    with suppress(RobotFault):
        for _ in range(steps):
            move = np.concatenate([step_m, np.zeros(3)])
            target = target + joint_step(kinematics.ee_jacobian(target), move)
            rig.act(target)
    return target


def kept_box(rig: Rig, stats: Stats) -> str:
    """The hand stayed above the floor of its box, and was slow enough on the way."""
    settings = safety_settings(rig.arm)
    floor_m = float(walls_around(rig.task.workspace_m, settings)[0, 2]) - EE_TOLERANCE_M
    if stats["ee_low_m"][2] < floor_m:
        return f"the end-effector went down to {stats['ee_low_m'][2]:.3f} m; {floor_m:.3f} allowed"
    most, seen = settings.ee_speed_max_m_s * EE_SPEED_TOLERANCE, stats["largest_ee_speed_m_s"]
    return "" if seen <= most else f"end-effector speed {seen:.3f} m/s; {most:.3f} allowed"


def fold(rig: Rig) -> None:
    """The arm is folded until two of its parts would meet; the box is out of the way."""
    target = folded(rig.arm.name)
    rig.pace(target, 0.5)
    rig.go(target, 4.0)
    rig.mark()


@cache
def folded(name: str) -> Floats:
    """Joints (J,) rad at which two parts of the arm overlap, the nearest of many to its home.

    Raises RuntimeError where no pose within the joints' ranges does that.
    """
    arm = load_arm(find("assets/arms", name))
    settings = safety_settings(arm)
    body = ArmBody(arm, None, settings.distance_slow_m)
    kinematics = MujocoKinematics(arm)
    start, rng = arm.home, np.random.default_rng(0)

    def high_up(joints: Floats) -> bool:
        way = (start + share * (joints - start) for share in np.linspace(0.2, 1.0, 5))
        lowest = min(float(kinematics.ee_pose(on_way)[2]) for on_way in way)
        return lowest > float(kinematics.ee_pose(start)[2]) - arm.reach_m / 20

    margin = settings.position_margin_rad
    low = np.maximum(arm.position_min + margin, start - np.pi)
    high = np.minimum(arm.position_max - margin, start + np.pi)
    meeting = []
    for joints in rng.uniform(low, high, (FOLDS, arm.dof)):
        joints[0] = start[0]
        body.place(joints)
        if body.near().distance_m < 0.0 and high_up(joints):
            meeting.append(joints)
    if not meeting:
        raise RuntimeError(f"{arm.name}: no two parts meet within the joints' ranges")
    return min(meeting, key=lambda joints: float(np.abs(joints - start).max()))


def kept_apart(rig: Rig, stats: Stats) -> str:
    """The parts that would meet did not."""
    body = ArmBody(rig.arm, None, safety_settings(rig.arm).distance_slow_m)
    body.place(np.asarray(stats["joint_position_rad"]))
    left_m = body.near().distance_m
    return "" if left_m > 0.0 else f"two parts overlap by {-1000 * left_m:.0f} mm"
