"""Corrections of many frozen policies at once: Correction with a first axis N."""

import torch

from robot_skills.core.skill import Skill
from robot_skills.core.task import Task
from robot_skills.nets.batched.sight import BatchSeen, BatchSight
from robot_skills.nets.batched.steps import Steps
from robot_skills.nets.batched.worlds import WorldsView, picked
from robot_skills.nets.correction import WAIT, CorrectionView, corrected, correction_inputs
from robot_skills.nets.residual import ResidualReach


class BatchCorrection:
    """Looks at every control step, says what a residual sees, and corrects what is wanted.

    Everything is of the type and device of `like` (N,).
    """

    def __init__(self, skill: Skill, task: Task, reach: ResidualReach, like: torch.Tensor) -> None:
        self._sight = BatchSight(skill, task, like)
        self._reach = reach
        self._seen: BatchSeen | None = None
        self._steps = self._last_width_m = torch.zeros_like(like)
        self._has_last = self._has_moved = torch.zeros_like(like, dtype=torch.bool)
        self._last_ee = like.new_zeros((len(like), 7))
        self._moved = torch.zeros_like(like, dtype=torch.long)

    def reset(self, mask: torch.Tensor) -> None:
        """Start the skill anew in the worlds of a mask (N,)."""
        self._sight.reset(mask)
        self._has_last = self._has_last & ~mask
        self._has_moved = self._has_moved & ~mask
        self._steps = torch.where(mask, 0.0, self._steps)

    def look(self, seen: WorldsView, steps: Steps, goal: torch.Tensor, facts: torch.Tensor) -> None:
        """Take one control step in; to be done once before each `corrected`."""
        self._seen = self._sight.look(seen, steps, goal, facts)

    def inputs(
        self, seen: WorldsView, steps: Steps, wanted: torch.Tensor, width_m: torch.Tensor
    ) -> torch.Tensor:
        """What residuals see (N, 30) where poses (N, 7) in world and widths (N,) m are wanted."""
        assert self._seen is not None
        view = CorrectionView(
            frame=self._seen.frame,
            ee=seen.ee,
            thing=seen.pose_of(self._moved_thing(steps, self._seen)),
            wanted=wanted,
            last=torch.where(self._has_last[:, None], self._last_ee, seen.ee),
            wanted_width_m=width_m,
            width_m=seen.width_m,
            opening=self._seen.view.opening,
            steps=self._steps,
        )
        return torch.as_tensor(correction_inputs(view))

    def corrected(
        self, wanted: torch.Tensor, width_m: torch.Tensor, action: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Poses (N, 7) in world and widths (N,) m to send, by actions (N, 7) in [-1, 1]."""
        assert self._seen is not None
        ee_pose: torch.Tensor = corrected(wanted, self._seen.frame, action, self._reach)
        waits = self._has_last & (action[:, -1] > WAIT)
        sent_m = torch.where(waits, self._last_width_m, width_m)
        self._last_ee, self._last_width_m = ee_pose, sent_m
        self._has_last = torch.ones_like(self._has_last)
        self._steps = self._steps + 1.0
        self._sight.sent(sent_m)
        return ee_pose, sent_m

    def _moved_thing(self, steps: Steps, seen: BatchSeen) -> torch.Tensor:
        """Bodies (N,) that each run has held last; before that, those its frame is at."""
        is_any, first = seen.held.any(dim=1), seen.held.int().argmax(dim=1)
        self._moved = torch.where(is_any, picked(steps.arguments, first), self._moved)
        self._has_moved = self._has_moved | is_any
        return torch.where(self._has_moved, self._moved, steps.thing)
