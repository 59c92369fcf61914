"""Lets the path move only to where it could still come to rest inside every wall."""

from math import dist, inf
from operator import le

import numpy as np

from robot_skills.deploy.driver import FaultKind
from robot_skills.deploy.safety.body import ArmBody
from robot_skills.deploy.safety.path import JerkLimitedPath
from robot_skills.deploy.safety.settings import SafetySettings
from robot_skills.deploy.safety.verdict import Verdict
from robot_skills.deploy.safety.walls import Walls
from robot_skills.deploy.safety.watch import stop

SLOW_SHARE = 0.3  # of the end-effector's speed; what is slower stays below it on the way to rest
SLOWEST = 0.1  # share of full speed that is left next to something, so as to get away from it
MEASURED_NEARER_M = 0.005  # than the stopping distance, at which an arm that is measured is stopped
ROUNDING_M = 1e-6


class Guard:
    """Drives a path: scales and turns its speed, and tries each step before it is taken.

    A step is taken only if the end-effector then is slow enough and the arm could come to rest
    within its joints' range, inside the walls, and away from itself and the table; otherwise the
    path goes on with the stop that its last step left open. What is outside already may come
    back. `collision` tells why the arm must be stopped, `share` how much of its speed it may use.
    """

    def __init__(
        self, path: JerkLimitedPath, body: ArmBody, walls: Walls, settings: SafetySettings
    ) -> None:
        self.path = path
        self.share = 1.0
        self.collision: str | None = None
        self._body, self._walls, self._settings = body, walls, settings
        self._low, self._high = path.bounds.low.tolist(), path.bounds.high.tolist()
        tolerance = settings.position_tolerance_rad
        self._lowest = [low - tolerance for low in self._low]
        self._highest = [high + tolerance for high in self._high]
        body.place(path.now.position)
        self._ee, self._jacobian = body.ee(), body.ee_jacobian()  # kept up to date by the body
        self._ee_m_s = 0.0
        self._slides = False
        self._outside_m = self._start_outside_m = walls.outside_m(self._ee)
        self._below_m = walls.below_m(body.elbow_height_m())
        self._distance_m = self._start_distance_m = body.distance_m()

    def follow(self, goal: list[float], left_s: float, step_s: float, share: float) -> None:
        """One step towards `goal` (J,) rad, to be reached in `left_s`, at a share of full speed."""
        path = self.path
        if path.aim(goal, left_s):
            self._body.place(path.goal)
            self._slides = self._walls.outside_m(self._body.ee()) <= 0.0
        share *= self._near_share()
        wanted, largest = path.wanted_speed()
        speed = np.array(wanted)
        if largest > share:
            speed *= share / largest
        steered = self._walls.steer(speed, self._jacobian, self._ee, share, self._slides)
        if steered is not speed:  # along a wall, one joint may be faster than was asked
            steered = steered / max(float((np.abs(steered) / path.bounds.speed).max()), 1.0)
        tried, rest = path.attempt(steered.tolist(), step_s)
        start, start_m_s = self._ee, self._ee_m_s
        self._see(tried.position, step_s)
        if self._too_fast(step_s) or not self._may_rest(rest):
            self._ee, self._ee_m_s = start, start_m_s
            self.slow(step_s)
        else:
            path.take(step_s)

    def slow(self, step_s: float) -> None:
        """One step on the way to rest."""
        self.path.slow(step_s)
        self._see(self.path.now.position, step_s)

    def outside_range(self, measured: list[float]) -> Verdict | None:
        """A fault when a joint is measured (J,) rad beyond the range that targets keep to."""
        if all(map(le, self._lowest, measured)) and all(map(le, measured, self._highest)):
            return None
        for i, (low, value, high) in enumerate(zip(self._low, measured, self._high, strict=True)):
            if not low <= value <= high:
                return stop(
                    FaultKind.OUTSIDE,
                    f"joint {i + 1} is at {value:.3f} rad, {low:.3f} to {high:.3f} are allowed; "
                    "move the arm back by hand",
                )
        return None

    def look(self, measured: list[float]) -> Verdict | None:
        """A fault when the arm is measured (J,) rad outside the walls or near itself or table."""
        body, settings = self._body, self._settings
        body.place(measured)
        outside_m = self._walls.outside_m(body.ee())
        if outside_m > self._start_outside_m + settings.workspace_tolerance_m:
            return stop(
                FaultKind.OUTSIDE,
                f"the end-effector is {1000 * outside_m:.0f} mm outside the walls, "
                f"{1000 * settings.workspace_tolerance_m:.0f} are allowed; move it back by hand",
            )
        nearest_m = min(settings.distance_stop_m, self._start_distance_m) - MEASURED_NEARER_M
        if body.distance_m() < nearest_m:
            return stop(FaultKind.COLLISION, self._why_near())
        return None

    def _see(self, joint_position: list[float], step_s: float) -> None:
        """Where the end-effector is after a step, how fast it went, and its Jacobian."""
        body = self._body
        body.place(joint_position)
        ee = body.ee()
        body.ee_jacobian()
        self._ee_m_s = dist(self._ee, ee) / step_s
        self._ee = ee

    def _too_fast(self, step_s: float) -> bool:
        """Whether the end-effector is, or would be while acceleration ends on the way to rest."""
        share = self._ee_m_s / self._settings.ee_speed_max_m_s
        easing_s = self.path.easing_s()
        if share < SLOW_SHARE or easing_s < step_s:
            return share > 1.0
        velocity = self._jacobian @ np.array(self.path.stopping_speed(easing_s))
        return share > 1.0 or self._walls.too_fast(velocity.tolist())

    def _near_share(self) -> float:
        stop_m, slow_m = self._settings.distance_stop_m, self._settings.distance_slow_m
        if self._distance_m >= slow_m:
            self.share = 1.0
        else:
            self.share = max((self._distance_m - stop_m) / (slow_m - stop_m), SLOWEST)
        return self.share

    def _may_rest(self, rest: list[float]) -> bool:
        """Whether the arm may stand at joints (J,) rad, or is at least led back from outside."""
        if not (all(map(le, self._low, rest)) and all(map(le, rest, self._high))):
            return False
        body, walls = self._body, self._walls
        body.place(rest)
        outside_m = walls.outside_m(body.ee())
        below_m = walls.below_m(body.elbow_height_m())
        if outside_m > self._outside_m + ROUNDING_M or below_m > self._below_m + ROUNDING_M:
            return False
        distance_m = body.distance_m()
        if distance_m < min(self._settings.distance_stop_m, self._distance_m - ROUNDING_M):
            self.collision = self._why_near()
            return False
        self._outside_m, self._below_m, self._distance_m = outside_m, below_m, distance_m
        return True

    def _why_near(self) -> str:
        near = self._body.near()
        stop_mm = 1000 * self._settings.distance_stop_m
        distance = "farther" if near.distance_m == inf else f"{1000 * near.distance_m:.0f} mm"
        return (
            f"{' and '.join(near.pair)} would come to {distance}, {stop_mm:.0f} are allowed; "
            "lead the arm back by hand, then clear"
        )
