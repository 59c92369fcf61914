"""The formulas behind facts: array functions of what is observed, for one scene or thousands.

Each takes positions (..., 3) m, quaternions (..., 4) wxyz, widths (...,) m and returns booleans
(...,), and everything broadcasts: `FactObserver` calls each once for all pairs of things.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.facts import Fact, State
from robot_skills.core.observation import Observation, PoseEstimate
from robot_skills.core.poses import Array
from robot_skills.core.task import Task

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
FactArray = NDArray[np.object_]

GRIPPER_EMPTY = Fact("gripper_empty")


def rests_on(upper: Array, lower: Array, height_m: Array, limits: Mapping[str, float]) -> Array:
    """Whether `upper` (..., 3) sits above `lower` (..., 3), their centres `height_m` apart."""
    gap = upper - lower
    sideways = gap[..., 0] ** 2 + gap[..., 1] ** 2
    level = abs(gap[..., 2] - height_m) < limits["vertical_m"]
    return (sideways < limits["horizontal_m"] ** 2) & level


def rests_on_surface(
    position: Array, half_height_m: Array, top_m: Array, limits: Mapping[str, float]
) -> Array:
    """Whether a thing at `position` (..., 3) stands on a level surface at height `top_m`."""
    return abs(position[..., 2] - half_height_m - top_m) < limits["vertical_m"]


def is_inside(position: Array, pose_container: Array, interior_m: Array, margin_m: float) -> Array:
    """Whether `position` (..., 3) is in a container's inner box, grown by `margin_m`.

    `interior_m` (..., 3) is half the inner length and width, and the height.
    """
    local = poses.rotate(
        poses.conjugate(pose_container[..., 3:]), position - pose_container[..., :3]
    )
    within_x = abs(local[..., 0]) < interior_m[..., 0] + margin_m
    within_y = abs(local[..., 1]) < interior_m[..., 1] + margin_m
    height = local[..., 2]
    return within_x & within_y & (height > -margin_m) & (height < interior_m[..., 2])


def is_held(
    position: Array, ee_pose: Array, width_m: Array, size_m: Array, limits: Mapping[str, float]
) -> Array:
    """Whether a thing `size_m` wide lies between the fingers and they rest on it."""
    local = poses.rotate(poses.conjugate(ee_pose[..., 3:]), position - ee_pose[..., :3])
    near = (local[..., 0] ** 2 + local[..., 1] ** 2 < limits["sideways_m"] ** 2) & (
        abs(local[..., 2]) < limits["along_m"]
    )
    slack = width_m - size_m
    return near & (slack < limits["wider_m"]) & (slack > -limits["narrower_m"])


class FactObserver:
    """Evaluates every predicate of one task on observations of the objects present.

    Whatever is held rests on nothing, carries nothing and is in nothing.
    """

    def __init__(self, task: Task, objects: tuple[str, ...]) -> None:
        self._objects = objects
        self._limits = {name: p.thresholds for name, p in task.predicates.items()}
        self._containers = [f for f in task.fixtures.values() if f.interior_m is not None]
        surfaces = [f for f in task.fixtures.values() if f.half_extents_m is not None]
        extents = np.array([task.objects[n].half_extents_m for n in objects]).reshape(-1, 3)
        self._sizes_m = 2 * extents[:, :2].min(axis=1)
        self._half_heights_m = extents[:, 2:]
        self._stacked_m = self._half_heights_m + self._half_heights_m.T
        self._tops_m = np.array([f.half_extents_m for f in surfaces]).reshape(-1, 3)[:, 2]
        self._interiors_m = np.array([f.interior_m for f in self._containers]).reshape(-1, 3)
        self._apart = ~np.eye(len(objects), dtype=bool)
        containers = [f.name for f in self._containers]
        self._on = _facts_between("on", objects, objects)
        self._on_surface = _facts_between("on", objects, [f.name for f in surfaces])
        self._in = _facts_between("in", objects, containers)
        self._holding, self._clear = (
            _facts_about("holding", objects),
            _facts_about("clear", objects),
        )
        self._open, self._closed = (_facts_about(name, containers) for name in ("open", "closed"))

    @property
    def objects(self) -> tuple[str, ...]:
        """Names of the objects present."""
        return self._objects

    def facts(self, observation: Observation, ee_pose: Floats) -> State:
        """All facts that hold, from an observation and the end-effector pose (7,) in world."""
        seen = observation.object_pose
        position = np.array([seen[name].pose for name in self._objects]).reshape(-1, 7)[:, :3]
        width_m = np.asarray(observation.gripper_width_m)
        held = is_held(position, ee_pose, width_m, self._sizes_m, self._limits["holding"])
        on = self._resting_on(position) & ~(held | held[:, None])
        inside = self._inside(position, seen) & ~held[:, None]
        on_surface = self._standing(position) & ~(held | inside.any(axis=1))[:, None]
        clear = ~(held | on.any(axis=0))
        facts = {*self._holding[held], *self._clear[clear], *self._openings(observation)}
        facts.update(self._on[on], self._on_surface[on_surface], self._in[inside])
        if not held.any():
            facts.add(GRIPPER_EMPTY)
        return frozenset(facts)

    def _resting_on(self, position: Floats) -> Booleans:
        upper, lower = position[:, None], position
        resting = rests_on(upper, lower, self._stacked_m, self._limits["on"])
        return np.asarray(resting & self._apart)

    def _standing(self, position: Floats) -> Booleans:
        limits = self._limits["on"]
        each = position[:, None]
        return np.asarray(rests_on_surface(each, self._half_heights_m, self._tops_m, limits))

    def _inside(self, position: Floats, seen: Mapping[str, PoseEstimate]) -> Booleans:
        if not self._containers:
            return np.zeros((len(position), 0), dtype=bool)
        containers = np.array([seen[fixture.name].pose for fixture in self._containers])
        margin_m = self._limits["in"]["margin_m"]
        return np.asarray(is_inside(position[:, None], containers, self._interiors_m, margin_m))

    def _openings(self, observation: Observation) -> Iterator[Fact]:
        for fixture, opened, closed in zip(self._containers, self._open, self._closed, strict=True):
            if fixture.joint is None:  # a tray has no lid: it is always open
                yield opened
                continue
            position = observation.fixture_position[fixture.name]
            if position > self._limits["open"]["above"]:
                yield opened
            if position < self._limits["closed"]["below"]:
                yield closed


def _facts_about(predicate: str, names: Sequence[str]) -> FactArray:
    """`predicate` of each name, as an array to pick from by a mask."""
    facts = np.empty(len(names), dtype=object)
    facts[:] = [Fact(predicate, (name,)) for name in names]
    return facts


def _facts_between(predicate: str, first: Sequence[str], second: Sequence[str]) -> FactArray:
    """`predicate` of every pair, (first, second), as an array to pick from by a mask."""
    facts = np.empty((len(first), len(second)), dtype=object)
    for i, j in product(range(len(first)), range(len(second))):
        facts[i, j] = Fact(predicate, (first[i], second[j]))
    return facts
