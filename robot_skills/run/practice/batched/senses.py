"""What is known of N worlds at a control step: Senses with a first axis N."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from robot_skills.core.predicates import FactTable
from robot_skills.nets.batched.steps import Layout
from robot_skills.nets.batched.worlds import MakeTensor, WorldsView
from robot_skills.run.practice.batched.noise import PoseNoise
from robot_skills.sim.batch.arm import BatchArm

Forward = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Sensed:
    """One look: joints (N, J) rad, what policies see, and the facts (N, P) that truly hold."""

    joints: torch.Tensor
    view: WorldsView
    facts: torch.Tensor


class BatchSenses:
    """Looks at all worlds of an arm; `forward` takes joints (N, J) rad to hands (N, 7) in world.

    Policies see things with `noise`, where there is any.
    """

    noise: PoseNoise | None = None

    def __init__(self, arm: BatchArm, forward: Forward, make: MakeTensor) -> None:
        self._arm, self._forward = arm, forward
        scene = arm.scene
        self._table = FactTable(scene.task, scene.objects, make)
        bodies, joints = tuple(scene.bodies), tuple(scene.fixture_qpos)
        self.layout = Layout(bodies, joints, self._table.facts)

    def look(self) -> Sensed:
        """How things are now."""
        seen = self._arm.observe()
        ee = self._forward(seen.joint_position)
        nothing = torch.zeros_like(seen.gripper_width_m)
        position = torch.stack([*seen.fixture_position.values(), nothing], dim=1)
        pose = torch.stack(list(seen.object_pose.values()), dim=1)
        view = WorldsView(
            pose=pose if self.noise is None else self.noise.seen(pose),
            position=position,
            ee=ee,
            width_m=seen.gripper_width_m,
        )
        table = self._table
        told = torch.stack([seen.object_pose[name] for name in table.bodies], dim=1)
        turned = [seen.fixture_position[name] for name in table.joints] or [nothing]
        facts = table.truth(told, torch.stack(turned, dim=1), ee, seen.gripper_width_m)
        return Sensed(seen.joint_position, view, facts)
