"""Shadow: policies run on the readings of an arm that does not move; what they want is kept."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.observation import Observation
from robot_skills.core.robot import Command, Kinematics, Robot
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.execute.watching import Moment

Floats = NDArray[np.float64]

FOR_EVER = 10**9  # control steps
# A skill whose arm stands still is neither stuck nor late: it goes on until its effects hold.
SHADOW_CONFIG = ExecutorConfig(
    late=FOR_EVER,
    limit=FOR_EVER,
    stuck_steps=FOR_EVER,
    lost_steps=FOR_EVER,
    undone_steps=FOR_EVER,
    alarmed_steps=FOR_EVER,
    blind_steps=FOR_EVER,
)


class ShadowOver(Exception):
    """The time that the shadow was given is over."""


class ShadowRobot:
    """Implements Robot over another one to which nothing is ever sent.

    `rest` lets a little time pass. After `duration_s` of the robot's time `act` raises ShadowOver.
    """

    def __init__(self, robot: Robot, duration_s: float, rest: Callable[[], None]) -> None:
        self._robot = robot
        self._rest = rest
        self.rate_hz = robot.rate_hz
        self._until_s = robot.observe().time_s + duration_s
        self.wanted: Floats | None = None

    def observe(self) -> Observation:
        """What the arm reads."""
        return self._robot.observe()

    def act(self, joint_position: Floats, gripper_width_m: float) -> Command:
        """Keep what is wanted, and let one control period of the robot's time pass."""
        self.wanted = np.array(joint_position)
        start_s = self._robot.observe().time_s
        if start_s >= self._until_s:
            raise ShadowOver
        while self._robot.observe().time_s < start_s + 1.0 / self.rate_hz:
            self._rest()
        return Command(joint_position, gripper_width_m)

    def stop(self) -> None:
        """Nothing moves."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """The robot is whoever entered it's to leave."""


class ShadowLog:
    """How far from the arm each skill's wishes are: end-effector in m and rad, joints in rad.

    A wish for the end-effector is the policy's own; joints are what the control law would send,
    which never leads the arm by more than its leash.
    """

    def __init__(self, robot: ShadowRobot, kinematics: Kinematics) -> None:
        self._robot = robot
        self._kinematics = kinematics
        self._rows: dict[str, list[tuple[float, float, float]]] = {}
        self._first: Floats | None = None
        self._moved_rad = 0.0

    def watch(self, moment: Moment) -> str:
        """Take in one control step; returns it in words."""
        here = moment.observation.joint_position
        self._first = here if self._first is None else self._first
        self._moved_rad = max(self._moved_rad, float(np.abs(here - self._first).max()))
        if moment.step is None or moment.ee_target is None or self._robot.wanted is None:
            return "shadow: no skill wants anything"
        ee = self._kinematics.ee_pose(here)
        turn = poses.multiply(moment.ee_target[3:], poses.conjugate(ee[3:]))
        row = (
            float(np.linalg.norm(moment.ee_target[:3] - ee[:3])),
            float(np.linalg.norm(poses.rotation_vector(turn))),
            float(np.abs(self._robot.wanted - here).max()),
        )
        self._rows.setdefault(str(moment.step), []).append(row)
        return (
            f"shadow: would go {1000 * row[0]:.0f} mm and {np.degrees(row[1]):.1f} degrees from "
            f"here, a joint by {row[2]:.3f} rad"
        )

    def summary(self) -> dict[str, Any]:
        """Median and largest differences by skill, and how far the arm itself moved meanwhile."""
        return {
            "skills": {step: _figures(np.array(rows)) for step, rows in self._rows.items()},
            "arm_moved_rad": self._moved_rad,
        }

    def lines(self) -> list[str]:
        """The summary in words."""
        told = [
            f"{step}: {found['control_steps']} control steps, end-effector "
            f"{1000 * found['ee_m'][0]:.0f} mm (at most {1000 * found['ee_m'][1]:.0f}), "
            f"{np.degrees(found['ee_rad'][0]):.1f} degrees, joints up to "
            f"{found['joint_rad'][1]:.3f} rad from where the arm is"
            for step, found in self.summary()["skills"].items()
        ]
        return [*told, f"the arm itself moved by {self._moved_rad:.4f} rad"]


def _figures(rows: Floats) -> dict[str, Any]:
    names = ("ee_m", "ee_rad", "joint_rad")
    middle, most = np.median(rows, axis=0), rows.max(axis=0)
    figures = {name: [float(middle[i]), float(most[i])] for i, name in enumerate(names)}
    return {"control_steps": len(rows), **figures}
