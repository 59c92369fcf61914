"""What one skill sees in many worlds: SkillSight with a first axis N, and a mask for new starts."""

from dataclasses import dataclass

import torch

from robot_skills.core import poses
from robot_skills.core.frames import followed, settled, upright_frame
from robot_skills.core.predicates import is_held
from robot_skills.core.skill import Skill
from robot_skills.core.task import Task
from robot_skills.nets.batched.steps import Steps
from robot_skills.nets.batched.worlds import WorldsView
from robot_skills.nets.sight.features import SkillView
from robot_skills.nets.sight.skill_sight import OPEN_THRESHOLD_M


@dataclass(frozen=True)
class BatchSeen:
    """One control step as a skill sees it: reference frames (N, 7) in world, views, what is held.

    `held` (N, A) tells of each argument of the step whether it lies between the fingers.
    """

    frame: torch.Tensor
    view: SkillView
    held: torch.Tensor


class BatchSight:
    """Follows reference frames, held things and grippers' commands of N runs of one skill.

    Everything is of the type and device of `like` (N,).
    """

    def __init__(self, skill: Skill, task: Task, like: torch.Tensor) -> None:
        self._has_goal = skill.frame.kind == "goal"
        self._is_told = bool(skill.settings.get("told_reached", 0))
        self._limits = task.predicates["holding"].thresholds
        self._begun = self._was_held = self._closing = torch.zeros_like(like, dtype=torch.bool)
        self._last_frame = self._in_hand = like.new_zeros((len(like), 7))
        self._looks = torch.zeros_like(like)

    def reset(self, mask: torch.Tensor) -> None:
        """Start the skill anew in the worlds of a mask (N,)."""
        self._begun = self._begun & ~mask

    def look(
        self, seen: WorldsView, steps: Steps, goal: torch.Tensor, facts: torch.Tensor
    ) -> BatchSeen:
        """What the skill sees now: `goal` (N, 7) in world is read where the skill has one.

        `facts` (N, P) are those that hold.
        """
        new = ~self._begun
        pose = seen.pose_of(steps.thing)
        held = self._held_arguments(seen, steps)
        is_in_hand = (held & (steps.arguments == steps.thing[:, None])).any(dim=1)
        frame = self._frame(goal if self._has_goal else pose, is_in_hand, steps, new)
        closing = (seen.width_m < OPEN_THRESHOLD_M) | is_in_hand
        self._closing = torch.where(new, closing, self._closing)
        view = SkillView(
            ee=seen.ee,
            frame=frame,
            thing=self._thing(pose, seen.ee, is_in_hand, new),
            width_m=seen.width_m,
            closing=self._closing.to(pose.dtype),
            held=is_in_hand.to(pose.dtype),
            opening=seen.position_of(steps.joint),
            which=steps.which,
            reached=self._reached(steps, facts).to(pose.dtype),
        )
        self._begun = torch.ones_like(new)
        return BatchSeen(frame, view, held)

    def sent(self, width_m: torch.Tensor) -> None:
        """Take note of the gripper commands (N,) in m that were carried out."""
        self._closing = width_m < OPEN_THRESHOLD_M

    def _held_arguments(self, seen: WorldsView, steps: Steps) -> torch.Tensor:
        rows = torch.arange(len(seen.pose), device=seen.pose.device)[:, None]
        pose = seen.pose[rows, steps.arguments]
        grip = pose[..., :3] + poses.rotate(pose[..., 3:], steps.grip_m)
        width_m, ee = seen.width_m[:, None], seen.ee[:, None]
        held = is_held(grip, ee, width_m, steps.size_m, self._limits)
        return torch.as_tensor(held & steps.may_be_held)

    def _frame(
        self, at: torch.Tensor, held: torch.Tensor, steps: Steps, new: torch.Tensor
    ) -> torch.Tensor:
        fresh: torch.Tensor = upright_frame(at, steps.symmetry)
        if not self._has_goal:
            moved = followed(self._last_frame, at, held, steps.symmetry)
            fresh = torch.where(new[:, None], fresh, moved)
            self._last_frame = fresh
        return fresh

    def _thing(
        self, pose: torch.Tensor, ee: torch.Tensor, held: torch.Tensor, new: torch.Tensor
    ) -> torch.Tensor:
        """Poses (N, 7) in world of the things: those in a hand move as it does."""
        sensed = poses.relative(ee, pose)
        taken = held & (new | ~self._was_held)
        in_hand = torch.where(taken[:, None], sensed, self._in_hand)
        looks = torch.where(taken, 0.0, self._looks)
        self._in_hand, self._looks = settled(in_hand, looks, sensed)
        self._was_held = held
        return torch.where(held[:, None], poses.compose(ee, self._in_hand), pose)

    def _reached(self, steps: Steps, facts: torch.Tensor) -> torch.Tensor:
        """Whether what the skill shall bring about holds, as (N, 1); (N, 0) if it is not told."""
        if not self._is_told:
            return facts[:, :0]
        return (facts | ~steps.added).all(dim=1, keepdim=True)
