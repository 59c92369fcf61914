"""The formulas behind facts: array functions of what is observed, for one scene or thousands.

Each takes positions (..., 3) m, quaternions (..., 4) wxyz, widths (...,) m and returns booleans
(...,). `observed_facts` applies them to every well-typed combination of the objects present.
"""

from collections.abc import Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.facts import Fact, State
from robot_skills.core.observation import Observation
from robot_skills.core.poses import Array
from robot_skills.core.task import Task

Floats = NDArray[np.float64]


def rests_on(upper: Array, lower: Array, height_m: float, limits: Mapping[str, float]) -> Array:
    """Whether `upper` (..., 3) sits above `lower` (..., 3), their centres `height_m` apart."""
    gap = upper - lower
    sideways = gap[..., 0] ** 2 + gap[..., 1] ** 2
    level = abs(gap[..., 2] - height_m) < limits["vertical_m"]
    return (sideways < limits["horizontal_m"] ** 2) & level


def rests_on_surface(
    position: Array, half_height_m: float, top_m: float, limits: Mapping[str, float]
) -> Array:
    """Whether a thing at `position` (..., 3) stands on a level surface at height `top_m`."""
    return abs(position[..., 2] - half_height_m - top_m) < limits["vertical_m"]


def is_inside(position: Array, pose_container: Array, interior_m: Array, margin_m: float) -> Array:
    """Whether `position` (..., 3) is in a container's inner box, grown by `margin_m`."""
    local = poses.rotate(
        poses.conjugate(pose_container[..., 3:]), position - pose_container[..., :3]
    )
    within_x = abs(local[..., 0]) < interior_m[0] + margin_m
    within_y = abs(local[..., 1]) < interior_m[1] + margin_m
    height = local[..., 2]
    return within_x & within_y & (height > -margin_m) & (height < interior_m[2])


def is_held(
    position: Array, ee_pose: Array, width_m: Array, size_m: float, limits: Mapping[str, float]
) -> Array:
    """Whether a thing `size_m` wide lies between the fingers and they rest on it."""
    local = poses.rotate(poses.conjugate(ee_pose[..., 3:]), position - ee_pose[..., :3])
    near = (local[..., 0] ** 2 + local[..., 1] ** 2 < limits["sideways_m"] ** 2) & (
        abs(local[..., 2]) < limits["along_m"]
    )
    slack = width_m - size_m
    return near & (slack < limits["wider_m"]) & (slack > -limits["narrower_m"])


class FactObserver:
    """Evaluates every predicate of one task on observations of the objects present."""

    def __init__(self, task: Task, objects: tuple[str, ...]) -> None:
        self._task = task
        self._objects = objects
        self._limits = {name: p.thresholds for name, p in task.predicates.items()}

    @property
    def objects(self) -> tuple[str, ...]:
        """Names of the objects present."""
        return self._objects

    def facts(self, observation: Observation, ee_pose: Floats) -> State:
        """All facts that hold, from an observation and the end-effector pose (7,) in world."""
        where = {name: estimate.pose for name, estimate in observation.object_pose.items()}
        held = self._held(where, ee_pose, observation.gripper_width_m)
        facts = {Fact("holding", (name,)) for name in held}
        if not held:
            facts.add(Fact("gripper_empty"))
        resting = [name for name in self._objects if name not in held]
        facts |= self._on(where, resting, held)
        facts |= self._inside(where, resting)
        facts |= self._openings(observation)
        covered = {fact.arguments[1] for fact in facts if fact.predicate == "on"}
        facts |= {Fact("clear", (n,)) for n in resting if n not in covered}
        return frozenset(facts)

    def _held(self, where: Mapping[str, Floats], ee_pose: Floats, width_m: float) -> list[str]:
        limits = self._limits["holding"]
        return [
            name
            for name in self._objects
            if is_held(where[name][:3], ee_pose, width_m, self._width(name), limits)
        ]

    def _width(self, name: str) -> float:
        return 2 * float(min(self._task.objects[name].half_extents_m[:2]))

    def _on(self, where: Mapping[str, Floats], resting: list[str], held: list[str]) -> set[Fact]:
        limits = self._limits["on"]
        extents = {n: self._task.objects[n].half_extents_m for n in self._objects}
        facts = set()
        for upper, lower in product(resting, self._objects):
            if upper == lower or lower in held:
                continue
            height = float(extents[upper][2] + extents[lower][2])
            if rests_on(where[upper][:3], where[lower][:3], height, limits):
                facts.add(Fact("on", (upper, lower)))
        for fixture in self._task.fixtures.values():
            if fixture.half_extents_m is None:
                continue
            top = float(fixture.half_extents_m[2])
            facts |= {
                Fact("on", (n, fixture.name))
                for n in resting
                if rests_on_surface(where[n][:3], float(extents[n][2]), top, limits)
                and not self._in_any(where, n)
            }
        return facts

    def _in_any(self, where: Mapping[str, Floats], name: str) -> bool:
        return any(self._is_in(where, name, fixture) for fixture in self._task.fixtures)

    def _is_in(self, where: Mapping[str, Floats], name: str, fixture: str) -> bool:
        interior = self._task.fixtures[fixture].interior_m
        if interior is None:
            return False
        margin = self._limits["in"]["margin_m"]
        return bool(is_inside(where[name][:3], where[fixture], interior, margin))

    def _inside(self, where: Mapping[str, Floats], resting: list[str]) -> set[Fact]:
        pairs = product(resting, self._task.fixtures)
        return {Fact("in", pair) for pair in pairs if self._is_in(where, *pair)}

    def _openings(self, observation: Observation) -> set[Fact]:
        facts = set()
        for fixture in self._task.fixtures.values():
            if fixture.interior_m is None:
                continue
            if fixture.joint is None:  # a tray has no lid: it is always open
                facts.add(Fact("open", (fixture.name,)))
                continue
            position = observation.fixture_position[fixture.name]
            if position > self._limits["open"]["above"]:
                facts.add(Fact("open", (fixture.name,)))
            if position < self._limits["closed"]["below"]:
                facts.add(Fact("closed", (fixture.name,)))
        return facts
