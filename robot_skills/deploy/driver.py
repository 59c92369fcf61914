"""What every arm driver offers: SI units, synchronous calls, no silent staleness."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class StopKind(StrEnum):
    """How an arm comes to rest: braked along its path, or at once and with its power removed."""

    SMOOTH = "smooth"
    POWER_OFF = "power_off"


class FaultKind(StrEnum):
    """Why an arm may not move."""

    STALE = "stale"
    PROTECTIVE_STOP = "protective_stop"
    EMERGENCY_STOP = "emergency_stop"
    NOT_READY = "not_ready"
    PROGRAM_STOPPED = "program_stopped"
    COMMAND_REFUSED = "command_refused"
    BAD_COMMAND = "bad_command"
    GRIPPER = "gripper"
    DRIVER = "driver"


@dataclass(frozen=True)
class Fault:
    """One reason not to move, with what was seen and what a person can do."""

    kind: FaultKind
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


@dataclass(frozen=True)
class ArmInfo:
    """What a connected arm is: joints in command order, native rate, and what it guards itself."""

    name: str
    joints: tuple[str, ...]
    rate_hz: float
    robot_watchdog: bool


@dataclass(frozen=True)
class ArmState:
    """One reading: joints (J,) rad and rad/s, stamped by the robot's own clock.

    A link can be frozen while every vendor call succeeds, so that clock's advance is the only
    proof that a reading is new; `Freshness` keeps watch over it for every arm.
    """

    robot_time_s: float
    joint_position_rad: Floats
    joint_velocity_rad_s: Floats
    mode: str
    fault: Fault | None


class ArmDriver(Protocol):
    """One arm behind its vendor's client."""

    info: ArmInfo

    def connect(self, timeout_s: float) -> None:
        """Open the link and check what answers; never moves; raises InputError or RobotFault."""
        ...

    def read(self) -> ArmState:
        """Newest reading, at once and without waiting for the robot."""
        ...

    def start(self) -> None:
        """Make the arm ready to follow joint targets, its own watchdog armed; moves nothing."""
        ...

    def command(self, joint_position_rad: Floats) -> None:
        """Send one joint target (J,) of the native rate; raises RobotFault when refused."""
        ...

    def stop(self, kind: StopKind) -> None:
        """Stop, as often as wanted, over a link that answers; nothing moves until `start`."""
        ...

    def clear_fault(self) -> None:
        """Acknowledge what stopped the arm; only ever called because a person asked."""
        ...

    def close(self) -> None:
        """Stop and let go of the link."""
        ...


class Gripper(Protocol):
    """A parallel gripper; widths between the fingers in m."""

    def connect(self, timeout_s: float) -> None:
        """Open the link and activate; raises InputError when nothing answers."""
        ...

    def check(self) -> None:
        """Raise RobotFault when the newest measurement is too old."""
        ...

    @property
    def width_m(self) -> float:
        """Newest measured width; raises RobotFault as `check` does."""
        ...

    def move(self, width_m: float) -> None:
        """Ask for a width; returns at once."""
        ...

    def close(self) -> None:
        """Let go of the link; the fingers keep their place."""
        ...
