"""What is sent to the arm each millisecond: towards the newest target, within the arm's limits.

Targets come from another process, early, late or in pairs. A cascade of two proportional laws with
the target's own speed fed forward follows them. Its acceleration and jerk stay so far below what
the FR3's controller accepts (libfranka's rate limits: 10 rad/s^2, 5000 rad/s^3) that a cycle which
one side counts as answered and the other does not is no discontinuity yet.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CYCLE_S = 0.001
ACCELERATION_MAX_RAD_S2 = 7.0
JERK_MAX_RAD_S3 = 1500.0
POSITION_GAIN_PER_S = 15.0
SPEED_GAIN_PER_S = 60.0
APPROACH_RAD_S2 = 3.0  # deceleration that the speed towards a far target leaves room for
SPEED_SHARE = 0.1  # of the newest value in the target's filtered speed, a cycle
INTERVAL_SHARE = 0.02  # of the newest value in the mean time between targets, a cycle
AIM_SHARE = 0.1  # of the newest target in the point that is aimed at, a cycle
CATCH_UP_RAD_S = (0.05, 0.006)  # faster than slow targets, and than the fastest
FASTEST_RAD_S = 1.0  # targets that are let through, or half the vendor's speed where that is less
REST_CATCH_UP_RAD_S = 0.2  # the same towards a target that stands still
PEAK_KEPT = 0.998  # a cycle, of the highest speed that the targets had
GUESS_MIN_CYCLES = 20  # for which a target that does not come is taken to go on as it did
REST_RAD_S, REST_RAD_S2 = 1e-3, 0.1


class Follower:
    """Joints (J,) rad, their speed and acceleration, one cycle at a time."""

    def __init__(self, position: Floats, speed_max: Floats, period_s: float) -> None:
        self._speed_max = speed_max
        self._fastest = np.minimum(speed_max / 2, FASTEST_RAD_S)
        self._period_cycles = period_s / CYCLE_S
        self._speed_share = 1.0 - (1.0 - SPEED_SHARE) ** self._period_cycles
        self._interval_share = 1.0 - (1.0 - INTERVAL_SHARE) ** self._period_cycles
        self._guess_cycles = max(GUESS_MIN_CYCLES, 2 * self._period_cycles)
        self.position = position.copy()
        self._speed = np.zeros_like(position)
        self._acceleration = np.zeros_like(position)
        self.forget(0)

    @property
    def at_rest(self) -> bool:
        """Whether the commanded joints stand still."""
        slow = float(np.abs(self._speed).max()) < REST_RAD_S
        return slow and float(np.abs(self._acceleration).max()) < REST_RAD_S2

    @property
    def silent_cycles(self) -> int:
        """Cycles since the newest target; 0 before the first."""
        return self._age if self._told else 0

    def forget(self, number: int) -> None:
        """Stay here until a target after the `number`th comes."""
        self._target = self.position.copy()
        self._aim = self.position.copy()
        self._target_speed = np.zeros_like(self.position)
        self._peak = np.zeros_like(self.position)
        self._number, self._told = number, False
        self._age = 0
        self._interval = self._period_cycles

    def take_over(self, position: Floats, speed: Floats, acceleration: Floats) -> None:
        """Go on from where the arm says its path is, when that is not what was sent."""
        # States are single precision. What was sent comes back exactly, but for its rounding; any
        # other place means that a command was missed, even one that changed next to nothing.
        if (position.astype(np.float32) != self.position.astype(np.float32)).any():
            self.position, self._speed, self._acceleration = position, speed, acceleration

    def aim(self, number: int, target: Floats) -> None:
        """Take up the newest target (J,), the `number`th."""
        fresh = number - self._number
        if fresh <= 0:
            return
        if self._told:
            interval = max(self._age, 1) / fresh
            self._interval += min(self._interval_share * fresh, 1.0) * (interval - self._interval)
            speed = (target - self._target) / (fresh * self._interval * CYCLE_S)
            self._target_speed += min(self._speed_share * fresh, 1.0) * (speed - self._target_speed)
        self._number, self._told = number, True
        self._target, self._age = target, 0

    def step(self, cycles: int) -> Floats:
        """Position (J,) to send after `cycles` of the arm have passed since the last."""
        if self._age > self._guess_cycles:
            self._target_speed = np.zeros_like(self._target_speed)
        reached = self._target + min(self._age, self._guess_cycles) * CYCLE_S * self._target_speed
        self._age += cycles
        self._aim = self._aim + cycles * CYCLE_S * self._target_speed
        self._aim = self._aim + AIM_SHARE * (reached - self._aim)
        ahead = self._aim - self.position
        closing = POSITION_GAIN_PER_S * ahead
        room = np.sqrt(2 * APPROACH_RAD_S2 * np.abs(ahead))
        # What was lost on the way up is made up for slowly, or once the targets slow down: never
        # by a speed that they themselves were kept from.
        self._peak = np.maximum(PEAK_KEPT**cycles * self._peak, np.abs(self._target_speed))
        most = self._peak + self._catch_up()
        wanted = self._target_speed + np.clip(closing, -room, room)
        return self._towards(np.clip(wanted, -most, most))

    def _catch_up(self) -> Floats:
        slow, full = CATCH_UP_RAD_S
        moving = np.clip(slow * (1.0 - self._peak / self._fastest), full, slow)
        still = np.abs(self._target_speed) < REST_RAD_S
        return np.where(still, REST_CATCH_UP_RAD_S, moving)

    def brake(self) -> Floats:
        """Position (J,) to send on the way to rest."""
        return self._towards(np.zeros_like(self._speed))

    def _towards(self, speed: Floats) -> Floats:
        wanted = np.clip(speed, -self._speed_max, self._speed_max) - self._speed
        limit = ACCELERATION_MAX_RAD_S2
        acceleration = np.clip(SPEED_GAIN_PER_S * wanted, -limit, limit)
        change = JERK_MAX_RAD_S3 * CYCLE_S
        self._acceleration = self._acceleration + np.clip(
            acceleration - self._acceleration, -change, change
        )
        self._speed = self._speed + self._acceleration * CYCLE_S
        self.position = self.position + self._speed * CYCLE_S
        return self.position
