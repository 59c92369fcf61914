"""Joint targets at the arm's own rate, between those that a policy gives."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Interpolator:
    """Straight lines in joint space from the last target sent to each new one, in robot time."""

    def __init__(self, start: Floats, period_s: float) -> None:
        self.sent = start
        self._goal = start
        self._left_s = 0.0
        self._velocity = np.zeros_like(start)
        self._longest_step_s = 2 * period_s
        self._deceleration: float | None = None

    @property
    def at_rest(self) -> bool:
        """Whether the last step led nowhere."""
        return not self._velocity.any()

    def aim(self, goal: Floats, duration_s: float) -> None:
        """Reach `goal` (J,) rad in `duration_s` from where the last step ended."""
        self._goal, self._left_s = goal, duration_s

    def brake(self, deceleration_rad_s2: float) -> None:
        """From now on slow to rest along the present direction, whatever is aimed at."""
        self._deceleration = deceleration_rad_s2

    def advance(self, elapsed_s: float) -> Floats:
        """Next target (J,) after `elapsed_s` of robot time; a late loop never makes it jump."""
        step_s = min(elapsed_s, self._longest_step_s)
        if step_s <= 0.0:
            return self.sent
        if self._deceleration is None:
            share = 1.0 if step_s >= self._left_s else step_s / self._left_s
            self._left_s = max(self._left_s - step_s, 0.0)
            self._velocity = share * (self._goal - self.sent) / step_s
        else:
            speed = float(np.abs(self._velocity).max())
            slower = max(speed - self._deceleration * step_s, 0.0)
            self._velocity = self._velocity * (slower / speed if speed > 0 else 0.0)
        self.sent = self.sent + self._velocity * step_s
        return self.sent
