"""The plan steps that worlds practise: what each is about, and what facts it is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from robot_skills.core.facts import Fact, State
from robot_skills.core.skill import PlanStep, Skill
from robot_skills.core.task import Task
from robot_skills.nets.batched.worlds import MakeTensor
from robot_skills.nets.sight.features import which_fixture

Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Steps:
    """One step a row, K rows; bodies and joints by their numbers in a WorldsView, P facts.

    `thing` (K,) is what the skill's frame parameter is bound to, alike every 2 pi / `symmetry`;
    `which` (K, F) as in SkillView. `arguments` (K, A) are the bodies that the step is about, in
    order, padded with the first; of these a hand can hold those that `may_be_held` (K, A), at
    `grip_m` (K, A, 3) in the body's frame, `size_m` (K, A) wide. Facts (K, P): added, deleted, to
    be `kept` in the hand, and `needed` for the step throughout.
    """

    thing: torch.Tensor
    symmetry: torch.Tensor
    joint: torch.Tensor
    which: torch.Tensor
    arguments: torch.Tensor
    may_be_held: torch.Tensor
    grip_m: torch.Tensor
    size_m: torch.Tensor
    added: torch.Tensor
    deleted: torch.Tensor
    kept: torch.Tensor
    needed: torch.Tensor

    def rows(self, which: torch.Tensor) -> "Steps":
        """Row `which` (N,) for each of N worlds."""
        return Steps(**{field.name: getattr(self, field.name)[which] for field in fields(self)})


@dataclass(frozen=True)
class Layout:
    """In which order a WorldsView has bodies and joints, and a table its facts."""

    bodies: Sequence[str]
    joints: Sequence[str]
    facts: Sequence[Fact]

    def joint(self, name: str) -> int:
        """Column of a thing's joint; the last, which is 0, where it has none."""
        return self.joints.index(name) if name in self.joints else len(self.joints)

    def mask(self, wanted: State) -> Booleans:
        """Where (P,) the table has these facts."""
        return np.array([fact in wanted for fact in self.facts], dtype=bool)


def step_table(
    steps: Sequence[PlanStep], skill: Skill, task: Task, layout: Layout, make: MakeTensor
) -> Steps:
    """The rows of all `steps` of one skill, as tensors."""
    row = [_row(step, skill, task, layout) for step in steps]
    most = max(len(one["arguments"]) for one in row)
    for one in row:
        for name in ("arguments", "may_be_held", "grip_m", "size_m"):
            one[name] = _padded(one[name], most)
    return Steps(**{name: make(np.stack([one[name] for one in row])) for name in row[0]})


def _row(step: PlanStep, skill: Skill, task: Task, layout: Layout) -> dict[str, NDArray[Any]]:
    operator = step.operator
    binding = skill.operator(operator.name).binding(step.arguments)
    thing = binding[skill.frame.parameter]
    present = [name for name in binding.values() if name in layout.bodies]
    held = [task.objects.get(name) for name in present]
    fixtures = str(skill.settings.get("fixtures", "")).split()
    in_hand = frozenset(f for f in operator.preconditions if f.predicate == "holding")
    return {
        "thing": np.array(layout.bodies.index(thing)),
        "symmetry": np.array(float(task.yaw_symmetry_of(thing))),
        "joint": np.array(layout.joint(thing)),
        "which": which_fixture(thing, fixtures),
        "arguments": np.array([layout.bodies.index(name) for name in present]),
        "may_be_held": np.array([one is not None for one in held]),
        "grip_m": np.array([_grip(one) for one in held]),
        "size_m": np.array([0.0 if one is None else one.width_m for one in held]),
        "added": layout.mask(operator.add),
        "deleted": layout.mask(operator.delete),
        "kept": layout.mask(in_hand),
        "needed": layout.mask(operator.preconditions - operator.delete),
    }


def _grip(thing: Any) -> NDArray[np.float64]:
    return np.zeros(3) if thing is None or thing.grip_m is None else np.asarray(thing.grip_m)


def _padded(rows: NDArray[Any], length: int) -> NDArray[Any]:
    """Rows (A, ...) with the first repeated up to a length; of truths, False."""
    filler = np.zeros_like(rows[:1]) if rows.dtype == bool else rows[:1]
    return np.concatenate([rows, *[filler] * (length - len(rows))])
