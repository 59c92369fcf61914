"""Tasks: the objects, fixtures, predicates, resets and goals of one environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.environment_names import ROBOSUITE
from robot_skills.core.errors import InputError, unknown_name
from robot_skills.core.facts import Fact, State, lasting

Floats = NDArray[np.float64]

THING_M = 0.04


@dataclass(frozen=True)
class TaskObject:
    """Something that moves freely, `half_extents_m` (3,), alike every 2 pi / `yaw_symmetry`.

    A hand takes hold of it at `grip_m` (3,) in its body's frame, where it is `grip_width_m` wide,
    turned by `grip_yaw_rad` from the body. `body` is its name in the scene, where that differs.
    What things can be put into has an `interior_m` as a fixture has. `region_m` (2, 2) is where
    it starts, turned by up to `yaw_range_rad`, where that differs from the other things' start.
    """

    name: str
    type: str
    half_extents_m: Floats
    yaw_symmetry: int
    grip_m: Floats | None = None
    grip_width_m: float | None = None
    interior_m: Floats | None = None
    region_m: Floats | None = None
    yaw_range_rad: float | None = None
    grip_yaw_rad: float = 0.0
    body: str = ""

    @property
    def width_m(self) -> float:
        """Width in m between the fingers of a hand that holds it."""
        return self.grip_width_m or 2 * float(self.half_extents_m[:2].min())


@dataclass(frozen=True)
class Fixture:
    """Something that stays, or moves on one joint.

    A container's `interior_m` (3,) is half its inner length and width, and its height, above the
    body's origin at the middle of the inner floor; a surface's `half_extents_m` (3,) its top.
    `handle_m` (3,) is where a hand takes hold, in the body's frame. What turns on an upright hinge
    does so about `pivot_m` (3,), and its interior stays where it is when the joint is at 0.
    `spot_m` (3,) is where one thing stands on it, let go `drop_m` above. `limits` replace the
    thresholds of predicates about its joint, by the predicate's name. `body` is as in TaskObject.
    """

    name: str
    type: str
    joint: str | None = None
    interior_m: Floats | None = None
    half_extents_m: Floats | None = None
    handle_m: Floats | None = None
    pivot_m: Floats | None = None
    spot_m: Floats | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    drop_m: float = 0.0
    body: str = ""


@dataclass(frozen=True)
class Predicate:
    """A relation over typed parameters with the thresholds its function reads."""

    name: str
    parameters: tuple[str, ...]
    thresholds: Mapping[str, float]


@dataclass(frozen=True)
class Reset:
    """The random start: counts, the region (2, 2) m for objects, spacing, and odds.

    What a goal starts in the hand lies there up to `held_error_m` from its grip along the fingers
    and across them, and up to `held_error_rad` askew about the axis on which they close.
    """

    objects: tuple[int, int]
    region_m: Floats
    spacing_m: float
    yaw_range_rad: float
    stacked_probability: float
    joint_open: Mapping[str, tuple[float, float]]
    open_probability: float
    ee_region_m: Floats
    held_error_m: float = 0.0
    held_error_rad: float = 0.0


@dataclass(frozen=True)
class GoalTemplate:
    """A family of goals: facts over typed variables, and facts that must hold at the start.

    A demonstrator reaches the facts in the order of `sequence`; a planner sees only the set of
    those that last. `part` names the part of the goals that it belongs to, where they are in parts.
    """

    name: str
    seen: bool
    variables: Mapping[str, str]
    sequence: tuple[Fact, ...]
    start: State
    part: str = ""

    @property
    def facts(self) -> State:
        """The goal as a set."""
        return lasting(self.sequence)


@dataclass(frozen=True)
class Goal:
    """A goal bound to objects."""

    template: str
    seen: bool
    sequence: tuple[Fact, ...]
    start: State

    @property
    def facts(self) -> State:
        """The goal as a set."""
        return lasting(self.sequence)


@dataclass(frozen=True)
class Task:
    """One environment as data: the same formulas judge success, label demonstrations and plan.

    `scene` is a file in `folder`, or `robosuite:` and the name of one of robosuite's environments;
    then `judged_goal` is the goal of which robosuite itself tells whether it is reached.
    `hand_yaw_rad` is how an operator's hand is turned from the arm's home, `hand_room_m` (2,) what
    an open hand needs beside a thing that it lets go, along its closing axis and across. `arm` is
    the one arm that it is laid out for, if it is for one.
    """

    name: str
    folder: Path
    scene: str
    rate_hz: float
    types: Mapping[str, str]
    objects: Mapping[str, TaskObject]
    fixtures: Mapping[str, Fixture]
    predicates: Mapping[str, Predicate]
    reset: Reset
    goals: Mapping[str, GoalTemplate]
    workspace_m: Floats
    judged_goal: str = ""
    hand_yaw_rad: float = 0.0
    hand_room_m: tuple[float, float] = (0.022, 0.022)
    arm: str = ""

    @property
    def scale(self) -> float:
        """How large its things are against the 40 mm that hands' motions are given for; at most 1.

        Where nothing is as large, hands rise less, open less and move more slowly.
        """
        longest_m = max(
            (2 * float(one.half_extents_m.max()) for one in self.objects.values()), default=THING_M
        )
        return min(1.0, longest_m / THING_M)

    @property
    def robosuite(self) -> str | None:
        """Name of the robosuite environment whose scene and starts these are, if it is one."""
        found = self.scene.removeprefix(ROBOSUITE)
        return found if found != self.scene else None

    def type_of(self, name: str) -> str:
        """Type of an object or fixture; InputError suggests the near one."""
        if name in self.objects:
            return self.objects[name].type
        if name in self.fixtures:
            return self.fixtures[name].type
        raise unknown_name("object", name, [*self.objects, *self.fixtures])

    def yaw_symmetry_of(self, name: str) -> int:
        """How many turns about z of 2 pi / n leave a thing as it was; 1 for fixtures."""
        return self.objects[name].yaw_symmetry if name in self.objects else 1

    def is_a(self, kind: str, wanted: str) -> bool:
        """Whether type `kind` is `wanted` or below it."""
        while kind != wanted:
            if kind not in self.types:
                return False
            kind = self.types[kind]
        return True

    def of_type(self, wanted: str, objects: tuple[str, ...]) -> tuple[str, ...]:
        """Names of that type: the present `objects` first, then the fixtures."""
        return tuple(n for n in (*objects, *self.fixtures) if self.is_a(self.type_of(n), wanted))

    def goal(self, name: str) -> GoalTemplate:
        """The goal template `name`; InputError suggests the near one."""
        if name not in self.goals:
            raise unknown_name("goal", name, self.goals)
        return self.goals[name]

    def allows(self, fact: Fact) -> bool:
        """Whether the task has the fact's predicate and the types of its arguments fit."""
        if fact.predicate not in self.predicates:
            return False
        kinds = zip(fact.arguments, self.predicates[fact.predicate].parameters, strict=True)
        return all(self.is_a(self.type_of(name), kind) for name, kind in kinds)

    def check(self, facts: State, objects: tuple[str, ...]) -> None:
        """Raise InputError at a fact with an unknown predicate, object, arity or type."""
        for fact in facts:
            if fact.predicate not in self.predicates:
                raise unknown_name("predicate", fact.predicate, self.predicates)
            self._check_arguments(fact, objects)

    def _check_arguments(self, fact: Fact, objects: tuple[str, ...]) -> None:
        parameters = self.predicates[fact.predicate].parameters
        present = (*objects, *self.fixtures)
        if len(parameters) != len(fact.arguments):
            wanted = f"{fact.predicate}({', '.join(parameters)})"
            raise _wrong_fact(fact, f"takes {len(parameters)} arguments: {wanted}")
        for argument, kind in zip(fact.arguments, parameters, strict=True):
            if argument not in present:
                raise unknown_name("object", argument, present)
            if not self.is_a(self.type_of(argument), kind):
                fitting = ", ".join(self.of_type(kind, objects))
                raise _wrong_fact(fact, f"{argument} is no {kind} (there are: {fitting})")


def _wrong_fact(fact: Fact, reason: str) -> InputError:
    return InputError(f"{fact}: {reason}")
