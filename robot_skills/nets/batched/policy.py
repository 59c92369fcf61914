"""A frozen policy in torch: action chunks of many worlds from what each of them sees."""

from dataclasses import dataclass

import torch

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.core.skill import Skill
from robot_skills.core.task import Task
from robot_skills.nets.batched.sight import BatchSeen, BatchSight
from robot_skills.nets.batched.steps import Steps
from robot_skills.nets.batched.worlds import MakeTensor, WorldsView
from robot_skills.nets.networks.kinds import network_of
from robot_skills.nets.networks.runner import predicted_chunk
from robot_skills.nets.residual import without_residual
from robot_skills.nets.sight.camera_sight import camera_setup
from robot_skills.nets.sight.features import skill_features


@dataclass(frozen=True)
class BatchChunk:
    """Action chunks: poses (N, H, 7) in world, gripper widths (N, H) m, probabilities of done."""

    ee_pose: torch.Tensor
    gripper_width_m: torch.Tensor
    done: torch.Tensor


class BatchPolicy:
    """SkillPolicy without its residual, for N worlds that it is asked for at the same time.

    It remembers what it saw when it was asked before. Everything is of the type and device of
    `like` (N,). Raises InputError for a policy that looks through cameras.
    """

    def __init__(self, skill: Skill, task: Task, make: MakeTensor, like: torch.Tensor) -> None:
        if camera_setup(skill.settings) is not None:
            raise InputError(
                f"skill {skill.name} looks through cameras; many worlds at once are not drawn: "
                "practise it with --device cpu"
            )
        self.network = network_of(skill.settings)
        self._weights = {n: make(a) for n, a in without_residual(skill).weights.items()}
        self._open_width_m = float(skill.settings["open_width_m"])  # type: ignore[arg-type]
        self._sight = BatchSight(skill, task, like)
        self._new = torch.ones_like(like, dtype=torch.bool)
        observations = self.network.observations
        features = self.network.inputs // observations
        self._rows = like.new_zeros((len(like), observations, features))

    def reset(self, mask: torch.Tensor) -> None:
        """Start the skill anew in the worlds of a mask (N,)."""
        self._sight.reset(mask)
        self._new = self._new | mask

    def sent(self, width_m: torch.Tensor) -> None:
        """Take note of the gripper commands (N,) in m that were carried out."""
        self._sight.sent(width_m)

    def act(
        self, seen: WorldsView, steps: Steps, goal: torch.Tensor, facts: torch.Tensor
    ) -> BatchChunk:
        """The next action chunks, as BatchSight.look is given what it sees."""
        look = self._sight.look(seen, steps, goal, facts)
        chunk = predicted_chunk(self.network, self._weights, self._remembered(look))
        here = poses.relative(look.frame, seen.ee)[:, None, :3]
        in_frame = torch.cat([here + chunk.moves, chunk.rotations], dim=-1)
        may_be_done = look.view.reached.bool().all(dim=1)
        return BatchChunk(
            ee_pose=poses.compose(look.frame[:, None], in_frame),
            gripper_width_m=torch.where(chunk.closing, 0.0, self._open_width_m),
            done=torch.where(may_be_done, chunk.done, 0.0),
        )

    def _remembered(self, look: BatchSeen) -> torch.Tensor:
        """Inputs (N, K F) of the last K looks, oldest first; before the first stands the first."""
        features: torch.Tensor = skill_features(look.view)
        now = features[:, None].expand(-1, self.network.observations, -1)
        later = torch.cat([self._rows[:, 1:], features[:, None]], dim=1)
        self._rows = torch.where(self._new[:, None, None], now, later)
        self._new = torch.zeros_like(self._new)
        return self._rows.reshape(len(features), -1)
