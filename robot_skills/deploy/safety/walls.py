"""The box that the end-effector stays in, how fast it may go, and the floor under the elbow."""

from math import hypot, inf

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.task import Task
from robot_skills.deploy.safety.settings import SafetySettings

Floats = NDArray[np.float64]

CLOSING_RATE = 8.0  # 1/s; speed towards a wall per m that is left, which 50 rad/s^3 can brake
STEERED_SHARE = 0.92  # of the end-effector's speed; the rest is for bends between two periods
COMING_SHARE = 0.96  # of it, for what is foreseen
DAMPING = 1e-6  # m^2; a wall at a singular pose turns no joint wildly


class Walls:
    """Box of the task, its slack included, in world; without a task there is only the speed."""

    def __init__(self, task: Task | None, settings: SafetySettings) -> None:
        box = np.array([[-inf] * 3, [inf] * 3]) if task is None else task.workspace_m
        self._low, self._high = walls_around(box, settings).tolist()
        self._elbow_m = -inf
        self.table_m: float | None = None
        if task is not None:
            self.table_m = settings.table_m
            self._elbow_m = self.table_m + settings.elbow_clearance_m
        self._speed_m_s = settings.ee_speed_max_m_s

    def outside_m(self, ee: list[float]) -> float:
        """How far the end-effector (3,) m is outside the box; 0 inside."""
        beyond = 0.0
        for low, value, high in zip(self._low, ee, self._high, strict=True):
            beyond = max(beyond, low - value, value - high)
        return beyond

    def below_m(self, elbow_height_m: float) -> float:
        """How far the elbow is below its floor; 0 above."""
        return max(self._elbow_m - elbow_height_m, 0.0)

    def too_fast(self, velocity: list[float]) -> bool:
        """Whether a velocity (3,) m/s that is to come takes more than its share of the speed."""
        return hypot(*velocity) > COMING_SHARE * self._speed_m_s

    def steer(
        self, speed: Floats, jacobian: Floats, ee: list[float], share: float, slides: bool
    ) -> Floats:
        """Joint speeds (J,) rad/s that approach no wall too fast, for an end-effector at `ee`.

        What leads out is taken away where the goal is inside, so that the hand `slides` along;
        otherwise all of the motion slows. `jacobian` (3, J) is the end-effector's; `share` that of
        its speed which may be used.
        """
        velocity = (jacobian @ speed).tolist()
        for axis in range(3):
            most = max(CLOSING_RATE * (self._high[axis] - ee[axis]), 0.0)
            least = min(CLOSING_RATE * (self._low[axis] - ee[axis]), 0.0)
            if not least <= velocity[axis] <= most:
                allowed = most if velocity[axis] > most else least
                if slides:
                    row = jacobian[axis]
                    excess = velocity[axis] - allowed
                    speed = speed - row * (excess / (float(row @ row) + DAMPING))
                else:
                    speed = speed * (allowed / velocity[axis])
                velocity = (jacobian @ speed).tolist()
        norm = hypot(*velocity)
        allowed = STEERED_SHARE * share * self._speed_m_s
        return speed * (allowed / norm) if norm > allowed else speed


def walls_around(box: Floats, settings: SafetySettings) -> Floats:
    """Where the walls (2, 3) m stand around a task's box (2, 3) m; its floor has no slack."""
    slack = settings.workspace_slack_m
    return np.asarray(box + np.array([[-slack, -slack, 0.0], [slack, slack, slack]]))
