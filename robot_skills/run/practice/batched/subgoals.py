"""Where the steps of many worlds want things to be: SubgoalKeeper with a first axis N."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.core.fixtures import turned_back
from robot_skills.core.frames import upright_frame
from robot_skills.core.skill import PlanStep, Skill
from robot_skills.core.task import Task
from robot_skills.nets.batched.steps import Layout
from robot_skills.nets.batched.worlds import MakeTensor, WorldsView, picked
from robot_skills.run.execute.subgoals import best_end, fitting_ends, unlikeness

Floats = NDArray[np.float64]

FAR_M = 1e3  # where what is not there is put: in nobody's way


@dataclass(frozen=True)
class _Places:
    """One step a row, K rows: where it brings its thing to, and the ends seen there, padded to E.

    `place` (K,) is a body, alike every 2 pi / `symmetry`, whose interior stays where it is while
    its `joint` (K,) turns it about `pivot_m` (K, 3) where it `turns` (K,). `ends` (K, E, 7) are in
    its frame, `unlike` (K, E) m with infinity for padding. `others` (K, B) are the bodies that
    stand in the way.
    """

    place: torch.Tensor
    symmetry: torch.Tensor
    joint: torch.Tensor
    turns: torch.Tensor
    pivot_m: torch.Tensor
    ends: torch.Tensor
    unlike: torch.Tensor
    others: torch.Tensor


class BatchSubgoals:
    """Binds where each world's step shall bring its thing, anew where its place has moved.

    A skill without goal poses has none: its goals are zeros.
    """

    def __init__(
        self,
        steps: Sequence[PlanStep],
        skill: Skill,
        task: Task,
        layout: Layout,
        make: MakeTensor,
        like: torch.Tensor,
        rebind_m: float,
    ) -> None:
        self._scale, self._rebind_m = task.scale, rebind_m
        self._places: _Places | None = None
        if skill.frame.kind == "goal":
            rows = [_row(step, skill, task, layout) for step in steps]
            self._places = _stacked(rows, make)
        self._goal = like.new_zeros((len(like), 7))
        self._bound_at = like.new_full((len(like), 3), FAR_M)

    def reset(self, mask: torch.Tensor) -> None:
        """Forget the subgoals of the worlds of a mask (N,)."""
        self._bound_at = torch.where(mask[:, None], FAR_M, self._bound_at)

    def goal(self, seen: WorldsView, which: torch.Tensor) -> torch.Tensor:
        """Wanted poses (N, 7) in world of what step `which` (N,) moves, as things are now."""
        places = self._places
        if places is None:
            return self._goal
        place = seen.pose_of(places.place[which])
        moved = torch.linalg.vector_norm(place[:, :3] - self._bound_at, dim=-1) > self._rebind_m
        bound = self._bind(seen, place, places, which)
        self._goal = torch.where(moved[:, None], bound, self._goal)
        self._bound_at = torch.where(moved[:, None], place[:, :3], self._bound_at)
        return self._goal

    def _bind(
        self, seen: WorldsView, place: torch.Tensor, places: _Places, which: torch.Tensor
    ) -> torch.Tensor:
        position = seen.position_of(places.joint[which])
        resting = turned_back(place, places.pivot_m[which], position)
        still = torch.where(places.turns[which, None], resting, place)
        base = upright_frame(still, places.symmetry[which])
        world = poses.compose(base[:, None], places.ends[which])
        standing = torch.where(places.others[which, :, None], seen.pose[..., :2], FAR_M)
        return picked(world, best_end(world, standing, places.unlike[which], self._scale))


def _row(step: PlanStep, skill: Skill, task: Task, layout: Layout) -> dict[str, NDArray[Any]]:
    lifted = skill.operator(step.operator.name)
    if lifted.place is None:
        raise InputError(f"skill {skill.name}: {lifted.name} moves ?x to no place that it names")
    names = lifted.binding(step.arguments)
    thing, place = names["?x"], names[lifted.place]
    all_ends = skill.end_poses[lifted.name]
    ends = fitting_ends(all_ends, thing, place, task)
    fixture = task.fixtures.get(place)
    pivot_m = None if fixture is None else fixture.pivot_m
    others = [name in task.objects and name not in (thing, place) for name in layout.bodies]
    return {
        "place": np.array(layout.bodies.index(place)),
        "symmetry": np.array(float(task.yaw_symmetry_of(place))),
        "joint": np.array(layout.joint(place)),
        "turns": np.array(pivot_m is not None),
        "pivot_m": np.zeros(3) if pivot_m is None else np.asarray(pivot_m),
        "ends": ends,
        "unlike": unlikeness(ends, all_ends),
        "others": np.array(others),
    }


def _stacked(rows: Sequence[dict[str, NDArray[Any]]], make: MakeTensor) -> _Places:
    most = max(len(row["ends"]) for row in rows)
    fill: dict[str, Callable[[Floats], Floats]] = {
        "ends": lambda ends: np.concatenate([ends, *[ends[:1]] * (most - len(ends))]),
        "unlike": lambda far: np.concatenate([far, np.full(most - len(far), np.inf)]),
    }
    columns = {
        name: np.stack([fill.get(name, np.asarray)(row[name]) for row in rows]) for name in rows[0]
    }
    return _Places(**{name: make(column) for name, column in columns.items()})
