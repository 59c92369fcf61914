"""The formulas behind facts: array functions of what is observed, for one scene or thousands.

Each takes positions (..., 3) m, quaternions (..., 4) wxyz, widths (...,) m and returns booleans
(...,), and everything broadcasts: `FactObserver` calls each once for all pairs of things.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.arrays import Array
from robot_skills.core.facts import OPPOSITES, Fact, State
from robot_skills.core.fixtures import resting_pose
from robot_skills.core.observation import Observation, PoseEstimate
from robot_skills.core.task import Fixture, Task, TaskObject

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


def is_inserted(
    pose: Array,
    tip_m: Array,
    pose_socket: Array,
    mouth_m: Array,
    limits: Mapping[str, float],
) -> Array:
    """Whether the tip of a peg at `pose` (..., 7) is deep in a socket's hole and near its axis.

    The tip is `tip_m` below the peg's origin along its axis, the hole's mouth `mouth_m` above the
    origin of the socket at `pose_socket` (..., 7), along the hole's axis.
    """
    down = poses.rotate(pose[..., 3:], np.array([0.0, 0.0, -1.0]))
    tip = pose[..., :3] + tip_m[..., None] * down
    local = poses.rotate(poses.conjugate(pose_socket[..., 3:]), tip - pose_socket[..., :3])
    near_axis = local[..., 0] ** 2 + local[..., 1] ** 2 < limits["sideways_m"] ** 2
    return near_axis & (mouth_m - local[..., 2] > limits["depth_m"])


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


def grip_position(thing: TaskObject, pose: Floats) -> Floats:
    """Where (3,) in world a hand holds a thing that is at a pose (7,)."""
    if thing.grip_m is None:
        return pose[:3]
    return np.asarray(pose[:3] + poses.rotate(pose[3:], thing.grip_m))


class FactObserver:
    """Evaluates every predicate of one task on observations of the objects present.

    Whatever is held rests on nothing, carries nothing and is in nothing. Facts are those that the
    types of the task's predicates allow.
    """

    def __init__(self, task: Task, objects: tuple[str, ...]) -> None:
        self._objects = objects
        self._limits = {name: p.thresholds for name, p in task.predicates.items()}
        things, fixtures = [task.objects[n] for n in objects], list(task.fixtures.values())
        hollow: list[Fixture | TaskObject] = [*fixtures, *things]
        hollow = [one for one in hollow if one.interior_m is not None]
        self._containers = hollow if "in" in task.predicates else []
        self._interiors_m = _stacked([one.interior_m for one in self._containers])
        self._sockets = hollow if "inserted" in task.predicates else []
        self._mouths_m = _stacked([one.interior_m for one in self._sockets])[:, 2]
        surfaces = [f for f in fixtures if f.half_extents_m is not None]
        self._tops_m = np.array([f.half_extents_m for f in surfaces]).reshape(-1, 3)[:, 2]
        self._spotted = [f for f in fixtures if f.spot_m is not None]
        self._spots_m = _stacked([f.spot_m for f in self._spotted])
        self._half_heights_m = _stacked([thing.half_extents_m for thing in things])[:, 2:]
        self._stacked_m = self._half_heights_m + self._half_heights_m.T
        self._sizes_m = np.array([thing.width_m for thing in things])
        self._gripped = [(i, thing) for i, thing in enumerate(things) if thing.grip_m is not None]
        self._apart = ~np.eye(len(objects), dtype=bool)
        supports = [*objects, *(f.name for f in surfaces), *(f.name for f in self._spotted)]
        self._on = _facts_between(task, "on", objects, supports)
        self._in = _facts_between(task, "in", objects, [one.name for one in self._containers])
        self._inserted = _facts_between(task, "inserted", objects, [s.name for s in self._sockets])
        self._holding = _facts_about(task, "holding", objects)
        self._clear = _facts_about(task, "clear", objects)
        self._joints = list(_joint_facts(task, objects))

    @property
    def objects(self) -> tuple[str, ...]:
        """Names of the objects present."""
        return self._objects

    def facts(self, observation: Observation, ee_pose: Floats) -> State:
        """All facts that hold, from an observation and the end-effector pose (7,) in world."""
        seen = observation.object_pose
        pose = np.array([seen[name].pose for name in self._objects]).reshape(-1, 7)
        position = pose[:, :3]
        width_m = np.asarray(observation.gripper_width_m)
        grips = self._gripped_at(position, seen)
        held = is_held(grips, ee_pose, width_m, self._sizes_m, self._limits["holding"])
        on = self._resting_on(position) & ~(held | held[:, None])
        inside = self._inside(position, observation) & ~held[:, None]
        standing = self._standing(position, seen) & ~(held | inside.any(axis=1))[:, None]
        clear = ~(held | on.any(axis=0))
        facts = {*self._holding[held], *self._clear[clear], *self._openings(observation)}
        facts.update(self._on[np.hstack([on, standing])], self._in[inside])
        if self._sockets:
            facts.update(self._inserted[self._in_sockets(pose, observation) & ~held[:, None]])
        facts.discard(None)  # what the types do not allow
        if not held.any():
            facts.add(GRIPPER_EMPTY)
        return frozenset(facts)

    def _gripped_at(self, position: Floats, seen: Mapping[str, PoseEstimate]) -> Floats:
        if not self._gripped:
            return position
        grips = position.copy()
        for index, thing in self._gripped:
            grips[index] = grip_position(thing, seen[thing.name].pose)
        return grips

    def _resting_on(self, position: Floats) -> Booleans:
        upper, lower = position[:, None], position
        resting = rests_on(upper, lower, self._stacked_m, self._limits["on"])
        return np.asarray(resting & self._apart)

    def _standing(self, position: Floats, seen: Mapping[str, PoseEstimate]) -> Booleans:
        limits = self._limits["on"]
        each = position[:, None]
        standing = rests_on_surface(each, self._half_heights_m, self._tops_m, limits)
        if not self._spotted:
            return np.asarray(standing)
        stands = np.array([seen[fixture.name].pose for fixture in self._spotted])
        spots = stands[:, :3] + poses.rotate(stands[:, 3:], self._spots_m)
        on_spots = rests_on(each, spots, self._half_heights_m, limits)
        return np.hstack([standing, on_spots])

    def _inside(self, position: Floats, observation: Observation) -> Booleans:
        if not self._containers:
            return np.zeros((len(position), 0), dtype=bool)
        containers = np.array([_interior_pose(one, observation) for one in self._containers])
        margin_m = self._limits["in"]["margin_m"]
        return np.asarray(is_inside(position[:, None], containers, self._interiors_m, margin_m))

    def _in_sockets(self, pose: Floats, observation: Observation) -> Booleans:
        sockets = np.array([_interior_pose(one, observation) for one in self._sockets])
        limits = self._limits["inserted"]
        tips_m = self._half_heights_m
        return np.asarray(is_inserted(pose[:, None], tips_m, sockets, self._mouths_m, limits))

    def _openings(self, observation: Observation) -> Iterator[Fact]:
        for fixture, raised, above, lowered, below in self._joints:
            if fixture is None:  # a tray has no lid: it is always open
                yield raised
                continue
            position = observation.fixture_position[fixture]
            if position > above:
                yield raised
            if position < below:
                yield lowered


def _stacked(vectors: Sequence[Floats | None]) -> Floats:
    return np.array(vectors, dtype=float).reshape(-1, 3)


def _interior_pose(container: Fixture | TaskObject, observation: Observation) -> Floats:
    pose = observation.object_pose[container.name].pose
    if isinstance(container, TaskObject) or container.pivot_m is None:
        return pose
    return resting_pose(container, pose, observation.fixture_position[container.name])


def _joint_facts(
    task: Task, objects: tuple[str, ...]
) -> Iterator[tuple[str | None, Fact, float, Fact, float]]:
    """Fixture, and the facts about its joint with their thresholds; None: always open."""
    for high, low in OPPOSITES.items():
        if high not in task.predicates or low not in task.predicates:
            continue
        raised, lowered = task.predicates[high], task.predicates[low]
        for name in task.of_type(raised.parameters[0], objects):
            fixture = task.fixtures.get(name)
            jointed = fixture is not None and fixture.joint is not None
            limits = fixture.limits if fixture else {}
            yield (
                name if jointed else None,
                Fact(high, (name,)),
                limits.get(high, raised.thresholds["above"]),
                Fact(low, (name,)),
                limits.get(low, lowered.thresholds["below"]),
            )


def _facts_about(task: Task, predicate: str, names: Sequence[str]) -> FactArray:
    """`predicate` of each name, as an array to pick from by a mask; None where types forbid it."""
    facts = np.empty(len(names), dtype=object)
    facts[:] = [_typed(task, Fact(predicate, (name,))) for name in names]
    return facts


def _facts_between(
    task: Task, predicate: str, first: Sequence[str], second: Sequence[str]
) -> FactArray:
    """`predicate` of every pair, (first, second), as an array to pick from by a mask."""
    facts = np.empty((len(first), len(second)), dtype=object)
    for i, j in product(range(len(first)), range(len(second))):
        facts[i, j] = _typed(task, Fact(predicate, (first[i], second[j])))
    return facts


def _typed(task: Task, fact: Fact) -> Fact | None:
    return fact if task.allows(fact) else None
