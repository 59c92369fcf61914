"""The joint reference a controller feeds its servos: hold, follow servoJ, move, or slow to rest."""

from enum import Enum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class _Mode(Enum):
    REST = 0
    SERVO = 1
    MOVE = 2
    STOP = 3


class JointReference:
    """Joint positions (J,) rad asked of the servos, moved forward one tick at a time."""

    def __init__(self, position: Floats, speed_max: Floats, tick_s: float) -> None:
        self.position = position.copy()
        self._velocity = np.zeros_like(position)
        self._speed_max = speed_max
        self._tick_s = tick_s
        self._mode = _Mode.REST
        self._goal = position.copy()
        self._ticks_left = 1
        self._speed = 0.0
        self._acceleration = 1.0

    @property
    def at_rest(self) -> bool:
        """Whether the reference stands still of its own accord."""
        return self._mode is _Mode.REST

    def servo(self, goal: Floats, time_s: float) -> None:
        """Reach `goal` in `time_s` and stay there until told otherwise."""
        self._mode = _Mode.SERVO
        self._goal = goal
        self._ticks_left = max(1, round(time_s / self._tick_s))

    def move(self, goal: Floats, speed: float, acceleration: float) -> None:
        """Go to `goal` at most at `speed` rad/s, speeding up and down at `acceleration` rad/s^2."""
        self._mode = _Mode.MOVE
        self._goal = goal
        self._speed, self._acceleration = speed, acceleration

    def stop(self, deceleration: float) -> None:
        """Come to rest at `deceleration` rad/s^2."""
        self._mode = _Mode.STOP
        self._acceleration = deceleration

    def advance(self) -> Floats:
        """Move forward one tick; return the new position (J,)."""
        if self._mode is _Mode.SERVO:
            self._velocity = (self._goal - self.position) / (self._ticks_left * self._tick_s)
            self._ticks_left = max(1, self._ticks_left - 1)
        elif self._mode is _Mode.MOVE:
            self._velocity = self._move_velocity()
        else:
            self._velocity = self._slowed(self._velocity)
        self._velocity = np.clip(self._velocity, -self._speed_max, self._speed_max)
        self.position = self.position + self._velocity * self._tick_s
        if self._mode in (_Mode.MOVE, _Mode.STOP) and not self._velocity.any():
            self._mode = _Mode.REST
        return self.position

    def _slowed(self, velocity: Floats) -> Floats:
        loss = self._acceleration * self._tick_s
        return np.asarray(np.sign(velocity) * np.maximum(np.abs(velocity) - loss, 0.0))

    def _move_velocity(self) -> Floats:
        """Joint-synchronous trapezoid: the longest joint sets the pace of all."""
        remaining = self._goal - self.position
        longest = float(np.abs(remaining).max())
        if longest < 1e-6:
            return np.zeros_like(remaining)
        now = float(np.abs(self._velocity).max())
        braking = np.sqrt(2 * self._acceleration * longest)
        speed = min(now + self._acceleration * self._tick_s, self._speed, braking)
        return np.asarray(remaining / longest * min(speed, longest / self._tick_s))
