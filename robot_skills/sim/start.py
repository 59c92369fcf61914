"""Random starts: which objects, where they stand, and what the goal asks of the start."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.arm import ArmProfile
from robot_skills.core.control import pose_step
from robot_skills.core.errors import InputError
from robot_skills.core.facts import OPPOSITES, Fact, State, format_facts, parse_sequence
from robot_skills.core.predicates import FactObserver
from robot_skills.core.robot import Kinematics
from robot_skills.core.task import Goal, GoalTemplate, Task
from robot_skills.sim.robosuite_episode import start_as_robosuite
from robot_skills.sim.sim_arm import SimArm

Floats = NDArray[np.float64]

TRIES = 200
SETTLE_S = 0.3
SQUEEZE_S = 0.4
EE_YAW_RAD = 0.35  # how far the gripper's start is turned from home


@dataclass(frozen=True)
class Situation:
    """Which objects are there and what is to be brought about."""

    objects: tuple[str, ...]
    goal: Goal


def sample_situation(task: Task, template: GoalTemplate, rng: np.random.Generator) -> Situation:
    """Draw how many objects there are and bind the template's variables to distinct ones."""
    low, high = task.reset.objects
    count = int(rng.integers(max(low, len(template.variables)), high + 1))
    objects = tuple(list(task.objects)[:count])
    free = list(objects)
    names: dict[str, str] = {}
    for variable, kind in template.variables.items():
        fitting = [n for n in free if task.is_a(task.type_of(n), kind)]
        if not fitting:
            raise InputError(f"goal {template.name}: too few objects of type {kind}")
        names["?" + variable] = str(rng.choice(fitting))
        free.remove(names["?" + variable])
    sequence = tuple(fact.bind(names) for fact in template.sequence)
    start = frozenset(fact.bind(names) for fact in template.start)
    return Situation(objects, Goal(template.name, template.seen, sequence, start))


def situation_of(task: Task, goal: str, rng: np.random.Generator) -> Situation:
    """The situation of a template's name, or of facts beside whose objects others stand."""
    if goal in task.goals:
        return sample_situation(task, task.goal(goal), rng)
    sequence = parse_sequence(goal)
    task.check(frozenset(sequence), tuple(task.objects))
    named = {argument for fact in sequence for argument in fact.arguments}
    needed = [name for name in task.objects if name in named]
    others = [name for name in task.objects if name not in named]
    low, high = task.reset.objects
    more = max(int(rng.integers(low, high + 1)) - len(needed), 0)
    present = {*needed, *others[:more]}
    objects = tuple(name for name in task.objects if name in present)
    seen = _is_seen(task, frozenset(sequence), named)
    return Situation(objects, Goal("given", seen, sequence, frozenset()))


def _is_seen(task: Task, facts: State, named: Iterable[str]) -> bool:
    """Whether facts over `named` are a seen goal with objects in the place of its variables."""
    kinds = {name: task.type_of(name) for name in named}
    for template in filter(attrgetter("seen"), task.goals.values()):
        for chosen in permutations(kinds, len(template.variables)):
            bound = dict(zip(template.variables, chosen, strict=True))
            fits = all(task.is_a(kinds[bound[v]], kind) for v, kind in template.variables.items())
            names = {"?" + variable: name for variable, name in bound.items()}
            if fits and facts == {fact.bind(names) for fact in template.sequence}:
                return True
    return False


def reset(robot: SimArm, kinematics: Kinematics, goal: Goal, rng: np.random.Generator) -> None:
    """Put the scene in a random start in which the goal's start facts hold and the goal does not.

    Raises InputError when `TRIES` draws find none.
    """
    task, scene = robot.scene.task, robot.scene
    if task.robosuite:
        start_as_robosuite(robot, int(rng.integers(2**31)))
        return
    observer = FactObserver(task, scene.objects)
    for _ in range(TRIES):
        if not _place_all(robot, kinematics, goal, rng):
            continue
        robot.settle(SETTLE_S)
        observation = robot.observe()
        facts = observer.facts(observation, kinematics.ee_pose(observation.joint_position))
        if goal.start <= facts and not goal.facts <= facts:
            return
    given = f" from {format_facts(goal.start)}" if goal.start else ""
    raise InputError(
        f"no start found for goal {format_facts(goal.facts)}{given} in {TRIES} draws; choose "
        "a goal that does not always hold, or widen reset.region_m or lower reset.spacing_m "
        "in task.toml"
    )


def _place_all(robot: SimArm, kinematics: Kinematics, goal: Goal, rng: np.random.Generator) -> bool:
    """Put everything somewhere, in the hand what the goal starts there; False without room."""
    scene, task = robot.scene, robot.scene.task
    held = tuple(f.arguments[0] for f in goal.start if f.predicate == "holding")
    placed = _place_objects(task, tuple(n for n in scene.objects if n not in held), goal, rng)
    if placed is None:
        return False
    joints = _start_joints(robot, kinematics, rng)
    width = float(rng.choice([0.0, 1.0])) * scene.arm.gripper.width_max_m
    for name in held:
        placed[name] = _in_hand(task, name, kinematics.ee_pose(joints), rng)
        width = task.objects[name].width_m
    robot.place(joints, width, placed, _fixture_positions(task, goal, rng))
    if held:
        _squeeze(robot, joints)
    return True


def _place_objects(
    task: Task, objects: tuple[str, ...], goal: Goal, rng: np.random.Generator
) -> dict[str, Floats] | None:
    stacked = _stacked_pairs(task, objects, goal, rng)
    placed: dict[str, Floats] = {}
    for name in objects:
        if name not in stacked:
            spot = _free_spot(task, name, placed, rng)
            if spot is None:
                return None
            height = task.objects[name].half_extents_m[2]
            placed[name] = _standing(task, name, spot, float(height), rng)
    for upper, lower in stacked.items():
        below, above = (task.objects[n].half_extents_m[2] for n in (lower, upper))
        spot = placed[lower][:2] + rng.normal(0.0, 0.002, 2)
        pose = _standing(task, upper, spot, float(2 * below + above), rng)
        pose[3:] = poses.multiply(
            poses.from_yaw(np.asarray(rng.normal(0.0, 0.05))), placed[lower][3:]
        )
        placed[upper] = pose
    return placed


def _in_hand(task: Task, name: str, ee_pose: Floats, rng: np.random.Generator) -> Floats:
    """Pose (7,) in world of an upright thing in the hand, held with an error.

    Across the pads and about the other two axes flat fingers set right what they close on.
    """
    thing, most = task.objects[name], task.reset
    grip = np.zeros(3) if thing.grip_m is None else thing.grip_m
    upright = np.array([0.0, 1.0, 0.0, 0.0])  # the hand points down: half a turn about x
    shift = rng.uniform(-most.held_error_m, most.held_error_m, 2)
    tilt = poses.from_rotation_vector(
        np.array([rng.uniform(-most.held_error_rad, most.held_error_rad), 0.0, 0.0])
    )
    turn = poses.multiply(tilt, upright)
    in_hand = np.concatenate([[0.0, *shift] - poses.rotate(turn, grip), turn])
    return np.asarray(poses.compose(ee_pose, in_hand))


def _squeeze(robot: SimArm, joints: Floats) -> None:
    """Close the hand on what lies in it."""
    for _ in range(round(SQUEEZE_S * robot.rate_hz)):
        robot.act(joints, 0.0)


def _stacked_pairs(
    task: Task, objects: tuple[str, ...], goal: Goal, rng: np.random.Generator
) -> dict[str, str]:
    asked = {f.arguments[0]: f.arguments[1] for f in goal.start if f.predicate == "on"}
    if asked or rng.random() >= task.reset.stacked_probability:
        return asked
    # Only something that the goal moves elsewhere starts stacked, and never on what is built on:
    # so that no demonstration of a single placement ends in a tower nobody asked for.
    built_on = {f.arguments[-1] for f in goal.sequence if f.arguments}
    upper = [f.arguments[0] for f in goal.sequence if f.arguments and f.arguments[0] in objects]
    lower = [name for name in objects if name not in built_on and name not in upper]
    if not upper or not lower:
        return {}
    return {str(upper[0]): str(rng.choice(lower))}


def _free_spot(
    task: Task, name: str, placed: dict[str, Floats], rng: np.random.Generator
) -> Floats | None:
    own = task.objects[name].region_m
    low, high = task.reset.region_m if own is None else own
    for _ in range(TRIES):
        spot = rng.uniform(low, high)
        if all(np.linalg.norm(spot - p[:2]) > task.reset.spacing_m for p in placed.values()):
            return np.asarray(spot)
    return None


def _standing(
    task: Task, name: str, spot: Floats, height_m: float, rng: np.random.Generator
) -> Floats:
    own = task.objects[name].yaw_range_rad
    limit = task.reset.yaw_range_rad if own is None else own
    yaw = poses.from_yaw(np.asarray(rng.uniform(-limit, limit)))
    return np.concatenate([spot, [height_m], yaw])


def _fixture_positions(task: Task, goal: Goal, rng: np.random.Generator) -> dict[str, float]:
    positions = {}
    for name, (low, high) in task.reset.joint_open.items():
        opened = rng.random() < task.reset.open_probability
        for raised, lowered in OPPOSITES.items():
            if Fact(raised, (name,)) in goal.start:
                opened = True
            if Fact(lowered, (name,)) in goal.start:
                opened = False
        positions[name] = float(rng.uniform(low, high)) if opened else 0.0
    return positions


def _start_joints(robot: SimArm, kinematics: Kinematics, rng: np.random.Generator) -> Floats:
    arm, region = robot.scene.arm, robot.scene.task.reset.ee_region_m
    pose = kinematics.ee_pose(arm.home)
    turn = poses.from_yaw(np.asarray(rng.uniform(-EE_YAW_RAD, EE_YAW_RAD)))
    wanted = np.concatenate([rng.uniform(region[0], region[1]), poses.multiply(turn, pose[3:])])
    return solve_joints(kinematics, arm, wanted)


def solve_joints(kinematics: Kinematics, arm: ArmProfile, ee_pose: Floats) -> Floats:
    """Joints (J,) rad near home that bring the end-effector to a pose (7,) in world."""
    joints = np.array(arm.home, dtype=float)
    for _ in range(100):
        pose = kinematics.ee_pose(joints)
        turn = poses.rotation_vector(poses.multiply(ee_pose[3:], poses.conjugate(pose[3:])))
        error = np.concatenate([ee_pose[:3] - pose[:3], turn])
        if float(np.linalg.norm(error)) < 1e-6:
            break
        low, high = arm.position_min - joints, arm.position_max - joints
        joints = joints + pose_step(kinematics.ee_jacobian(joints), error, low, high)
    return joints
