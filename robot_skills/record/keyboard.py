"""Teleoperation from a terminal: every key moves the end-effector a step; works over ssh."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.control import Workspace
from robot_skills.core.observation import Observation

Floats = NDArray[np.float64]

STEPS_M = (0.002, 0.005, 0.01, 0.02)  # at 30 repeats/s of a held key: 0.06 to 0.6 m/s
STEPS_RAD = (0.02, 0.05, 0.1, 0.2)
FIRST_SPEED = 1
LEAD_M = 0.05  # how far the wish may run ahead of the arm, so that nothing is saved up in contact

MOVES = {
    "w": (1.0, 0.0, 0.0),
    "s": (-1.0, 0.0, 0.0),
    "a": (0.0, 1.0, 0.0),
    "d": (0.0, -1.0, 0.0),
    "r": (0.0, 0.0, 1.0),
    "f": (0.0, 0.0, -1.0),
}
TURNS = {"q": 1.0, "e": -1.0}
GRIPPER, SLOWER, FASTER = " ", "-", "+"
KEY_MAP = """\
w s   away from, towards the base    a d   left, right    r f   up, down
q e   turn left, right               space open or close the gripper
- +   smaller, larger steps          Enter keep this episode and go on
x     throw it away, start again     Q     stop recording"""


class Ending(StrEnum):
    """How the operator ended an episode."""

    KEPT = "kept"
    DISCARDED = "discarded"
    QUIT = "quit"


ENDINGS = {"\n": Ending.KEPT, "\r": Ending.KEPT, "x": Ending.DISCARDED, "Q": Ending.QUIT}


@dataclass(frozen=True)
class KeyboardWish:
    """What the operator wants this control step: end-effector pose (7,) in world, width m."""

    ee_pose: Floats
    gripper_width_m: float


class KeyboardOperator:
    """Turns keys into wishes at the control rate, by the wall clock.

    `pressed` gives the keys since it was last asked, `look` the newest observation and
    end-effector pose (7,) in world. `clock` and `sleep` are the wall's, but for tests.
    """

    def __init__(
        self,
        pressed: Callable[[], str],
        look: Callable[[], tuple[Observation, Floats]],
        rate_hz: float,
        workspace: Workspace,
        width_max_m: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pressed = pressed
        self._look = look
        self._period_s = 1.0 / rate_hz
        self._workspace = workspace
        self._width_max_m = width_max_m
        self._clock = clock
        self._sleep = sleep
        self._speed = FIRST_SPEED
        self.ending: Ending | None = None

    def wishes(self) -> Iterator[KeyboardWish]:
        """One wish a control period until a key ends the episode; `ending` then says how."""
        observation, pose = self._look()
        wish = KeyboardWish(pose, self._nearest_width(observation.gripper_width_m))
        due_s = self._clock()
        while True:
            _, ee_pose = self._look()
            wish = KeyboardWish(self._limited(wish.ee_pose, ee_pose), wish.gripper_width_m)
            yield wish
            now_s = self._clock()
            due_s = max(due_s + self._period_s, now_s)  # a late step is not made up for
            self._sleep(due_s - now_s)
            for key in self._pressed():
                if key in ENDINGS:
                    self.ending = ENDINGS[key]
                    return
                wish = self._changed(wish, key)

    @property
    def status(self) -> str:
        """The size of a step, in words for the operator."""
        step_mm, turn_deg = 1000 * STEPS_M[self._speed], np.degrees(STEPS_RAD[self._speed])
        return f"step {step_mm:.0f} mm, turn {turn_deg:.0f} degrees"

    def _changed(self, wish: KeyboardWish, key: str) -> KeyboardWish:
        pose, width_m = wish.ee_pose.copy(), wish.gripper_width_m
        if key in MOVES:
            pose[:3] += STEPS_M[self._speed] * np.array(MOVES[key])
        elif key in TURNS:
            turn = poses.from_yaw(np.asarray(TURNS[key] * STEPS_RAD[self._speed]))
            pose[3:] = poses.multiply(turn, pose[3:])
        elif key == GRIPPER:
            width_m = 0.0 if width_m > 0.0 else self._width_max_m
        elif key in (SLOWER, FASTER):
            speed = self._speed + (1 if key == FASTER else -1)
            self._speed = min(max(speed, 0), len(STEPS_M) - 1)
        return KeyboardWish(pose, width_m)

    def _limited(self, wanted: Floats, ee_pose: Floats) -> Floats:
        limited = wanted.copy()
        near = np.clip(wanted[:3], ee_pose[:3] - LEAD_M, ee_pose[:3] + LEAD_M)
        limited[:3] = np.clip(near, self._workspace.low, self._workspace.high)
        return limited

    def _nearest_width(self, width_m: float) -> float:
        return self._width_max_m if width_m > self._width_max_m / 2 else 0.0
