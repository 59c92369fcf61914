"""What every arm driver offers: SI units, synchronous calls, no silent staleness."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class StopKind(StrEnum):
    """How an arm comes to rest.

    SMOOTH brakes along its path and ends its program; HOLD keeps it, powered, where it is now;
    POWER_OFF stops at once and takes the power away.
    """

    SMOOTH = "smooth"
    HOLD = "hold"
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
    OVERLOAD = "overload"
    LINK = "link"
    GRIPPER = "gripper"
    DRIVER = "driver"
    OUTSIDE = "outside"
    TRACKING = "tracking"
    COLLISION = "collision"
    COMMAND_AGE = "command_age"
    OVERRUN = "overrun"
    HEARTBEAT = "heartbeat"
    WATCHDOG = "watchdog"
    START_POSE = "start_pose"
    CALIBRATION = "calibration"


@dataclass(frozen=True)
class Fault:
    """One reason not to move, with what was seen and what a person can do."""

    kind: FaultKind
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


@dataclass(frozen=True)
class ArmInfo:
    """What a connected arm is: joints in command order, native rate, and what it guards itself.

    `serial` and `firmware` are what the arm says once connected, "" where it says nothing.
    `robot_watchdog` tells whether the arm itself stops when commands cease; `paces` whether `read`
    waits for the arm's next cycle, so that the arm keeps the loop's time.
    """

    name: str
    joints: tuple[str, ...]
    rate_hz: float
    robot_watchdog: bool
    serial: str = ""
    firmware: str = ""
    paces: bool = False


@dataclass(frozen=True)
class ArmState:
    """One reading: joints (J,) rad and rad/s, stamped by the robot's own clock.

    A link can be frozen while every vendor call succeeds, so that clock's advance is the only
    proof that a reading is new; `Freshness` keeps watch over it for every arm. An arm without a
    clock of its own counts the host's time at each reading that truly came from it.

    `load` (J,) is the share of each joint's rated torque or current that is in use,
    `temperature_c` (J,) and `voltage_v` (J,) are what the servos report; None where an arm does
    not tell. `gripper_width_m` is None while the gripper has not answered yet. `link_errors`
    counts failed cycles in a row, 0 after one that succeeded.
    """

    robot_time_s: float
    joint_position_rad: Floats
    joint_velocity_rad_s: Floats
    mode: str
    fault: Fault | None
    gripper_width_m: float | None = None
    load: Floats | None = None
    temperature_c: Floats | None = None
    voltage_v: Floats | None = None
    link_errors: int = 0


class ArmDriver(Protocol):
    """One arm with its gripper behind the vendor's client: SI units, synchronous.

    Used by one thread, but for `stop`. A cycle is one `read` and one `command`.
    """

    @property
    def info(self) -> ArmInfo:
        """What the arm is; `serial` and `firmware` are known once connected."""
        ...

    def connect(self, timeout_s: float) -> None:
        """Open the links and check what answers; never moves; raises InputError or RobotFault."""
        ...

    def read(self) -> ArmState:
        """Newest reading, within one period at most; never raises for a link that fails.

        What fails is told by `link_errors`, by a clock that stands still, or by `fault`.
        """
        ...

    def start(self) -> None:
        """Make the arm ready to follow joint targets, its own watchdog armed; moves nothing.

        Raises RobotFault when the arm is not ready or the watchdog cannot be armed.
        """
        ...

    def command(self, joint_position_rad: Floats, gripper_width_m: float | None) -> Floats:
        """Send one joint target (J,) of the native rate, and a width in m unless None.

        Returns the joint target (J,) rad that went out in the vendor's units; raises RobotFault
        when it is refused.
        """
        ...

    def stop(self, kind: StopKind) -> None:
        """Stop, as often as wanted and from any thread; nothing moves until `start`.

        Each joint is stopped on its own: one that does not answer never keeps the others moving.
        Raises RobotFault where the arm does not confirm it, so that the watchdog tries in its turn.
        """
        ...

    def clear_fault(self) -> None:
        """Acknowledge what stopped the arm; only ever called because a person asked."""
        ...

    def close(self) -> None:
        """Stop and let go of the links."""
        ...
