"""Observations and facts as flat vectors of fixed size, for learning libraries."""

from functools import lru_cache
from itertools import product

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.facts import Fact, State
from robot_skills.core.observation import Observation
from robot_skills.core.task import Task

Floats = NDArray[np.float64]
Vector = NDArray[np.float32]

POSITION_MAX_M = 2.0  # what rolled further away than this is reported at the border
FIXTURE_MAX = 4.0  # rad or m
SPEED_RANGE = 2.0  # joint speeds are reported up to this many times the arm's limit
STATES_KEPT = 256
POSE_MAX = np.array([POSITION_MAX_M] * 3 + [1.0] * 4)


class FlatObservation:
    """One vector (D,) per control step, the same size whatever is on the table.

    In order: joint position (J,) rad, joint velocity (J,) rad/s, end-effector pose in world (7,)
    m + quaternion wxyz, gripper width m; for each object of the task 1 if present, and its pose
    in world (7,), zeros where it is absent; for each jointed fixture its opening in rad or m.
    `high` (D,) is where numbers are cut off, and -high.
    """

    def __init__(self, task: Task, arm: ArmProfile) -> None:
        self._objects = tuple(task.objects)
        self._fixtures = tuple(f.name for f in task.fixtures.values() if f.joint is not None)
        per_object = np.concatenate([[1.0], POSE_MAX])
        width = [2 * arm.gripper.width_max_m]
        after_joints = [*POSE_MAX, *width, *np.tile(per_object, len(self._objects))]
        after_joints += [FIXTURE_MAX] * len(self._fixtures)
        speed = SPEED_RANGE * arm.speed_max
        self.high = np.concatenate([2 * np.pi + 0 * speed, speed, after_joints])
        self.space = Box(-self.high.astype(np.float32), self.high.astype(np.float32))

    def vector(self, observation: Observation, ee_pose: Floats) -> Vector:
        """The vector (D,) of an observation and the end-effector pose (7,) in world."""
        dof = len(observation.joint_position)
        flat = np.zeros(self.high.shape)
        flat[:dof] = observation.joint_position
        flat[dof : 2 * dof] = observation.joint_velocity
        flat[2 * dof : 2 * dof + 7] = ee_pose
        flat[2 * dof + 7] = observation.gripper_width_m
        at = 2 * dof + 8
        for name in self._objects:
            estimate = observation.object_pose.get(name)
            if estimate is not None:
                flat[at] = 1.0
                flat[at + 1 : at + 8] = estimate.pose
            at += 8
        for name in self._fixtures:
            flat[at] = observation.fixture_position[name]
            at += 1
        return np.asarray(np.minimum(np.maximum(flat, -self.high), self.high), np.float32)


class FlatFacts:
    """Facts as a vector (G,) of zeros and ones, over every well-typed fact of a task."""

    def __init__(self, task: Task) -> None:
        self.facts = tuple(
            Fact(predicate.name, names)
            for predicate in task.predicates.values()
            for names in product(
                *(task.of_type(kind, tuple(task.objects)) for kind in predicate.parameters)
            )
            if len(set(names)) == len(names)
        )
        self._index = {fact: number for number, fact in enumerate(self.facts)}
        self._vector = lru_cache(STATES_KEPT)(self._fill)  # facts change far less than poses
        self.space = Box(0.0, 1.0, (len(self.facts),), np.float32)

    def vector(self, facts: State) -> Vector:
        """Ones (G,) at the facts given, zeros elsewhere."""
        return self._vector(facts).copy()

    def _fill(self, facts: State) -> Vector:
        flat = np.zeros(len(self.facts), np.float32)
        flat[[self._index[fact] for fact in facts]] = 1.0
        return flat
