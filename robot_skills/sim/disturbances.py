"""What goes wrong around a robot, on purpose: things are moved, knocked away, shut or not seen."""

from dataclasses import dataclass, replace
from enum import StrEnum
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.observation import Observation
from robot_skills.core.robot import Command
from robot_skills.sim.free_place import free_dof, free_place, put
from robot_skills.sim.sim_arm import SimArm

Floats = NDArray[np.float64]

MOVED_M = (0.05, 0.12)
KNOCK_S, KNOCK_M_S = 0.4, 0.3  # how long the fingers are forced open, and how fast it is hit
SHUT_S = 1.0  # how long a hand pushes at most
SHUTTING_S = 0.35  # in which a push with nothing in its way closes from end to end
UNSEEN_S = 1.0


class DisturbanceKind(StrEnum):
    """What happens: the value is its name in reports and on the command line."""

    MOVED = "moved"
    KNOCKED = "knocked"
    SHUT = "shut"
    UNSEEN = "unseen"


@dataclass(frozen=True)
class Disturbance:
    """One thing going wrong after `control_step` control steps; `thing` is "" for sensors."""

    kind: DisturbanceKind
    thing: str
    control_step: int
    seed: int = 0

    def __str__(self) -> str:
        return {
            DisturbanceKind.MOVED: f"{self.thing} is moved away",
            DisturbanceKind.KNOCKED: f"{self.thing} is knocked out of the gripper",
            DisturbanceKind.SHUT: f"{self.thing} is pushed shut",
            DisturbanceKind.UNSEEN: f"nothing is seen for {UNSEEN_S:g} s",
        }[self.kind]


class DisturbedArm:
    """A simulated arm to which one disturbance happens; implements core.robot.Robot.

    `happened` tells whether it came about: there may be no free place to move a thing to.
    """

    def __init__(self, robot: SimArm, disturbance: Disturbance) -> None:
        self.rate_hz = robot.rate_hz
        self.happened = False
        self._robot = robot
        self._disturbance = disturbance
        self._effect = EFFECTS[disturbance.kind](robot, disturbance)
        self._count = 0
        self._left = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def observe(self) -> Observation:
        """What is sensed; without any pose while nothing is seen."""
        observation = self._robot.observe()
        return self._effect.seen(observation) if self._left else observation

    def act(self, joint_position: Floats, gripper_width_m: float) -> Command:
        """Go on for one control period, disturbed or not."""
        if self._count == self._disturbance.control_step:
            self.happened = self._effect.begin()
            self._left = self._effect.steps if self.happened else 0
        self._count += 1
        if not self._left:
            return self._robot.act(joint_position, gripper_width_m)
        command = self._robot.act(joint_position, self._effect.push(gripper_width_m))
        self._left -= 1
        if not self._left:
            self._effect.end()
        return command

    def stop(self) -> None:
        """Hold the joints where they are."""
        self._robot.stop()


class _Effect:
    """What a disturbance does over some control steps; by itself nothing."""

    lasts_s = 0.0

    def __init__(self, robot: SimArm, disturbance: Disturbance) -> None:
        self.robot = robot
        self.thing = disturbance.thing
        self.rng = np.random.default_rng([disturbance.seed, disturbance.control_step])
        self.steps = max(1, round(self.lasts_s * robot.rate_hz))

    def begin(self) -> bool:
        """Start; False where it cannot be."""
        return True

    def push(self, gripper_width_m: float) -> float:
        """Act during one control period; the width m that the gripper is really told."""
        return gripper_width_m

    def end(self) -> None:
        """Leave nothing behind."""

    def seen(self, observation: Observation) -> Observation:
        """What is sensed while it lasts."""
        return observation


class _Moved(_Effect):
    def begin(self) -> bool:
        place = free_place(self.robot, self.thing, MOVED_M, self.rng)
        if place is None:
            return False
        put(self.robot, self.thing, place)
        return True


class _Knocked(_Effect):
    """The fingers are forced apart and what they held is hit downwards and to one side."""

    lasts_s = KNOCK_S

    def begin(self) -> bool:
        angle = self.rng.uniform(-np.pi, np.pi)
        sideways = np.array([np.cos(angle), np.sin(angle)])
        self._velocity = KNOCK_M_S * np.array([*sideways, -1.0])
        self._hits = self.steps // 2
        return True

    def push(self, gripper_width_m: float) -> float:
        if self._hits:
            dof = free_dof(self.robot, self.thing)
            self.robot.data.qvel[dof : dof + 3] = self._velocity
            self._hits -= 1
        return self.robot.scene.arm.gripper.width_max_m


class _Shut(_Effect):
    """A steady push on the joint, towards its closed end; what is in the way stops it."""

    lasts_s = SHUT_S

    def begin(self) -> bool:
        scene, model = self.robot.scene, self.robot.scene.model
        joint = int(np.flatnonzero(model.jnt_qposadr == scene.fixture_qpos[self.thing])[0])
        self._dof = int(model.jnt_dofadr[joint])
        speed = float(np.ptp(model.jnt_range[joint])) / SHUTTING_S
        friction, damping = model.dof_frictionloss[self._dof], model.dof_damping[self._dof]
        self._force = -float(friction + damping * speed)
        return True

    def push(self, gripper_width_m: float) -> float:
        self.robot.data.qfrc_applied[self._dof] = self._force
        return gripper_width_m

    def end(self) -> None:
        self.robot.data.qfrc_applied[self._dof] = 0.0


class _Unseen(_Effect):
    lasts_s = UNSEEN_S

    def seen(self, observation: Observation) -> Observation:
        return replace(observation, object_pose={}, fixture_position={})


EFFECTS: dict[DisturbanceKind, type[_Effect]] = {
    DisturbanceKind.MOVED: _Moved,
    DisturbanceKind.KNOCKED: _Knocked,
    DisturbanceKind.SHUT: _Shut,
    DisturbanceKind.UNSEEN: _Unseen,
}
