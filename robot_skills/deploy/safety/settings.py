"""Every number of the safety layer, with its unit; docs/safety.md shows them as one table."""

from dataclasses import dataclass, fields, replace
from math import inf, isfinite
from typing import Any

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError

# What may be nothing; every other number must be above 0, and all of them below infinity.
_MAY_BE_0 = (
    "position_margin_rad",
    "position_tolerance_rad",
    "speed_overshoot",
    "workspace_slack_m",
    "workspace_tolerance_m",
    "elbow_clearance_m",
    "distance_stop_m",
    "first_run_s",
    "overruns_max",
    "link_errors_max",
)
_SHARES = ("speed_fraction", "first_run_share", "load_share", "load_peak_share")
_IN_ORDER = (
    ("distance_stop_m", "distance_slow_m"),
    ("command_hold_s", "command_stop_s"),
    ("voltage_min_v", "voltage_max_v"),
    ("lead_max_rad", "tracking_error_rad"),
)


@dataclass(frozen=True)
class SafetySettings:
    """What an arm may do at most, and when it is stopped; the arm's profile gives the vendor's own.

    This is software, not a safety-rated function: the emergency stop stays within reach. Raises
    InputError for a number that would switch a row off, such as one that is not a number.
    """

    position_margin_rad: float = 0.05
    """How far from the ends of its range a joint is kept."""
    position_tolerance_rad: float = 0.025
    """How far into that margin a joint may be measured before the arm is stopped."""
    speed_max_rad_s: float = 1.0
    """Joint speed that is never exceeded."""
    speed_fraction: float = 0.5
    """Share of the vendor's joint speed that is used at most."""
    speed_overshoot: float = 0.0
    """Share by which a servo that catches up is faster than it is told; taken off what is sent."""
    first_run: bool = False
    """Whether speeds start at `first_run_share` and grow to the full ones over `first_run_s`."""
    first_run_share: float = 0.3
    """Share of every speed at the start of a first run."""
    first_run_s: float = 60.0
    """Robot time over which a first run comes to full speed."""
    acceleration_max_rad_s2: float = 5.0
    """Joint acceleration, of stops as well; the vendor's where that is smaller."""
    jerk_max_rad_s3: float = 50.0
    """Joint jerk, of stops as well; the vendor's where that is smaller."""
    lead_max_rad: float = 0.1
    """How far a target that is sent may be from the measured joint."""
    tracking_error_rad: float = 0.15
    """How far a joint may be from where it should be by now."""
    tracking_s: float = 0.2
    """How long it may be farther than that."""
    ee_speed_max_m_s: float = 0.25
    """End-effector speed that is never exceeded."""
    workspace_slack_m: float = 0.005
    """How far outside the task's box its walls stand, so that a hand can slide along the box.

    Its floor stands where the box ends: below it fingertips would press on the table."""
    workspace_tolerance_m: float = 0.02
    """How far outside the walls the end-effector may be measured before the arm is stopped."""
    table_m: float = 0.0
    """Height of the table's top in world; 0 in every environment."""
    elbow_clearance_m: float = 0.05
    """How far above the table the elbow is kept."""
    distance_slow_m: float = 0.03
    """Distance between two links, or a link and the table, below which the arm slows."""
    distance_stop_m: float = 0.01
    """Distance at which it is stopped."""
    load_share: float = 0.6
    """Share of a joint's rated torque or current that it may not exceed for `load_s`."""
    load_s: float = 0.5
    """How long it may exceed that share."""
    load_peak_share: float = 1.0
    """Share of a joint's rated torque or current that it may not reach for `load_peak_s`."""
    load_peak_s: float = 0.05
    """How long it may reach that share before the power goes off."""
    has_brakes: bool = True
    """Whether the arm stays up without power; one that falls is stopped instead."""
    temperature_max_c: float = 60.0
    """Servo temperature at which the arm is stopped, where servos report it."""
    voltage_min_v: float = 10.0
    """Lowest supply voltage, where servos report it."""
    voltage_max_v: float = 14.0
    """Highest supply voltage, where servos report it."""
    stale_warn_periods: float = 2.0
    """Control periods without a new robot timestamp that are counted as late."""
    stale_stop_s: float = 0.05
    """Time without a new robot timestamp at which the arm is stopped."""
    command_hold_s: float = 0.1
    """Age of the newest command, past its end, at which the arm holds until commands return."""
    command_stop_s: float = 0.3
    """Age of the newest command, past its end, at which the arm is stopped."""
    overruns_max: int = 3
    """Control periods that may be missed among the last `overruns_window`."""
    overruns_window: int = 100
    """How many control periods are looked back on for missed ones."""
    link_errors_max: int = 3
    """Failed cycles in a row at which the arm is stopped."""
    heartbeat_s: float = 0.5
    """Silence of the operator's view, once it has been heard, at which the arm is stopped."""
    heartbeat_required: bool = False
    """Whether an operator's view that was never heard counts as silent."""
    watchdog_s: float = 0.5
    """Silence of the watchdog process at which the arm is stopped."""
    start_pose_rad: float = 0.05
    """How far a first command may be from where the arm stands."""

    def __post_init__(self) -> None:
        """Refuse what no arm can be driven with."""
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, bool):
                _check(field.name, value)
        for lower, upper in _IN_ORDER:
            low, high = getattr(self, lower), getattr(self, upper)
            if not low < high:
                raise InputError(
                    f"safety.{lower} must be below safety.{upper}; found {low:g} and {high:g}"
                )


def _check(name: str, value: float) -> None:
    """Raise InputError unless a setting is a number in its range."""
    if name == "table_m":
        good, wanted = isfinite(value), "a number"
    elif name in _MAY_BE_0:
        good, wanted = 0.0 <= value < inf, "0 or more"
    elif name in _SHARES:
        good, wanted = 0.0 < value <= 1.0, "above 0 and at most 1"
    else:
        good, wanted = 0.0 < value < inf, "above 0"
    if not good:
        raise InputError(f"safety.{name} must be {wanted}; found {value:g}")


# Serial buses answer in tens of ms. An STS3215's load is a share of its stall torque; an arm of
# such servos falls without power, and is a third as large, and so are its distances. Its gears
# have play: a joint at rest is read up to 0.02 rad elsewhere a moment later. Soft servos behind a
# slow bus lag by 0.06 to 0.13 rad in ordinary motion; held nearer, they would swing.
_SERVO_ARM: dict[str, Any] = {
    "stale_stop_s": 0.1,
    "position_margin_rad": 0.03,
    "position_tolerance_rad": 0.015,
    "distance_slow_m": 0.015,
    "distance_stop_m": 0.005,
    "load_share": 0.8,
    "start_pose_rad": 0.08,
    "speed_overshoot": 0.1,
    "lead_max_rad": 0.2,
    "tracking_error_rad": 0.25,
    "has_brakes": False,
}
_BY_DRIVER: dict[str, dict[str, Any]] = {
    "so101": _SERVO_ARM,
    "lerobot": _SERVO_ARM,
    "ros2": {"stale_stop_s": 0.1},  # JointState comes over a network, 50 to 100 times a second
    "franka": {"stale_stop_s": 0.02},  # dead after 20 lost packets at 1 kHz
    "xarm": {"voltage_min_v": 40.0, "voltage_max_v": 56.0, "temperature_max_c": 75.0},  # fed 48 V
}


def safety_settings(arm: ArmProfile, **changes: Any) -> SafetySettings:
    """The defaults for an arm, with named differences."""
    driver = arm.deploy.driver if arm.deploy is not None else ""
    return replace(SafetySettings(), **{**_BY_DRIVER.get(driver, {}), **changes})
