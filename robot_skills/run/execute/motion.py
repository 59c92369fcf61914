"""Moves the arm: end-effector poses through the control law, one control step at a time."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.body import Body
from robot_skills.core.control import EndEffectorController, Workspace
from robot_skills.core.robot import Robot
from robot_skills.core.task import Task
from robot_skills.nets.sight.skill_sight import OPEN_THRESHOLD_M
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.execute.senses import Senses

Floats = NDArray[np.float64]
Target = tuple[Floats, float]

HOME_RAD = 0.02  # of every joint


class Motion:
    """Where the arm was last sent, and how it is sent on.

    `ee_target` (7,) in world is None before the first command; `width_m` was last told.
    """

    def __init__(self, robot: Robot, body: Body, task: Task, senses: Senses) -> None:
        workspace = Workspace(task.workspace_m[0], task.workspace_m[1])
        self._robot, self._body = robot, body
        self._senses = senses
        self._controller = EndEffectorController(
            body.kinematics, body.arm, robot.rate_hz, workspace
        )
        self.ee_target: Floats | None = None
        self.width_m = senses.observation.gripper_width_m

    @property
    def joint_target(self) -> Floats | None:
        """The joints (J,) rad last aimed at."""
        return self._controller.target

    def reset(self, joint_target: Floats | None = None, ee_target: Floats | None = None) -> None:
        """Go on from these targets; without any, from where the arm is."""
        self._controller.reset(joint_target)
        self.ee_target = ee_target

    def go(self, ee_pose: Floats, width_m: float) -> None:
        """One control step towards a pose (7,) in world, and a look at what came of it."""
        joints = self._controller.step(self._senses.observation.joint_position, ee_pose)
        self.ee_target, self.width_m = ee_pose, width_m
        self._robot.act(joints, width_m)
        self._senses.look()

    def going_home(self, most_steps: int) -> Iterator[None]:
        """Control steps towards the arm's home joints, until it is there or they are spent."""
        home = self._body.arm.home
        for _ in range(most_steps):
            seen = self._senses.observation.joint_position
            if np.abs(home - seen).max() < HOME_RAD:
                return
            joints = self._controller.step_to_joints(seen, home)
            self.ee_target = self._body.kinematics.ee_pose(joints)
            self._robot.act(joints, self.width_m)
            self._senses.look()
            yield

    def holding_still(self) -> Target:
        """The target that keeps the arm where it is sent already."""
        here = self._senses.ee if self.ee_target is None else self.ee_target
        return here, self.width_m

    def withdrawal(self, config: ExecutorConfig) -> Iterator[Target]:
        """Targets that rise a little, keeping hold of what is held, so that a try starts clear."""
        open_m = max(self._senses.observation.gripper_width_m, 2 * OPEN_THRESHOLD_M)
        width_m = 0.0 if self._senses.is_holding else open_m
        start = self._senses.ee.copy()
        for count in range(config.withdraw_steps):
            share = (count + 1) / config.withdraw_steps
            target = start.copy()
            target[2] += share * config.withdraw_m
            yield target, width_m
