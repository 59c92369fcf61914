"""A path of bounded speed, acceleration and jerk towards the targets of a policy.

A policy gives a joint target every 50 ms. Coming to rest at each would lag some 0.1 s behind a
moving one; arriving with the speed of its last step would overshoot by the braking distance when
it stops. The path aims between the two: half of the targets' own speed is taken up, the rest of
the way is closed at a rate that can still be braked. ruckig (Berscheid and Kroeger 2021) turns the
speed that is wanted into the quickest motion within the bounds, each period anew.
"""

from math import cbrt, sqrt
from typing import NamedTuple

import numpy as np
import ruckig
from numpy.typing import NDArray

from robot_skills.deploy.safety.bounds import JointBounds

Floats = NDArray[np.float64]

CLOSING_RATE = 15.0  # 1/s; the speed wanted per rad that is left, where little is
BRAKING_USED = 0.9  # of the speed that can just be braked; the rest is for steps of 20 ms
SPEED_TAKEN_UP = 0.5  # of the targets' own
LITTLE_RAD = 0.001  # below which CLOSING_RATE is always the smaller
NEW_MOTION_S = 0.2  # after which a new target tells nothing of a speed
NEAR_END_RAD = 0.2  # of a joint's range; from farther away 1 rad/s is always braked in time
END_RESERVE_RAD = 0.005  # of a joint's range; no step has to be left because of its end
REST_RAD_S = 1e-4


class Motion(NamedTuple):
    """Joint position (J,) rad, velocity rad/s and acceleration rad/s^2 at one instant."""

    position: list[float]
    velocity: list[float]
    acceleration: list[float]


class ClosingLaw:
    """How fast a joint may go so that it can still come to rest at the end of what is left.

    A stop from speed v takes v sqrt(v / j) with jerk j alone, and v^2 / 2a + v a / 2j where
    deceleration comes to its bound a on the way.
    """

    def __init__(self, low: float, high: float, bounds: tuple[float, float, float]) -> None:
        self.fastest, hardest, self.jerk = bounds
        self._low, self._high = low, high
        self._near = hardest**3 / self.jerk**2  # rad; nearer, a is never reached
        self._ramp = hardest**2 / (2 * self.jerk)  # rad/s; lost while a comes and goes
        self._twice = 2 * hardest

    def rate(self, distance: float) -> float:
        """Speed per rad of `distance` rad that is left, 1/s."""
        if distance < LITTLE_RAD:
            return CLOSING_RATE
        if distance < self._near:
            return BRAKING_USED * cbrt(self.jerk / distance)
        return BRAKING_USED * (sqrt(self._ramp**2 + self._twice * distance) - self._ramp) / distance

    def before_end(self, speed: float, position: float) -> float:
        """The part of a speed rad/s that leads to rest before the end of the joint's range."""
        room = self._high - position if speed > 0.0 else position - self._low
        if not 0.0 < room < NEAR_END_RAD:
            return speed if room > 0.0 else 0.0
        most = min(self.rate(room), CLOSING_RATE) * room
        return min(speed, most) if speed > 0.0 else max(speed, -most)


class JerkLimitedPath:
    """Where the arm shall be, one control period after the other.

    A step is first tried, which tells where the arm would be and where it could come to rest, then
    either taken or left for the next piece of the stop that the last taken step left open.
    """

    def __init__(self, joint_position: Floats, bounds: JointBounds) -> None:
        self.bounds = bounds
        self.now = Motion(joint_position.tolist(), *([0.0] * bounds.low.size for _ in range(2)))
        self._low = np.minimum(bounds.low + END_RESERVE_RAD, joint_position).tolist()
        self._high = np.maximum(bounds.high - END_RESERVE_RAD, joint_position).tolist()
        limits = np.stack([bounds.speed, bounds.acceleration, bounds.jerk], axis=1).tolist()
        self._laws = [
            ClosingLaw(low, high, tuple(joint))
            for low, high, joint in zip(self._low, self._high, limits, strict=True)
        ]
        self._least_jerk = float(bounds.jerk.min())
        self._planner = ruckig.Ruckig(bounds.low.size)
        self._request = _speed_request(bounds)
        self._rest = [0.0] * bounds.low.size
        self._step, self._stop, self._next_stop = (
            ruckig.Trajectory(bounds.low.size) for _ in range(3)
        )
        self._since_stop_s = 0.0
        self._asked = self._goal = self.now.position
        self._goal_age_s = NEW_MOTION_S
        self._left_s = 0.0
        self._goal_speed = self._rest
        self._tried = self.now
        self._plan(self.now, self._rest, self._stop)

    @property
    def at_rest(self) -> bool:
        """Whether the path stands still."""
        return max(map(abs, self.now.velocity)) < REST_RAD_S

    @property
    def goal(self) -> list[float]:
        """Where the path leads (J,) rad, inside the joints' range."""
        return self._goal

    def aim(self, goal: list[float], left_s: float) -> bool:
        """Be at `goal` (J,) rad, or at the end of a joint's range, in `left_s`; whether it is new.

        The same goal with its time renewed is one that rests.
        """
        new = goal != self._asked
        if new or left_s > self._left_s:
            self._take_up(goal, new)
        self._left_s = left_s
        return new

    def _take_up(self, asked: list[float], new: bool) -> None:
        limits = zip(asked, self._low, self._high, strict=True)
        goal = [min(max(value, low), high) for value, low, high in limits]
        self._goal_speed = self._speed_of(goal) if new else self._rest
        self._asked, self._goal, self._goal_age_s = asked, goal, 0.0

    def wanted_speed(self) -> tuple[list[float], float]:
        """Joint speeds (J,) rad/s straight to the goal, and to rest before a joint's end.

        Also the largest of them as a share of what its joint may do; it may be above 1. What is
        left of the way is counted from where a joint will be once it no longer accelerates.
        """
        taken_up = SPEED_TAKEN_UP if self._left_s > 0.0 else 0.0
        easing_s = self._easing_s(self.now)
        errors, eased = [], []
        rate = CLOSING_RATE
        for position, velocity, acceleration, goal, own, law in zip(
            *self.now, self._goal, self._goal_speed, self._laws, strict=True
        ):
            here = position + easing_s * (velocity + acceleration * easing_s / 3)
            error = goal - taken_up * own * (self._left_s - easing_s) - here
            rate = min(rate, law.rate(abs(error)))
            errors.append(error)
            eased.append(here)
        wanted, largest = [], 0.0
        for error, here, own, law in zip(errors, eased, self._goal_speed, self._laws, strict=True):
            speed = law.before_end(taken_up * own + rate * error, here)
            wanted.append(speed)
            largest = max(largest, abs(speed) / law.fastest)
        return wanted, largest

    def attempt(self, speed: list[float], step_s: float) -> tuple[Motion, list[float]]:
        """Motion (J,) after `step_s` on the way to a speed (J,), and where it could be at rest."""
        self._plan(self.now, speed, self._step)
        self._tried = Motion(*self._step.at_time(step_s))
        self._plan(self._tried, self._rest, self._next_stop)
        return self._tried, self._next_stop.at_time(self._next_stop.duration)[0]

    def easing_s(self) -> float:
        """Time that it takes at least, after the last attempt, to end all acceleration together."""
        return self._easing_s(self._tried)

    def stopping_speed(self, after_s: float) -> list[float]:
        """Joint speeds (J,) rad/s a while after the last attempt, on the way to rest."""
        speed: list[float] = self._next_stop.at_time(after_s)[1]
        return speed

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

    def _easing_s(self, motion: Motion) -> float:
        return max(map(abs, motion.acceleration)) / self._least_jerk

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


def _speed_request(bounds: JointBounds) -> ruckig.InputParameter:
    request = ruckig.InputParameter(bounds.low.size)
    request.control_interface = ruckig.ControlInterface.Velocity
    request.synchronization = ruckig.Synchronization.Phase
    request.max_velocity = bounds.speed.tolist()
    request.max_acceleration = bounds.acceleration.tolist()
    request.max_jerk = bounds.jerk.tolist()
    request.target_acceleration = [0.0] * bounds.low.size
    return request
