"""Where a plan step wants things to be: where its skill was seen to end, if that is free."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.arrays import Array, namespace
from robot_skills.core.errors import InputError
from robot_skills.core.fixtures import place_frame
from robot_skills.core.observation import Observation
from robot_skills.core.policy import Subgoal
from robot_skills.core.skill import PlanStep, Skill
from robot_skills.core.task import Task

Floats = NDArray[np.float64]

# For things of 40 mm; less where a task's are smaller.
ROOM_M = 0.09  # beyond this distance another thing is not in a gripper's way
WALL_M = 0.012  # kept free between a thing and a container's wall, for a finger
LIKENESS = 0.1  # m of clearance that a metre nearer to the usual end is worth


def bind_subgoal(step: PlanStep, skill: Skill, task: Task, observation: Observation) -> Subgoal:
    """Bind a plan step's parameters and choose a free goal pose for what it moves."""
    lifted = skill.operator(step.operator.name)
    binding = lifted.binding(step.arguments)
    if skill.frame.kind != "goal":
        return Subgoal(step.operator.add, binding)
    if lifted.place is None:
        raise InputError(f"skill {skill.name}: {lifted.name} moves ?x to no place that it names")
    thing, place = binding["?x"], binding[lifted.place]
    pose = _free_pose(skill.end_poses[step.operator.name], thing, place, task, observation)
    return Subgoal(step.operator.add, binding, {thing: pose})


def _free_pose(
    ends: Floats, thing: str, place: str, task: Task, observation: Observation
) -> Floats:
    """The seen end (7,) in world with room around it that is most like the others."""
    fitting = fitting_ends(ends, thing, place, task)
    position = observation.fixture_position.get(place, 0.0)
    base = place_frame(task, place, observation.object_pose[place].pose, position)
    world = np.asarray(poses.compose(base, fitting))
    unlike = unlikeness(fitting, ends)
    others = [
        observation.object_pose[name].pose[:2]
        for name in task.objects
        if name in observation.object_pose and name not in (thing, place)
    ]
    return np.asarray(world[best_end(world, np.reshape(others, (-1, 2)), unlike, task.scale)])


def fitting_ends(ends: Floats, thing: str, place: str, task: Task) -> Floats:
    """Ends (E, 7) in a place where a thing keeps off its walls; all of them where none does."""
    fitting = ends[_inside(ends, thing, place, task)]
    return fitting if len(fitting) else ends


def unlikeness(fitting: Floats, ends: Floats) -> Floats:
    """How far in m each of some ends (F, 7) is from the middle of all ends (E, 7)."""
    return np.asarray(np.linalg.norm(fitting[:, :3] - np.median(ends[:, :3], axis=0), axis=1))


def best_end(world: Array, others: Array, unlike: Array, scale: float) -> Array:
    """Which of ends (..., E, 7) in world has room around it, in a task of a scale, and is usual.

    `others` (..., O, 2) are where in m all other things stand; `unlike` (..., E) m.
    """
    xp = namespace(world)
    most = scale * ROOM_M
    if others.shape[-2] == 0:
        room = xp.zeros_like(unlike) + most
    else:
        gaps = world[..., :, None, :2] - others[..., None, :, :]
        nearest = xp.min(xp.linalg.vector_norm(gaps, axis=-1), axis=-1)
        room = xp.clip(nearest, None, most)
    return xp.argmax(room - LIKENESS * unlike, axis=-1)


def _inside(ends: Floats, thing: str, place: str, task: Task) -> NDArray[np.bool_]:
    support = task.fixtures.get(place) or task.objects[place]
    interior = support.interior_m
    if interior is None:
        return np.ones(len(ends), dtype=bool)
    half = task.objects[thing].half_extents_m
    most = interior[:2] - half[:2] - task.scale * WALL_M
    return np.asarray(np.all(np.abs(ends[:, :2]) < most, axis=1))
