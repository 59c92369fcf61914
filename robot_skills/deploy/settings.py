"""What a deployment is run with; configs/deploy/*.toml hold only named differences."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ControlSettings:
    """The control process: how often it commands, and when it gives up."""

    rate_hz: float = 125.0
    """Joint targets sent per second; policies give 20, the rest is interpolated."""
    stale_warn_periods: float = 2.0
    """Control periods without a new robot timestamp that are counted as late."""
    stale_stop_s: float = 0.05
    """Time without a new robot timestamp after which the arm is stopped and the fault latched."""
    watchdog_hz: float = 5.0
    """The arm's own watchdog: it ends the program when commands come more rarely.

    At 5 Hz a link that is 80 ms late each way still gets through the handshake that arms it."""
    servo_lookahead_s: float = 0.1
    """servoJ's lookahead (0.03 to 0.2)."""
    servo_gain: float = 300.0
    """servoJ's gain (100 to 2000)."""
    stop_deceleration_rad_s2: float = 5.0
    """How hard a smooth stop brakes."""


@dataclass(frozen=True)
class LimitSettings:
    """Limits between every policy and every arm; the arm's profile gives the vendor's own."""

    position_margin_rad: float = 0.05
    """How far from the ends of its range a joint is kept."""
    speed_fraction: float = 0.5
    """Share of the vendor's joint speed that is used."""
    speed_max_rad_s: float = 1.0
    """Joint speed that is never exceeded, whatever the share."""
    lead_max_rad: float = 0.1
    """How far a target may run ahead of the measured joint."""
    workspace_slack_m: float = 0.005
    """How far outside the task's box the walls stand, so that a hand can slide along the box."""
