"""The desired joint path inside the arm's controller: follow commands, bridge gaps, brake."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.deploy.twins.franka.limits import broken_limit
from robot_skills.deploy.twins.franka.wire import TICK_S, Error

Floats = NDArray[np.float64]

BRAKING_RAD_S2 = 20.0  # of a reflex; harder than commands may ask for


class DesiredPath:
    """Joints (7,) rad with their first two derivatives, one cycle at a time."""

    def __init__(self, position: Floats) -> None:
        self.position = position.copy()
        self.speed = np.zeros_like(position)
        self.acceleration = np.zeros_like(position)

    def rest_at(self, position: Floats) -> None:
        """Stand still here, as at the start of a motion."""
        self.position = position.copy()
        self.speed = np.zeros_like(position)
        self.acceleration = np.zeros_like(position)

    def follow(self, wanted: Floats) -> Error | None:
        """Take up a commanded position (7,); a path that breaks a limit is not taken up."""
        speed = (wanted - self.position) / TICK_S
        acceleration = (speed - self.speed) / TICK_S
        jerk = (acceleration - self.acceleration) / TICK_S
        error = broken_limit(wanted, speed, acceleration, jerk)
        if error is None:
            self.position, self.speed, self.acceleration = wanted, speed, acceleration
        return error

    def bridge(self) -> None:
        """Go on through a cycle without a command, the acceleration kept."""
        self.speed = self.speed + self.acceleration * TICK_S
        self.position = self.position + self.speed * TICK_S

    def brake(self) -> None:
        """Slow down by one cycle; at rest nothing changes."""
        if not self.speed.any():
            return
        loss = BRAKING_RAD_S2 * TICK_S
        slower = np.sign(self.speed) * np.maximum(np.abs(self.speed) - loss, 0.0)
        self.acceleration = (slower - self.speed) / TICK_S
        self.speed = slower
        self.position = self.position + self.speed * TICK_S
