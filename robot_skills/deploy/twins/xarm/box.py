"""An xArm control box: modes, states, errors, and the arm's reference."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.deploy.twins.physics import TwinPhysics
from robot_skills.deploy.twins.reference import JointReference

Floats = NDArray[np.float64]

TICK_S = 0.002
POSITION_MODE, SERVO_MODE = 0, 1
MOVING, READY, PAUSED, STOPPED, CHANGED = 1, 2, 3, 4, 5  # states
EMERGENCY_BUTTON, RANGE, SPEED, COLLISION, BOUNDARY, FEEDBACK_SPEED = 1, 23, 24, 31, 35, 30
ANGLE_TOLERANCE_RAD = np.deg2rad(0.1)  # as the vendor's client allows
SPEED_TOLERANCE = 1.1  # of a measured speed, over the rated
SPEED_OVER_S = 0.05  # time over which the speed that targets ask for is judged
SERVO_TIME_S = (0.020, 0.100)  # bounds of the time in which a target is reached
COLLISION_S = 0.1  # at the torque limit without a break
STOP_DECELERATION = 20.0  # rad/s^2, the most that the vendor's client lets a user ask for
MOVING_RAD_S = 1e-3


@dataclass(frozen=True)
class Limits:
    """What the controller checks itself; joints (J,) in rad, rad/s, Nm."""

    position_min: Floats
    position_max: Floats
    speed_max: Floats
    torque_max: Floats


def limits_of(arm: ArmProfile) -> Limits:
    """The vendor's own limits of an arm."""
    torque = arm.servo_force_max
    if arm.deploy is not None and arm.deploy.torque_max_nm is not None:
        torque = arm.deploy.torque_max_nm
    return Limits(arm.position_min, arm.position_max, arm.speed_max, torque)


class ControlBox:
    """One arm's controller, moved forward tick by tick; notes what happens through `note`."""

    def __init__(
        self, physics: TwinPhysics, limits: Limits, note: Callable[[str, str], None]
    ) -> None:
        self._physics = physics
        self._limits = limits
        self._note = note
        self.reference = JointReference(physics.joint_position, limits.speed_max, TICK_S)
        self.gripper_width_m = physics.gripper_width_m
        self.mode = POSITION_MODE
        self.error = 0
        self.enabled = False
        self._rest_state = STOPPED
        self._time_s = 0.0
        self._targets: deque[tuple[float, Floats]] = deque()
        self._at_limit_s = 0.0

    @property
    def state(self) -> int:
        """State as reported: in motion, ready, paused, stopped or changed."""
        if self._rest_state == READY and not self.reference.at_rest:
            moving = np.abs(self._physics.joint_velocity).max() > MOVING_RAD_S
            return MOVING if moving or self.mode == POSITION_MODE else READY
        return self._rest_state

    @property
    def accepts_motion(self) -> bool:
        """Whether a motion order would be followed."""
        return self.enabled and self.error == 0 and self._rest_state == READY

    def tick(self) -> None:
        """Let one tick pass: reference, physics, then the controller's own checks."""
        self._time_s += TICK_S
        self._physics.step(self.reference.advance(), self.gripper_width_m)
        self._check()

    def enable(self, enabled: bool) -> None:
        """Motors on, or off with the brakes engaged."""
        self.enabled = enabled and self.error == 0
        if not self.enabled:
            self.stop()

    def set_mode(self, mode: int) -> None:
        """Change the mode; nothing moves until the state is set again."""
        self.mode = mode
        self._halt(CHANGED)

    def set_state(self, wanted: int) -> None:
        """0 makes ready, 3 pauses, 4 stops."""
        if wanted == 0 and self.error == 0:
            self._rest_state = READY
            self._targets = deque([(self._time_s, self.reference.position.copy())])
        elif wanted == PAUSED:
            self._halt(PAUSED)
        elif wanted == STOPPED:
            self.stop()

    def stop(self) -> None:
        """Slow to rest and follow nothing until the state is set again."""
        self._halt(STOPPED)

    def clean_error(self) -> None:
        """Forget the error; the arm stays stopped."""
        if self.error:
            self._note("cleared", f"C{self.error}")
        self.error = 0

    def servo(self, goal: Floats) -> None:
        """Take a target of the servo mode: the newest counts, and there is no queue."""
        since_s = self._time_s - self._targets[-1][0]
        speed = self._asked_speed(goal)
        if self._outside(goal):
            self.fail(RANGE, "a servo target outside a joint's range")
        elif (speed > self._limits.speed_max).any():
            self.fail(SPEED, f"a servo target asks for {speed.max():.2f} rad/s")
        else:
            self.reference.servo(goal, min(max(since_s, SERVO_TIME_S[0]), SERVO_TIME_S[1]))
            self._targets.append((self._time_s, goal))

    def move(self, goal: Floats, speed: float, acceleration: float) -> None:
        """Go to a joint position of its own accord, as the position mode does."""
        if self._outside(goal):
            self.fail(RANGE, "a target outside a joint's range")
        else:
            self.reference.move(goal, speed, acceleration)

    def fail(self, code: int, why: str) -> None:
        """Stop with an error that has to be cleared."""
        if self.error:
            return
        self.error = code
        if code == EMERGENCY_BUTTON:
            self.enabled = False
        self.stop()
        kind = "emergency_stop" if code == EMERGENCY_BUTTON else "protective_stop"
        self._note(kind, f"C{code}: {why}")

    def _asked_speed(self, goal: Floats) -> Floats:
        """Speed (J,) from where targets led SPEED_OVER_S ago to a goal.

        Over less a target that was late, with the next at its heels, would look like haste.
        """
        while len(self._targets) > 1 and self._targets[1][0] <= self._time_s - SPEED_OVER_S:
            self._targets.popleft()
        return np.asarray(np.abs(goal - self._targets[0][1]) / SPEED_OVER_S)

    def _halt(self, state: int) -> None:
        self._rest_state = state
        if not self.reference.at_rest:
            self.reference.stop(STOP_DECELERATION)

    def _outside(self, goal: Floats) -> bool:
        low = self._limits.position_min - ANGLE_TOLERANCE_RAD
        high = self._limits.position_max + ANGLE_TOLERANCE_RAD
        return bool(((goal < low) | (goal > high)).any())

    def _check(self) -> None:
        speed = np.abs(self._physics.joint_velocity)
        if (speed > SPEED_TOLERANCE * self._limits.speed_max).any():
            self.fail(FEEDBACK_SPEED, f"a joint moves at {speed.max():.2f} rad/s")
        at_limit = (np.abs(self._physics.joint_torque) >= 0.999 * self._limits.torque_max).any()
        self._at_limit_s = self._at_limit_s + TICK_S if at_limit else 0.0
        if self._at_limit_s > COLLISION_S:
            self.fail(COLLISION, "a joint stays at its torque limit")
