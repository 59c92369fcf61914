"""A scripted operator with a person's variety: it performs whole tasks and labels nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.core.facts import OPPOSITES, Fact
from robot_skills.core.fixtures import resting_pose
from robot_skills.core.observation import Observation
from robot_skills.core.predicates import grip_position
from robot_skills.core.task import Fixture, Goal, Task, TaskObject
from robot_skills.record.insertion import AIMS, Insertion
from robot_skills.record.paths import Manner, reach, sweep

Floats = NDArray[np.float64]

# Lengths are for things of 40 mm; where a task's are smaller, so are all of them (Task.scale).
HOVER_M = (0.07, 0.11)  # how high above something a hand stops before it goes down
TRAVEL_HEIGHT_M = 0.12  # hands cross the table no lower than this
RIM_CLEARANCE_M = 0.05  # a full hand passes this high above a container's rim
PULL_BEYOND_M = 0.004  # a drawer is pulled a little past where it should be
HANDLE_WIDTH_M = 0.055  # opening with which a hand comes down over a handle
GRASP_BELOW_M = 0.004  # how far below its centre a thing is grasped
TURN_BEYOND_RAD = 0.04  # hinges are turned a little past where they should be
PUSH_FROM_M = 0.045  # how far before its handle the hand comes down that pushes a drawer shut
LEAVE_M = 0.03  # how far it draws back from there before it rises
FAR_M = 0.1  # a hand that goes further takes no straight way; among small things there is less room
FUMBLE_M = 0.032  # how far above a thing a hand closes that misses it
RELEASE_ABOVE_M = 0.003  # what a thing falls when it is let go
APART_M = 0.075  # how far a hand keeps things apart that it puts into one container
PRESS_FROM_M = 0.035  # how high above a button the hand is when it begins to push
PRESS_M_S = 0.05
PRESS_DEPTH_M = 0.06  # the hand goes down no further than this, button or not

# What the operator does to a joint so that a fact about it holds.
MOVES = {
    "open": "open",
    "closed": "close",
    "turned_on": "turn_on",
    "turned_off": "turn_off",
    "lit": "press",
}


@dataclass(frozen=True)
class Wish:
    """What the operator wants this control step: end-effector pose (7,) in world, width m."""

    ee_pose: Floats
    gripper_width_m: float
    behaviour: str
    arguments: tuple[str, ...]


class ScriptedOperator:
    """Performs the facts of a goal in order; `look` gives it the newest observation.

    Behaviours are pick, place, insert and those of MOVES; what it is doing travels with each wish
    so that a scorer can know, and is never written into the demonstration.
    """

    def __init__(
        self,
        task: Task,
        goal: Goal,
        manner: Manner,
        home_ee_pose: Floats,
        look: Callable[[], tuple[Observation, Floats]],
        rng: np.random.Generator,
        lean_rad: float = 0.0,
    ) -> None:
        self._task = task
        self._goal = goal
        self._manner = manner
        turn = poses.from_yaw(np.asarray(task.hand_yaw_rad))
        self._upright = poses.multiply(turn, home_ee_pose[3:])
        self._lean = poses.from_rotation_vector(np.array([0.0, -lean_rad, 0.0]))
        self._look = look
        self._rng = rng
        self._scale = task.scale
        _, self._ee_pose = look()
        self._width_m = manner.width_m
        self._doing: tuple[str, tuple[str, ...]] = ("", ())

    def wishes(self) -> Iterator[Wish]:
        """One wish a control step, pauses included, until every fact of the goal was served."""
        for ee_pose in self._perform():
            self._ee_pose = ee_pose
            yield self._wish()
            if self._rng.random() < self._manner.pause_probability:
                for _ in range(self._steps(self._rng.uniform(*self._manner.pause_s))):
                    yield self._wish()

    def _wish(self) -> Wish:
        return Wish(self._ee_pose, self._width_m, *self._doing)

    def _perform(self) -> Iterator[Floats]:
        for fact in self._goal.sequence:
            yield from self._serve(fact)

    def _serve(self, fact: Fact) -> Iterator[Floats]:
        if fact.predicate in ("on", "in"):
            thing, where = fact.arguments
            yield from self._pick(thing)
            yield from self._place(thing, where)
        elif fact.predicate == "inserted":
            thing, where = fact.arguments
            if Fact("holding", (thing,)) not in self._goal.start:
                yield from self._pick(thing)
            yield from self._insert(thing, where)
        elif fact.predicate in MOVES:
            yield from self._move_joint(fact)
        else:
            raise _beyond_it(fact)

    def _move_joint(self, fact: Fact) -> Iterator[Floats]:
        fixture = self._task.fixtures.get(fact.arguments[0])
        self._doing = (MOVES[fact.predicate], fact.arguments)
        if fixture is None or fixture.joint is None:
            raise _beyond_it(fact)
        if fixture.pivot_m is not None:
            yield from self._swing(fixture, raised=fact.predicate in OPPOSITES)
        elif fact.predicate == "open":
            yield from self._open(fixture.name)
        elif fact.predicate == "closed":
            yield from self._close(fixture.name)
        elif fact.predicate == "lit":
            yield from self._press(fixture.name)
        else:
            raise _beyond_it(fact)

    # Behaviours

    def _pick(self, thing: str) -> Iterator[Floats]:
        self._doing = ("pick", (thing,))
        while True:
            fumbled = self._rng.random() < self._manner.fumble_probability
            yield from self._approach(thing)
            yield from self._grasp(thing, self._scale * FUMBLE_M if fumbled else 0.0)
            if not fumbled:
                break
            yield from self._open_hand()
        yield from self._rise(self._manner.carry_m)

    def _place(self, thing: str, where: str) -> Iterator[Floats]:
        self._doing = ("place", (thing, where))
        down = self._release_pose(thing, where)
        yield from self._over(down, self._above_rim(down, thing, where))
        fixture = self._task.fixtures.get(where)
        if fixture is not None and fixture.drop_m > 0.0:
            yield from self._thread(thing, where)
        else:
            yield from self._move(down, self._manner.slow_m_s)
        yield from self._open_hand()
        yield from self._rise(self._hover())

    def _insert(self, peg: str, socket: str) -> Iterator[Floats]:
        self._doing = ("insert", (peg, socket))
        self._width_m = 0.0
        insertion = Insertion(self._task, peg, socket, self._look, self._rng)
        yaw = self._hand_yaw(socket, self._pose(socket))
        yield from self._over(insertion.hand_pose(yaw))
        for _ in range(AIMS):
            yield from self._move(insertion.hand_pose(yaw), self._manner.slow_m_s)
            yield from self._wait(self._manner.grasp_wait_s)
            if (yield from insertion.push(self._ee_pose)):
                break
        yield from self._open_hand()
        yield from self._rise(self._hover())

    def _open(self, fixture: str) -> Iterator[Floats]:
        opened = float(np.mean(self._task.reset.joint_open[fixture]))
        self._width_m = self._scale * HANDLE_WIDTH_M
        handle = self._leaning(self._handle_pose(fixture))
        yield from self._over(handle)
        yield from self._move(handle, self._manner.slow_m_s)
        self._width_m = 0.0
        yield from self._wait(self._manner.grasp_wait_s + 0.2)
        pull = opened + self._scale * PULL_BEYOND_M - self._opening(fixture)
        yield from self._move(_shifted(handle, [-pull, 0.0, 0.0]), self._manner.slow_m_s)
        self._width_m = self._scale * HANDLE_WIDTH_M
        yield from self._wait(self._manner.grasp_wait_s)
        yield from self._rise(self._hover())

    def _close(self, fixture: str) -> Iterator[Floats]:
        self._width_m = 0.0
        handle = self._handle_pose(fixture)
        run_up = self._scale * PUSH_FROM_M
        before = _shifted(handle, [-run_up, 0.0, 0.0])
        yield from self._over(before)
        yield from self._move(before, self._manner.slow_m_s)
        push = self._opening(fixture) + run_up
        yield from self._move(_shifted(before, [push, 0.0, 0.0]), self._manner.slow_m_s)
        back = [-self._scale * LEAVE_M, 0.0, 0.0]
        yield from self._move(_shifted(self._ee_pose, back), self._manner.slow_m_s)
        yield from self._rise(self._hover())

    def _swing(self, fixture: Fixture, raised: bool) -> Iterator[Floats]:
        """Take what turns on an upright hinge by its handle, bring it round and let go."""
        self._width_m = self._scale * HANDLE_WIDTH_M
        handle = self._handle_pose(fixture.name)
        yield from self._over(handle)
        yield from self._move(handle, self._manner.slow_m_s)
        self._width_m = 0.0
        yield from self._wait(self._manner.grasp_wait_s + 0.2)
        raised_rad = float(np.mean(self._task.reset.joint_open[fixture.name]))
        wanted_rad = raised_rad + TURN_BEYOND_RAD if raised else -TURN_BEYOND_RAD
        travel_rad = wanted_rad - self._opening(fixture.name)
        at = np.concatenate([fixture.pivot_m, [1.0, 0.0, 0.0, 0.0]])
        pivot = poses.compose(self._pose(fixture.name), at)[:3]
        speed_m_s, rate_hz = self._manner.slow_m_s, self._task.rate_hz
        yield from sweep(self._ee_pose, pivot, travel_rad, speed_m_s, rate_hz)
        yield from self._wait(self._manner.grasp_wait_s)
        self._width_m = self._scale * HANDLE_WIDTH_M
        yield from self._wait(self._manner.grasp_wait_s)
        yield from self._rise(self._hover())

    def _press(self, fixture: str) -> Iterator[Floats]:
        """Push a button down with closed fingers until it has gone where it stays."""
        self._width_m = 0.0
        before = _shifted(self._handle_pose(fixture), [0.0, 0.0, PRESS_FROM_M])
        yield from self._over(before)
        yield from self._move(before, self._manner.slow_m_s)
        pressed_m = self._task.reset.joint_open[fixture][0]
        step_m = PRESS_M_S / self._task.rate_hz
        for _ in range(round(PRESS_DEPTH_M / step_m)):
            if self._opening(fixture) > pressed_m:
                break
            yield _shifted(self._ee_pose, [0.0, 0.0, -step_m])
        yield from self._rise(self._hover())

    # Pieces of behaviours

    def _approach(self, thing: str) -> Iterator[Floats]:
        self._width_m = self._manner.width_m
        yield from self._over(self._grasp_pose(thing))

    def _grasp(self, thing: str, above_m: float) -> Iterator[Floats]:
        down = _shifted(self._grasp_pose(thing), [0.0, 0.0, above_m])
        yield from self._move(down, self._manner.slow_m_s)
        self._width_m = 0.0
        yield from self._wait(self._manner.grasp_wait_s + 0.35)

    def _thread(self, thing: str, where: str) -> Iterator[Floats]:
        """Lower what has a hole straight over a peg; it has slipped in the hand on its way."""
        down = self._release_pose(thing, where)
        rate_hz, straight = self._task.rate_hz, np.zeros(3)
        yield from reach(self._ee_pose, down, self._manner.slow_m_s, straight, rate_hz)

    def _open_hand(self) -> Iterator[Floats]:
        self._width_m = self._manner.width_m
        yield from self._wait(self._manner.grasp_wait_s)

    def _over(self, pose: Floats, lowest_m: float = 0.0) -> Iterator[Floats]:
        lift = self._hover()
        above = _shifted(pose, [0.0, 0.0, lift])
        above[2] = max(above[2], self._scale * TRAVEL_HEIGHT_M, lowest_m)
        yield from self._move(above, self._manner.speed_m_s)

    def _rise(self, height_m: float) -> Iterator[Floats]:
        up = _shifted(self._ee_pose, [*self._rng.normal(0.0, self._scale * 0.004, 2), height_m])
        yield from self._move(up, self._manner.speed_m_s)

    def _move(self, pose: Floats, speed_m_s: float) -> Iterator[Floats]:
        far = float(np.linalg.norm(pose[:3] - self._ee_pose[:3])) > FAR_M / self._scale
        bend = self._rng.normal(0.0, self._manner.detour_m, 3) if far else np.zeros(3)
        bend[2] = abs(bend[2])
        yield from reach(self._ee_pose, pose, speed_m_s, bend, self._task.rate_hz)

    def _wait(self, seconds: float) -> Iterator[Floats]:
        for _ in range(self._steps(seconds)):
            yield self._ee_pose

    def _hover(self) -> float:
        return self._scale * float(self._rng.uniform(*HOVER_M))

    def _steps(self, seconds: float) -> int:
        return max(1, round(seconds * self._task.rate_hz))

    # Where to put the hand

    def _grasp_pose(self, thing: str) -> Floats:
        pose = self._pose(thing)
        off = self._rng.normal([0.0, 0.0, -self._scale * GRASP_BELOW_M], self._scale * 0.0015)
        spot = grip_position(self._task.objects[thing], pose)
        grip_yaw = self._task.objects[thing].grip_yaw_rad
        return self._hand_at(spot + off, self._hand_yaw(thing, pose, grip_yaw))

    def _release_pose(self, thing: str, where: str) -> Floats:
        spot, yaw = self._spot(thing, where)
        observation, ee_pose = self._look()
        held = poses.relative(ee_pose, observation.object_pose[thing].pose)
        hand = self._hand_at(spot, yaw)
        offset = poses.rotate(hand[3:], held[:3])
        return _shifted(hand, [*(-offset[:2]), -offset[2] + self._scale * RELEASE_ABOVE_M])

    def _above_rim(self, down: Floats, thing: str, where: str) -> float:
        """Height in world at which a full hand clears the rim of what it lowers a thing into."""
        support = self._task.objects.get(where) or self._task.fixtures[where]
        if support.interior_m is None:
            return float(down[2])
        floor_m = float(down[2] - self._task.objects[thing].half_extents_m[2])
        return floor_m + float(support.interior_m[2]) + self._scale * RIM_CLEARANCE_M

    def _spot(self, thing: str, where: str) -> tuple[Floats, float]:
        half = float(self._task.objects[thing].half_extents_m[2])
        pose = self._pose(where)
        support = self._task.objects.get(where) or self._task.fixtures[where]
        interior = support.interior_m
        if isinstance(support, TaskObject) and interior is None:
            height = half + float(support.half_extents_m[2])
            return pose[:3] + [0.0, 0.0, height], self._hand_yaw(where, pose)
        if isinstance(support, Fixture) and support.spot_m is not None:
            up = _inside(support.spot_m[:2], support.spot_m[2] + half + support.drop_m)
            return poses.compose(pose, up)[:3], float(self._rng.normal(0.0, 0.05))
        if interior is None:
            raise InputError(f"nothing can be put in {where}: it has no interior")
        if isinstance(support, Fixture) and support.pivot_m is not None:
            pose = resting_pose(support, pose, self._opening(where))
        inside = self._free_spot(thing, where, pose, np.asarray(interior))
        return poses.compose(pose, inside)[:3], float(self._rng.normal(0.0, 0.05))

    def _free_spot(self, thing: str, where: str, pose: Floats, interior: Floats) -> Floats:
        half = self._task.objects[thing].half_extents_m
        others = [self._pose(n)[:3] for n in self._look()[0].object_pose if n != thing]
        others = [p for p in others if np.linalg.norm(p[:2] - pose[:2]) < self._scale * 0.2]
        room = np.maximum(interior[:2] - half[:2] - self._task.hand_room_m, 0.0)
        best, clearance = np.zeros(2), -1.0
        for _ in range(6):
            spot = self._rng.uniform(-room, room)
            world = poses.compose(pose, _inside(spot, half[2]))[:3]
            gaps = [float(np.linalg.norm(world[:2] - p[:2])) for p in others if p is not pose]
            nearest = min((g for g in gaps if g > 1e-6), default=1.0)
            if nearest > clearance:
                best, clearance = spot, nearest
            if nearest > self._scale * APART_M:
                break
        return _inside(best, float(half[2]))

    def _handle_pose(self, fixture: str) -> Floats:
        handle = self._task.fixtures[fixture].handle_m
        if handle is None:
            raise InputError(f"{fixture} has no handle_m in task.toml")
        spot = poses.compose(self._pose(fixture), np.concatenate([handle, [1.0, 0.0, 0.0, 0.0]]))
        yaw = float(poses.upright_yaw(spot[3:]))
        return self._hand_at(spot[:3] + self._rng.normal(0.0, self._scale * 0.002, 3), yaw)

    def _leaning(self, pose: Floats) -> Floats:
        """The same place with the hand's back turned the way that drawers come out, to -x."""
        return np.concatenate([pose[:3], poses.multiply(self._lean, pose[3:])])

    def _hand_at(self, position: Floats, yaw: float) -> Floats:
        turned = poses.multiply(poses.from_yaw(np.asarray(yaw)), self._upright)
        return np.concatenate([position, turned])

    def _hand_yaw(self, thing: str, pose: Floats, turn_rad: float = 0.0) -> float:
        symmetry = self._task.objects[thing].yaw_symmetry
        return float(poses.fold_yaw(poses.upright_yaw(pose[3:]) + turn_rad, symmetry))

    def _pose(self, name: str) -> Floats:
        return self._look()[0].object_pose[name].pose

    def _opening(self, fixture: str) -> float:
        return self._look()[0].fixture_position[fixture]


def _beyond_it(fact: Fact) -> InputError:
    return InputError(f"the scripted operator cannot bring about {fact}")


def _inside(spot: Floats, height_m: float) -> Floats:
    return np.array([spot[0], spot[1], height_m, 1.0, 0.0, 0.0, 0.0])


def _shifted(pose: Floats, by: list[float]) -> Floats:
    return np.concatenate([pose[:3] + np.asarray(by), pose[3:]])
