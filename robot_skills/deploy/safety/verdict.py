"""What the safety layer is told once a period, and what it answers."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from robot_skills.deploy.driver import Fault

Floats = NDArray[np.float64]


class Action(StrEnum):
    """What a control cycle has to do.

    HOLD brakes to rest along the path and goes on once its reason is gone. STOP does the same and
    latches; POWER_OFF takes the power and latches.
    """

    NONE = "none"
    HOLD = "hold"
    STOP = "stop"
    POWER_OFF = "power_off"


@dataclass(frozen=True)
class Cycle:
    """What the control process knows besides the reading; ages in s on the host's clock.

    `state_age_s` is how long the robot's clock has stood still, `command_age_s` how far past the
    end of the newest command it is, `heartbeat_age_s` how long the operator's view has been
    silent (inf: never heard), `watchdog_age_s` how long the watchdog process has. `command_error`
    tells that the arm refused the last target. While nothing is commanded (not `moving`) the arm
    may be anywhere that a person puts it.
    """

    host_time_s: float
    state_age_s: float = 0.0
    command_age_s: float = 0.0
    heartbeat_age_s: float = float("inf")
    watchdog_age_s: float = 0.0
    overran: bool = False
    command_error: str | None = None
    moving: bool = True


@dataclass(frozen=True)
class Verdict:
    """What to do, and why; a latched fault is told again every period."""

    action: Action
    fault: Fault | None = None


@dataclass(frozen=True)
class Margins:
    """For a live view: what is left of every joint's range (J,) rad, and what slows the arm.

    `nearest_m` is the distance of the two parts named in `nearest`, inf where all are far apart;
    `speed_share` the share of full speed that may be used now.
    """

    joint_rad: Floats
    nearest_m: float
    nearest: tuple[str, str]
    speed_share: float
