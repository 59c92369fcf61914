"""The formulas behind facts: array functions of what is observed, for one scene or thousands.

Each takes positions (..., 3) m, quaternions (..., 4) wxyz, widths (...,) m and returns booleans
(...,), and everything broadcasts: `FactTable` calls each once for all pairs of things.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.arrays import Array, namespace
from robot_skills.core.facts import OPPOSITES, Fact, State
from robot_skills.core.fixtures import turned_back
from robot_skills.core.observation import Observation
from robot_skills.core.task import Fixture, Task, TaskObject

Floats = NDArray[np.float64]
Constant = Callable[[NDArray[Any]], Array]

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
    down = -poses.matrix(pose[..., 3:])[..., :, 2]
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
    return pose[:3] if thing.grip_m is None else np.asarray(_point_at(pose, thing.grip_m))


def _point_at(pose: Array, point_m: Array) -> Array:
    """Where (..., 3) in world a point (..., 3) of things at poses (..., 7) is."""
    return pose[..., :3] + poses.rotate(pose[..., 3:], point_m)


@dataclass(frozen=True)
class _JointFacts:
    """What holds above and below two thresholds of a joint; a `column` of None is always above."""

    column: int | None
    raised: Fact
    above: float
    lowered: Fact
    below: float

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Those of the two that may hold."""
        return (self.raised,) if self.column is None else (self.raised, self.lowered)


class FactTable:
    """The truth of every fact about the objects present, for one scene or a batch of them.

    `facts` are the P facts that the types of the task's predicates allow. Whatever is held rests
    on nothing, carries nothing and is in nothing. `bodies` and `joints` name what the truth
    depends on, in the order in which it is to be given: objects first. `constant` makes arrays of
    the task's numbers, of the library, type and device that is worked with.
    """

    def __init__(
        self, task: Task, objects: tuple[str, ...], constant: Constant = np.asarray
    ) -> None:
        self._task, self._objects, self._constant = task, objects, constant
        self._limits = {name: p.thresholds for name, p in task.predicates.items()}
        things, fixtures = [task.objects[n] for n in objects], list(task.fixtures.values())
        hollow: list[Fixture | TaskObject] = [*fixtures, *things]
        hollow = [one for one in hollow if one.interior_m is not None]
        self._hollow = hollow
        self._containers = hollow if "in" in task.predicates else []
        self._sockets = hollow if "inserted" in task.predicates else []
        surfaces = [f for f in fixtures if f.half_extents_m is not None]
        self._spotted = [f for f in fixtures if f.spot_m is not None]
        needed = dict.fromkeys(one.name for one in (*hollow, *self._spotted))
        self.bodies = tuple(dict.fromkeys([*objects, *needed]))
        self.joints = self._needed_joints(hollow)
        self._measure(things, surfaces)
        self._places = {
            kind: constant(np.array([self.bodies.index(one.name) for one in places], dtype=int))
            for kind, places in (("spot", self._spotted), ("in", hollow))
        }
        supports = [*objects, *(f.name for f in surfaces), *(f.name for f in self._spotted)]
        self._joints = list(self._joint_facts())
        self.facts, columns = self._allowed(supports)
        self._columns = constant(np.array(columns))

    def _needed_joints(self, hollow: Sequence[Fixture | TaskObject]) -> tuple[str, ...]:
        """Fixtures with a joint that facts are about, or that turns what things are in."""
        pairs = [pair for pair in OPPOSITES.items() if self._task.predicates.keys() >= {*pair}]
        kinds = [self._task.predicates[high].parameters[0] for high, _ in pairs]
        told = {name for kind in kinds for name in self._task.of_type(kind, self._objects)}
        turning = {one.name for one in _turning(hollow)}
        fixtures = self._task.fixtures.values()
        return tuple(f.name for f in fixtures if f.joint is not None and f.name in told | turning)

    def _measure(self, things: Sequence[TaskObject], surfaces: Sequence[Fixture]) -> None:
        """Keep the sizes of all things as constants."""
        constant = self._constant
        half_heights = _stacked([thing.half_extents_m for thing in things])[:, 2:]
        self._half_heights_m = constant(half_heights)
        self._stacked_m = constant(half_heights + half_heights.T)
        self._sizes_m = constant(np.array([thing.width_m for thing in things]))
        self._interiors_m = constant(_stacked([one.interior_m for one in self._containers]))
        self._mouths_m = constant(_stacked([one.interior_m for one in self._sockets])[:, 2])
        self._tops_m = constant(_stacked([f.half_extents_m for f in surfaces])[:, 2])
        self._spots_m = constant(_stacked([f.spot_m for f in self._spotted]))
        self._grips_m = [
            (i, constant(thing.grip_m))
            for i, thing in enumerate(things)
            if thing.grip_m is not None
        ]
        self._pivots_m = [
            (self._hollow.index(one), self.joints.index(one.name), constant(one.pivot_m))
            for one in _turning(self._hollow)
            if one.pivot_m is not None
        ]
        self._apart = constant(~np.eye(len(things), dtype=bool))

    def truth(self, pose: Array, position: Array, ee_pose: Array, width_m: Array) -> Array:
        """Which facts hold (..., P): poses (..., B, 7) of `bodies`, positions (..., M) of `joints`.

        The end-effector is at poses (..., 7), the gripper open by `width_m` (...,).
        """
        xp = namespace(pose)
        things = pose[..., : len(self._objects), :]
        at = things[..., :3]
        held = is_held(
            self._gripped_at(things),
            ee_pose[..., None, :],
            width_m[..., None],
            self._sizes_m,
            self._limits["holding"],
        )
        free = ~held[..., None]
        on = self._resting_on(at) & ~(held[..., None, :] | held[..., None])
        inside = self._inside(at, pose, position) & free
        placed = xp.any(inside, axis=-1)
        standing = self._standing(at, pose) & ~(held | placed)[..., None]
        clear = ~(held | xp.any(on, axis=-2))
        inserted = self._in_sockets(things, pose, position) & free
        empty = ~xp.any(held, axis=-1, keepdims=True)
        between = [xp.concat([on, standing], axis=-1), inside, inserted]
        flat = [xp.reshape(one, (*held.shape[:-1], -1)) for one in between]
        all_facts = [held, clear, *flat, *self._openings(position, held), empty]
        return xp.concat(all_facts, axis=-1)[..., self._columns]

    def _allowed(self, supports: Sequence[str]) -> tuple[tuple[Fact, ...], list[int]]:
        """The facts in the order of `truth`, and their places before those of wrong types go."""
        objects = self._objects
        containers, sockets = ([one.name for one in w] for w in (self._containers, self._sockets))
        facts = [
            *(Fact("holding", (name,)) for name in objects),
            *(Fact("clear", (name,)) for name in objects),
            *(Fact("on", pair) for pair in product(objects, supports)),
            *(Fact("in", pair) for pair in product(objects, containers)),
            *(Fact("inserted", pair) for pair in product(objects, sockets)),
        ]
        columns = [i for i, fact in enumerate(facts) if self._may_hold(fact)]
        openings = [fact for joint in self._joints for fact in joint.facts]
        more = range(len(facts), len(facts) + len(openings) + 1)
        allowed = [facts[i] for i in columns] + [*openings, GRIPPER_EMPTY]
        return tuple(allowed), [*columns, *more]

    def _may_hold(self, fact: Fact) -> bool:
        rests_on_itself = fact.predicate == "on" and len(set(fact.arguments)) == 1
        return self._task.allows(fact) and not rests_on_itself

    def _gripped_at(self, things: Array) -> Array:
        if not self._grips_m:
            return things[..., :3]
        grips = namespace(things).asarray(things[..., :3], copy=True)
        for index, grip_m in self._grips_m:
            grips[..., index, :] = _point_at(things[..., index, :], grip_m)
        return grips

    def _resting_on(self, at: Array) -> Array:
        upper, lower = at[..., :, None, :], at[..., None, :, :]
        return rests_on(upper, lower, self._stacked_m, self._limits["on"]) & self._apart

    def _standing(self, at: Array, pose: Array) -> Array:
        limits, each = self._limits["on"], at[..., :, None, :]
        standing = rests_on_surface(each, self._half_heights_m, self._tops_m, limits)
        if not self._spotted:
            return standing
        stands = pose[..., self._places["spot"], :]
        spots = stands[..., :3] + poses.rotate(stands[..., 3:], self._spots_m)
        on_spots = rests_on(each, spots[..., None, :, :], self._half_heights_m, limits)
        return namespace(pose).concat([standing, on_spots], axis=-1)

    def _inside(self, at: Array, pose: Array, position: Array) -> Array:
        if not self._containers:
            return _nothing(at)
        containers = self._interiors(pose, position)[..., None, :, :]
        margin_m = self._limits["in"]["margin_m"]
        return is_inside(at[..., :, None, :], containers, self._interiors_m, margin_m)

    def _in_sockets(self, things: Array, pose: Array, position: Array) -> Array:
        if not self._sockets:
            return _nothing(things)
        sockets = self._interiors(pose, position)[..., None, :, :]
        limits, tips_m = self._limits["inserted"], self._half_heights_m
        return is_inserted(things[..., :, None, :], tips_m, sockets, self._mouths_m, limits)

    def _interiors(self, pose: Array, position: Array) -> Array:
        """Poses (..., C, 7) in world of what things can be in."""
        found = pose[..., self._places["in"], :]
        for at, joint, pivot_m in self._pivots_m:
            found[..., at, :] = turned_back(found[..., at, :], pivot_m, position[..., joint])
        return found

    def _openings(self, position: Array, held: Array) -> Iterator[Array]:
        """Whether the facts of each joint hold, (..., 1) or (..., 2)."""
        xp = namespace(position)
        for joint in self._joints:
            if joint.column is None:  # a tray has no lid: it is always open
                yield xp.any(held, axis=-1, keepdims=True) | True
            else:
                now = position[..., joint.column]
                yield xp.stack([now > joint.above, now < joint.below], axis=-1)

    def _joint_facts(self) -> Iterator[_JointFacts]:
        """The facts about each joint, with their thresholds."""
        task = self._task
        for high, low in OPPOSITES.items():
            if high not in task.predicates or low not in task.predicates:
                continue
            raised, lowered = task.predicates[high], task.predicates[low]
            for name in task.of_type(raised.parameters[0], self._objects):
                limits = task.fixtures[name].limits if name in task.fixtures else {}
                yield _JointFacts(
                    self.joints.index(name) if name in self.joints else None,
                    Fact(high, (name,)),
                    limits.get(high, raised.thresholds["above"]),
                    Fact(low, (name,)),
                    limits.get(low, lowered.thresholds["below"]),
                )


class FactObserver:
    """Evaluates every predicate of one task on observations of the objects present."""

    def __init__(self, task: Task, objects: tuple[str, ...]) -> None:
        self._objects = objects
        self._table = FactTable(task, objects)
        self._facts = np.empty(len(self._table.facts), dtype=object)
        self._facts[:] = self._table.facts

    @property
    def objects(self) -> tuple[str, ...]:
        """Names of the objects present."""
        return self._objects

    def facts(self, observation: Observation, ee_pose: Floats) -> State:
        """All facts that hold, from an observation and the end-effector pose (7,) in world."""
        table, seen = self._table, observation.object_pose
        pose = np.array([seen[name].pose for name in table.bodies]).reshape(-1, 7)
        position = np.array([observation.fixture_position[name] for name in table.joints])
        width_m = np.asarray(observation.gripper_width_m)
        return frozenset(self._facts[table.truth(pose, position, ee_pose, width_m)])


def _stacked(vectors: Sequence[Floats | None]) -> Floats:
    return np.array(vectors, dtype=float).reshape(-1, 3)


def _turning(hollow: Sequence[Fixture | TaskObject]) -> list[Fixture]:
    """What things can be in that turns on an upright hinge."""
    return [one for one in hollow if isinstance(one, Fixture) and one.pivot_m is not None]


def _nothing(at: Array) -> Array:
    """No columns (..., K, 0) for things at (..., K, 3)."""
    return at[..., :0] > 0.0
