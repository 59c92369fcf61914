"""How a robot and its control process are doing, for a person to see."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RobotStatus:
    """One look: rates of the control process, margins of the arm, and the latched reason.

    `late` counts cycles whose reading was no newer, `overruns` those that took more than their
    period, `dropped_chunks` those that the control process never saw, `aged_chunks` those that came
    too late to be followed. `joint_margin_rad` is each joint's distance to its nearer limit,
    `nearest_m` the smallest distance between watched bodies (inf where none are watched), and
    `speed_scale` what share of the speed is allowed now. `fault` is "" while nothing is latched.
    """

    mode: str
    robot_time_s: float
    rate_hz: float
    lateness_p50_ms: float
    lateness_p99_ms: float
    lateness_max_ms: float
    late: int
    overruns: int
    dropped_chunks: int
    aged_chunks: int
    joint_margin_rad: tuple[float, ...]
    nearest_m: float
    speed_scale: float
    fault: str
