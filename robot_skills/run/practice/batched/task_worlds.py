"""A task's goals learned from nothing in N worlds: TaskEnvironment with a first axis N."""

import numpy as np
import torch
from numpy.typing import NDArray

from robot_skills.core.facts import State
from robot_skills.nets.batched.worlds import maker
from robot_skills.run.execute.skill_monitor import Outcome
from robot_skills.run.practice.batched.curriculum import Curriculum
from robot_skills.run.practice.batched.goal_starts import GoalStarts
from robot_skills.run.practice.batched.monitor import GOES_ON, OUTCOMES
from robot_skills.run.practice.batched.senses import BatchSenses
from robot_skills.run.practice.batched.worlds import CHECK_EVERY, Stepped
from robot_skills.sim.batch.arm import BatchArm
from robot_skills.sim.batch.law import BatchController
from robot_skills.sim.batch.physics import BatchPhysics
from robot_skills.sim.flat_observation import FlatFacts, FlatObservation
from robot_skills.sim.velocity_action import ACTION_SIZE, VelocityAction


class TaskWorlds:
    """N worlds of a task, one goal each, acted in as TaskEnvironment is: (5,) in [-1, 1].

    Inputs (N, F) are its `observation`, `achieved_goal` and `desired_goal` side by side.
    The reward is 1 when the goal's facts all hold, which ends the run; so do `limit` control steps.
    """

    def __init__(
        self, physics: BatchPhysics, starts: GoalStarts, limit: int = 200, seed: int = 0
    ) -> None:
        scene, make = physics.scene, maker(physics.device, physics.dtype)
        like = torch.zeros(physics.worlds, device=physics.device, dtype=physics.dtype)
        self.physics, self.worlds, self.actions = physics, physics.worlds, ACTION_SIZE
        self.starts, self._limit = len(starts), limit
        self._arm, self._controller = BatchArm(physics), BatchController(physics)
        self._senses = BatchSenses(self._arm, self._controller.kinematics.ee_pose, make)
        self._sensed = self._senses.look()
        self._bank = starts.bank.to(physics.device, physics.dtype)
        self._action = VelocityAction.of(scene.arm, scene.task.rate_hz)
        self._high = make(FlatObservation(scene.task, scene.arm).high)
        known = FlatFacts(scene.task)
        places = [known.facts.index(fact) for fact in self._senses.layout.facts]
        self._places = make(np.array(places))
        self._desired = make(np.array([known.vector(goal) for goal in starts.goals]))
        self._wanted = make(np.array([self._mask(goal) for goal in starts.goals]))
        self.curriculum = Curriculum(len(starts), torch.Generator(physics.device).manual_seed(seed))
        self._rows = torch.zeros_like(like, dtype=torch.long)
        self._steps = torch.zeros_like(self._rows)
        self._joint_target = make(scene.arm.home).expand(self.worlds, -1)
        self._quaternion = like.new_zeros((self.worlds, 4))
        self._decisions = 0

    def reset(self, rows: torch.Tensor | None = None) -> torch.Tensor:
        """Inputs (N, F) of new runs from starts `rows` (N,), or drawn ones, in every world."""
        everywhere = torch.ones_like(self._rows, dtype=torch.bool)
        self._begin(everywhere, self._given(rows))
        return self._inputs()

    def step(self, action: torch.Tensor, following: torch.Tensor | None = None) -> Stepped:
        """Move for one control period by actions (N, 5).

        Where a run ends, another one begins from that world's start of `following` (N,), or from
        one that is drawn.
        """
        action = action.to(self.physics.dtype)
        forward = self._controller.kinematics.ee_pose
        wanted = self._action.ee_pose(forward(self._joint_target), self._quaternion, action)
        self._quaternion = wanted[:, 3:]
        self._joint_target = self._controller.step(self._sensed.joints, wanted)
        self._arm.act(self._joint_target, self._action.width_m(action))
        self._sensed = self._senses.look()
        self._steps = self._steps + 1
        success = (self._sensed.facts | ~self._wanted[self._rows]).all(dim=1)
        ended = success | (self._steps >= self._limit)
        late = torch.where(ended, OUTCOMES.index(Outcome.LATE), GOES_ON)
        outcome = torch.where(success, OUTCOMES.index(Outcome.SUCCESS), late)
        self.curriculum.learn(self._rows, ended, success)
        self._begin(ended, self._given(following))
        self._decisions += 1
        if self._decisions % CHECK_EVERY == 0:
            self.physics.check()
        return Stepped(self._inputs(), success.float(), ended, outcome)

    def _given(self, rows: torch.Tensor | None) -> torch.Tensor:
        return self.curriculum.draw(self.worlds) if rows is None else rows.to(self._rows.device)

    def _begin(self, mask: torch.Tensor, rows: torch.Tensor) -> None:
        """Put the worlds of a mask (N,) to starts `rows` (N,), their hands at rest there."""
        self._rows = torch.where(mask, rows, self._rows)
        self._steps = torch.where(mask, 0, self._steps)
        self._arm.reset(mask, self._bank, self._rows)
        self._sensed = self._senses.look()
        joints, ee = self._sensed.joints, self._sensed.view.ee
        self._joint_target = torch.where(mask[:, None], joints, self._joint_target)
        self._quaternion = torch.where(mask[:, None], ee[:, 3:], self._quaternion)
        self._controller.reset(self._joint_target)

    def _inputs(self) -> torch.Tensor:
        """What is seen, the facts that hold and those that shall, (N, F)."""
        seen, sensed, task = self._arm.observe(), self._sensed, self.physics.scene.task
        one = torch.ones_like(seen.gripper_width_m)[:, None]
        nothing = one.new_zeros((len(one), 8))
        things = [
            torch.cat([one, seen.object_pose[name]], dim=1) if name in seen.object_pose else nothing
            for name in task.objects
        ]
        openings = [position[:, None] for position in seen.fixture_position.values()]
        hand = [_as_environment_says(sensed.view.ee), seen.gripper_width_m[:, None]]
        parts = [seen.joint_position, seen.joint_velocity, *hand, *things, *openings]
        flat = torch.cat(parts, dim=1).clamp(-self._high, self._high)
        achieved = one.new_zeros((len(one), self._desired.shape[1]))
        achieved[:, self._places] = sensed.facts.to(one.dtype)
        return torch.cat([flat, achieved, self._desired[self._rows]], dim=1).float()

    def _mask(self, goal: State) -> NDArray[np.bool_]:
        return np.array([fact in goal for fact in self._senses.layout.facts])


def _as_environment_says(ee: torch.Tensor) -> torch.Tensor:
    """Poses (N, 7) with that of two equal quaternions whose largest number is positive.

    MuJoCo gives this one; near a hand that points down no other choice is steady.
    """
    quaternion = ee[:, 3:]
    largest = quaternion.gather(1, quaternion.abs().argmax(dim=1, keepdim=True))
    return torch.cat([ee[:, :3], torch.where(largest < 0.0, -quaternion, quaternion)], dim=1)
