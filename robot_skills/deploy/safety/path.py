"""A path of bounded speed, acceleration and jerk towards the targets of a policy.

A policy gives a joint target every 50 ms. Coming to rest at each would lag some 0.1 s behind a
moving one; arriving with the speed of its last step would overshoot by the braking distance when
it stops. The path aims between the two: half of the targets' own speed is taken up, the rest of
the way is closed at a rate that can still be braked. ruckig (Berscheid and Kroeger 2021) turns the
speed that is wanted into the quickest motion within the bounds, each period anew.
"""

from math import cbrt
from typing import NamedTuple

import numpy as np
import ruckig
from numpy.typing import NDArray

from robot_skills.deploy.safety.bounds import JointBounds

Floats = NDArray[np.float64]

CLOSING_RATE = 15.0  # 1/s; the speed wanted per rad that is left
SPEED_TAKEN_UP = 0.5  # of the targets' own
NEW_MOTION_S = 0.2  # after which a new target tells nothing of a speed
NEAR_END_RAD = 0.2  # of a joint's range; from farther away 1 rad/s is always braked in time
REST_RAD_S = 1e-4


class Motion(NamedTuple):
    """Joint position (J,) rad, velocity rad/s and acceleration rad/s^2 at one instant."""

    position: list[float]
    velocity: list[float]
    acceleration: list[float]


class JerkLimitedPath:
    """Where the arm shall be, one control period after the other.

    A step is first tried, which tells where the arm would be and where it could come to rest, then
    either taken or left for the next piece of the stop that the last taken step left open.
    """

    def __init__(self, joint_position: Floats, bounds: JointBounds) -> None:
        self.bounds = bounds
        self.now = Motion(joint_position.tolist(), *([0.0] * bounds.low.size for _ in range(2)))
        self._low, self._high = bounds.low.tolist(), bounds.high.tolist()
        self._jerk = bounds.jerk.tolist()
        self._planner = ruckig.Ruckig(bounds.low.size)
        self._request = _speed_request(bounds)
        self._rest = [0.0] * bounds.low.size
        self._step, self._stop, self._next_stop = (
            ruckig.Trajectory(bounds.low.size) for _ in range(3)
        )
        self._since_stop_s = 0.0
        self._goal = self.now.position
        self._goal_age_s = NEW_MOTION_S
        self._left_s = 0.0
        self._goal_speed = self._rest
        self._tried = self.now
        self._plan(self.now, self._rest, self._stop)

    @property
    def at_rest(self) -> bool:
        """Whether the path stands still."""
        return max(map(abs, self.now.velocity)) < REST_RAD_S

    def aim(self, goal: list[float], left_s: float) -> None:
        """Be at `goal` (J,) rad in `left_s`; the same goal with time renewed is one that rests."""
        if goal != self._goal or left_s > self._left_s:
            self._goal_speed = self._speed_of(goal) if goal != self._goal else self._rest
            self._goal, self._goal_age_s = goal, 0.0
        self._left_s = left_s

    def wanted_speed(self) -> list[float]:
        """Joint speeds (J,) rad/s that lead to the goal, and to rest before a joint's end."""
        wanted = []
        left_s = self._left_s if self._left_s > 0.0 else 0.0
        taken_up = SPEED_TAKEN_UP if left_s else 0.0
        for position, goal, own, jerk, low, high in zip(
            self.now.position,
            self._goal,
            self._goal_speed,
            self._jerk,
            self._low,
            self._high,
            strict=True,
        ):
            error = goal - taken_up * own * left_s - position
            speed = taken_up * own + _closing(error, jerk)
            room = high - position if speed > 0.0 else low - position
            if -NEAR_END_RAD < room < NEAR_END_RAD:
                most = _closing(room, jerk)
                speed = min(speed, most) if speed > 0.0 else max(speed, most)
            wanted.append(speed)
        return wanted

    def attempt(self, speed: list[float], step_s: float) -> tuple[Motion, list[float]]:
        """Motion (J,) after `step_s` on the way to a speed (J,), and where it could be at rest."""
        self._plan(self.now, speed, self._step)
        self._tried = Motion(*self._step.at_time(step_s))
        self._plan(self._tried, self._rest, self._next_stop)
        return self._tried, self._next_stop.at_time(self._next_stop.duration)[0]

    def take(self, step_s: float) -> None:
        """Go where the last attempt led."""
        self.now = self._tried
        self._stop, self._next_stop = self._next_stop, self._stop
        self._since_stop_s = 0.0
        self._goal_age_s += step_s

    def slow(self, step_s: float) -> None:
        """Go on with the stop that was open after the last step taken."""
        self._since_stop_s += step_s
        self.now = Motion(*self._stop.at_time(self._since_stop_s))
        self._goal_age_s += step_s

    def _speed_of(self, goal: list[float]) -> list[float]:
        """Own speed of the targets, from the last one to this."""
        if self._goal_age_s >= NEW_MOTION_S:
            return self._rest
        interval_s = max(self._goal_age_s, 1e-3)
        seen = [(new - old) / interval_s for new, old in zip(goal, self._goal, strict=True)]
        limits = self._request.max_velocity
        return [max(-most, min(most, speed)) for speed, most in zip(seen, limits, strict=True)]

    def _plan(self, start: Motion, speed: list[float], into: ruckig.Trajectory) -> None:
        request = self._request
        request.current_position, request.current_velocity, request.current_acceleration = start
        request.target_velocity = speed
        self._planner.calculate(request, into)


def _closing(error: float, jerk: float) -> float:
    """Speed rad/s at which `error` rad may be closed so that rest is reached at its end."""
    speed = min(CLOSING_RATE * abs(error), cbrt(jerk * error * error))
    return speed if error > 0.0 else -speed


def _speed_request(bounds: JointBounds) -> ruckig.InputParameter:
    request = ruckig.InputParameter(bounds.low.size)
    request.control_interface = ruckig.ControlInterface.Velocity
    request.synchronization = ruckig.Synchronization.Phase
    request.max_velocity = bounds.speed.tolist()
    request.max_acceleration = bounds.acceleration.tolist()
    request.max_jerk = bounds.jerk.tolist()
    request.target_acceleration = [0.0] * bounds.low.size
    return request
