"""How servos approach their goals: speeding up and braking at their acceleration registers."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Ramp:
    """References (S,) in steps, moved forward one tick at a time."""

    def __init__(self, position: Floats, tick_s: float) -> None:
        self.position = position.copy()
        self._velocity = np.zeros_like(position)
        self._tick_s = tick_s

    def follow(self, position: Floats, loose: NDArray[np.bool_]) -> None:
        """Take loose servos' references along with what they are."""
        if not loose.any():
            return
        self.position = np.where(loose, position, self.position)
        self._velocity = np.where(loose, 0.0, self._velocity)

    def advance(self, goal: Floats, speed: Floats, acceleration: Floats) -> Floats:
        """Let one tick pass; return the references (S,).

        Speeds are in steps/s and accelerations in steps/s^2, both (S,).
        """
        left = goal - self.position
        change = acceleration * self._tick_s
        # The speed that can still be braked away, in whole ticks.
        braking = np.sqrt(change**2 / 4 + 2 * acceleration * np.abs(left)) - change / 2
        wanted = np.minimum(np.minimum(braking, speed), np.abs(left) / self._tick_s)
        wanted = np.copysign(wanted, left)
        step = np.minimum(np.maximum(wanted - self._velocity, -change), change)
        self._velocity = self._velocity + step
        self.position = self.position + self._velocity * self._tick_s
        return self.position
