"""JointState by name into joints in the profile's order; widths of the gripper's joint."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FingerJoint:
    """A gripper joint's position, and the width in m between the fingers that it stands for."""

    closed: float
    opened: float
    width_max_m: float

    def width_m(self, position: float) -> float:
        """Width at a joint position."""
        share = (position - self.closed) / (self.opened - self.closed)
        return min(max(share, 0.0), 1.0) * self.width_max_m

    def position(self, width_m: float) -> float:
        """Joint position at a width, kept within the gripper's range."""
        share = min(max(width_m / self.width_max_m, 0.0), 1.0)
        return self.closed + share * (self.opened - self.closed)


@dataclass
class JointReadings:
    """Newest value of each named joint, from messages that may carry some of them, in any order.

    ros2_control writes NaN where a joint has no such interface: such a value counts as not told.
    """

    position: dict[str, float] = field(default_factory=dict)
    velocity: dict[str, float] = field(default_factory=dict)
    effort: dict[str, float] = field(default_factory=dict)
    _stamps: dict[str, float] = field(default_factory=dict)

    def take(
        self,
        time_s: float,
        names: Sequence[str],
        position: Sequence[float],
        velocity: Sequence[float],
        effort: Sequence[float],
    ) -> None:
        """Take in one JointState; lists that are not as long as `names` tell nothing."""
        if len(position) != len(names):
            return
        for index, name in enumerate(names):
            self._place(name, position[index], time_s, _told(velocity, index, len(names)))
            if (torque := _told(effort, index, len(names))) is not None:
                self.effort[name] = torque

    def stamp(self, joints: Sequence[str]) -> float:
        """Time in s of the oldest reading among `joints`."""
        return min(self._stamps[joint] for joint in joints)

    def missing(self, joints: Sequence[str]) -> list[str]:
        """Those of `joints` that no message has carried yet."""
        return [joint for joint in joints if joint not in self.position]

    def positions(self, joints: Sequence[str]) -> Floats:
        """Positions (J,) rad of `joints`, all of which have been seen."""
        return np.array([self.position[joint] for joint in joints])

    def velocities(self, joints: Sequence[str]) -> Floats:
        """Speeds (J,) rad/s of `joints`: told, or else how fast the positions changed."""
        return np.array([self.velocity.get(joint, 0.0) for joint in joints])

    def efforts(self, joints: Sequence[str]) -> Floats | None:
        """Torques (J,) Nm, or None where any of them is not told."""
        if any(joint not in self.effort for joint in joints):
            return None
        return np.array([self.effort[joint] for joint in joints])

    def _place(self, name: str, position: float, time_s: float, speed: float | None) -> None:
        elapsed_s = time_s - self._stamps.get(name, math.inf)
        if speed is not None:
            self.velocity[name] = speed
        elif elapsed_s > 0.0:
            self.velocity[name] = (position - self.position[name]) / elapsed_s
        self.position[name] = position
        self._stamps[name] = time_s


def _told(values: Sequence[float], index: int, length: int) -> float | None:
    whole = len(values) == length and math.isfinite(values[index])
    return values[index] if whole else None


def controller_state(values: Mapping[str, str], controller: str) -> str | None:
    """The state of `controller` in a "Controllers Activity" status, None where it is not told.

    Keys are the controllers' names, with ".state" behind them in newer releases.
    """
    return values.get(f"{controller}.state", values.get(controller))
