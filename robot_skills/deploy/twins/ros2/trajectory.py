"""How joint_trajectory_controller of ros2_control follows a trajectory.

A new trajectory replaces the old one at once and starts from where the joints are measured to be,
or from the last command where interpolate_from_desired_state is set; between points positions are
interpolated linearly, or as cubics where speeds are given; the last point is held.
(ros2_controllers, joint_trajectory_controller, user documentation.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Waypoint:
    """Joints (J,) rad at a time from the start in s; speeds (J,) rad/s or None."""

    time_s: float
    position: Floats
    velocity: Floats | None = None


class TrajectoryReference:
    """Joint positions (J,) rad asked of the servos, moved forward in time."""

    def __init__(self, position: Floats) -> None:
        self.position = position.copy()
        self._points: list[Waypoint] = []
        self._time_s = 0.0

    def follow(self, points: Sequence[Waypoint], position: Floats, velocity: Floats) -> None:
        """Follow `points` from now on, starting at joints (J,) rad and speeds (J,) rad/s.

        Raises ValueError where their times do not increase from above 0.
        """
        times = np.array([0.0, *[point.time_s for point in points]])
        if not points or (np.diff(times) <= 0.0).any():
            raise ValueError(f"times from start must increase from above 0; found {times[1:]}")
        self._points = [Waypoint(0.0, position.copy(), velocity.copy()), *points]
        self._time_s = 0.0

    def hold(self, position: Floats) -> None:
        """Stay at joints (J,) rad."""
        self._points = []
        self.position = position.copy()

    def advance(self, elapsed_s: float) -> Floats:
        """Move forward; return the new position (J,)."""
        self._time_s += elapsed_s
        while len(self._points) > 1 and self._points[1].time_s <= self._time_s:
            self._points.pop(0)
            self.position = self._points[0].position
        if len(self._points) > 1:
            self.position = _between(self._points[0], self._points[1], self._time_s)
        return self.position


def _between(start: Waypoint, end: Waypoint, time_s: float) -> Floats:
    span_s = end.time_s - start.time_s
    share = (time_s - start.time_s) / span_s
    if start.velocity is None or end.velocity is None:
        return start.position + share * (end.position - start.position)
    rest = 1.0 - share
    ends = (1 + 2 * share) * rest**2 * start.position + share**2 * (3 - 2 * share) * end.position
    bends = share * rest**2 * start.velocity - share**2 * rest * end.velocity
    return np.asarray(ends + bends * span_s)
