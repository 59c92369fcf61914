"""A scripted grasp in every world of a batch at once, for the benchmarks of batched physics."""

from dataclasses import dataclass
from functools import partial

import torch

from robot_skills.core import poses
from robot_skills.sim.batch.arm import BatchArm
from robot_skills.sim.batch.law import BatchController

LIFTED_M = 0.05  # a thing that is this much higher than it was has been grasped


@dataclass(frozen=True)
class Stage:
    """Where the hand goes: so far above the thing's first place, so wide, for so many periods."""

    above_m: float
    opened: bool
    periods: int


STAGES = (
    Stage(above_m=0.10, opened=True, periods=30),
    Stage(above_m=-0.004, opened=True, periods=14),
    Stage(above_m=-0.004, opened=False, periods=12),
    Stage(above_m=0.12, opened=False, periods=20),
)
PERIODS = sum(stage.periods for stage in STAGES)
CLOSED_AT = STAGES[0].periods + STAGES[1].periods + STAGES[2].periods  # from then on it is held


class GraspingHands:
    """Grasps one thing, whatever way it is turned, in all worlds of a batch in step."""

    def __init__(self, arm: BatchArm, thing: str) -> None:
        physics, scene = arm.physics, arm.scene
        numbers = partial(torch.as_tensor, device=physics.device, dtype=physics.dtype)
        self.controller = BatchController(physics)
        home = self.controller.kinematics.ee_pose(numbers(scene.arm.home))
        self._arm, self._thing = arm, thing
        self._places = arm.observe().object_pose[thing].clone()
        downward = home[3:].expand(physics.worlds, 4)
        yaw = poses.fold_yaw(poses.upright_yaw(self._places[:, 3:]), symmetry=4)
        self._turn = poses.multiply(poses.from_yaw(yaw), downward)
        self._up = numbers([0.0, 0.0, 1.0])
        self._open = numbers([scene.arm.gripper.width_max_m]).expand(physics.worlds)

    def targets(self, period: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Joint targets (N, J) rad and widths (N,) m of a control period, by the control law."""
        stage = _stage_of(period)
        wanted = torch.cat([self._places[:, :3] + stage.above_m * self._up, self._turn], dim=-1)
        joints = self.controller.step(self._arm.observe().joint_position, wanted)
        return joints, self._open if stage.opened else torch.zeros_like(self._open)

    def lifted(self) -> torch.Tensor:
        """Worlds (N,) in which the thing is well above where it was."""
        now = self._arm.observe().object_pose[self._thing]
        return now[:, 2] > self._places[:, 2] + LIFTED_M


def _stage_of(period: int) -> Stage:
    for stage in STAGES:
        if period < stage.periods:
            return stage
        period -= stage.periods
    return STAGES[-1]
