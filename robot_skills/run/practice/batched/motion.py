"""Moves the arms of N worlds: Motion with a first axis N."""

import torch

from robot_skills.nets.batched.worlds import MakeTensor
from robot_skills.run.execute.joining import nearest_index
from robot_skills.run.practice.batched.delay import CommandDelay
from robot_skills.run.practice.batched.starts import StartTensors
from robot_skills.sim.batch.arm import BatchArm
from robot_skills.sim.batch.law import BatchController
from robot_skills.sim.batch.physics import BatchPhysics


class BatchMotion:
    """Where the arms were last sent, and how they are sent on.

    Commands arrive late by `delay`, where there is one. Raises InputError for an arm of fewer than
    six joints, whose control law is for one at a time.
    """

    delay: CommandDelay | None = None

    def __init__(self, physics: BatchPhysics, make: MakeTensor) -> None:
        self.arm = BatchArm(physics)
        self._controller = BatchController(physics)
        worlds = physics.worlds
        self._joint_target = make(physics.scene.arm.home).expand(worlds, -1)
        self._ee_target = self._joint_target.new_zeros((worlds, 7))
        self._has_ee_target = torch.zeros_like(self._ee_target[:, 0], dtype=torch.bool)

    def forward(self, joints: torch.Tensor) -> torch.Tensor:
        """Hands (N, 7) in world at joints (N, J) rad."""
        return torch.as_tensor(self._controller.kinematics.ee_pose(joints))

    def reset(self, mask: torch.Tensor, starts: StartTensors, rows: torch.Tensor) -> None:
        """Put the worlds of a mask (N,) to starts `rows` (N,), from whose last targets they go on.

        Where there is none yet they go on from where the arm is.
        """
        self.arm.reset(mask, starts.bank, rows)
        measured = self.arm.observe().joint_position
        has_target = starts.has_joint_target[rows]
        target = torch.where(has_target[:, None], starts.joint_target[rows], measured)
        self._joint_target = torch.where(mask[:, None], target, self._joint_target)
        self._controller.reset(self._joint_target)
        if self.delay is not None:
            width_m = self.arm.gripper_command_m[:, None]
            self.delay.reset(mask, torch.cat([self._joint_target, width_m], dim=1))
        self._ee_target = torch.where(mask[:, None], starts.ee_target[rows], self._ee_target)
        self._has_ee_target = torch.where(mask, starts.has_ee_target[rows], self._has_ee_target)

    def joining(self, targets: torch.Tensor, last: int) -> torch.Tensor:
        """Index (N,) up to `last` in chunks' poses (N, H, 7) at which the motions go on."""
        nearest = nearest_index(targets, self._ee_target, last)
        return torch.where(self._has_ee_target, nearest, 0)

    def go(self, joints: torch.Tensor, ee_pose: torch.Tensor, width_m: torch.Tensor) -> None:
        """One control step of arms at `joints` (N, J) towards poses (N, 7) and widths (N,) m."""
        self._joint_target = self._controller.step(joints, ee_pose)
        self._ee_target = ee_pose
        self._has_ee_target = torch.ones_like(self._has_ee_target)
        command = torch.cat([self._joint_target, width_m[:, None]], dim=1)
        arrived = command if self.delay is None else self.delay.after(command)
        self.arm.act(arrived[:, :-1], arrived[:, -1])
