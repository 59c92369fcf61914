from itertools import product

import numpy as np
import pytest
import torch

from robot_skills.core import predicates
from robot_skills.core.facts import Fact, parse_facts
from robot_skills.core.observation import Observation, PoseEstimate
from robot_skills.core.predicates import FactObserver
from robot_skills.core.task_file import load_task
from robot_skills.paths import find

TASK = load_task(find("envs", "blocks"))
OBJECTS = tuple(TASK.objects)
FACING_DOWN = np.array([0.0, 1.0, 0.0, 0.0])


def local(pose, point):
    w, x, y, z = pose[3:]
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    return rotation.T @ (point - pose[:3])


def facts_one_by_one(observation, ee_pose):
    """The same facts the slow way: every object, every pair, in plain numbers."""
    limits = {name: p.thresholds for name, p in TASK.predicates.items()}
    pose = {name: estimate.pose for name, estimate in observation.object_pose.items()}
    half = {name: TASK.objects[name].half_extents_m for name in OBJECTS}
    facts, held = set(), set()
    for name in OBJECTS:
        x, y, z = local(ee_pose, pose[name][:3])
        slack = observation.gripper_width_m - 2 * min(half[name][:2])
        near = np.hypot(x, y) < limits["holding"]["sideways_m"]
        level = abs(z) < limits["holding"]["along_m"]
        fits = -limits["holding"]["narrower_m"] < slack < limits["holding"]["wider_m"]
        if near and level and fits:
            held.add(name)
            facts.add(Fact("holding", (name,)))
    if not held:
        facts.add(Fact("gripper_empty"))
    inside = set()
    for name, container in product(OBJECTS, ("tray", "drawer")):
        interior = TASK.fixtures[container].interior_m
        x, y, z = local(pose[container], pose[name][:3])
        if abs(x) < interior[0] and abs(y) < interior[1] and 0 < z < interior[2]:
            inside.add(name)
            if name not in held:
                facts.add(Fact("in", (name, container)))
    covered = set()
    for upper, lower in product(OBJECTS, OBJECTS):
        x, y, z = pose[upper][:3] - pose[lower][:3]
        over = np.hypot(x, y) < limits["on"]["horizontal_m"]
        touching = abs(z - half[upper][2] - half[lower][2]) < limits["on"]["vertical_m"]
        if upper != lower and over and touching and not {upper, lower} & held:
            facts.add(Fact("on", (upper, lower)))
            covered.add(lower)
    for name in set(OBJECTS) - held:
        low = abs(pose[name][2] - half[name][2]) < limits["on"]["vertical_m"]
        if low and name not in inside:
            facts.add(Fact("on", (name, "table")))
        if name not in covered:
            facts.add(Fact("clear", (name,)))
    return frozenset(facts) | openings(observation, limits)


def openings(observation, limits):
    facts = {Fact("open", ("tray",))}
    if observation.fixture_position["drawer"] > limits["open"]["above"]:
        facts.add(Fact("open", ("drawer",)))
    if observation.fixture_position["drawer"] < limits["closed"]["below"]:
        facts.add(Fact("closed", ("drawer",)))
    return facts


def random_scene(rng):
    """Things so close together that every relation comes up often."""
    drawer = rng.uniform(0, 0.17)
    pose = {"tray": np.array([0.46, -0.3, 0.004, 1, 0, 0, 0]), "table": np.eye(7)[3]}
    pose["drawer"] = np.array([0.7 - drawer, 0.3, 0.008, 1, 0, 0, 0])
    spots = [np.array([0.4, 0.0, 0.0]), np.array([0.46, -0.3, 0.01]), pose["drawer"][:3]]
    for name in OBJECTS:
        turn = rng.normal(size=4)
        height = rng.choice([0.02, 0.06, 0.1]) + rng.normal(0, 0.006)
        position = spots[rng.integers(3)] + [*rng.normal(0, 0.03, 2), height]
        pose[name] = np.concatenate([position, turn / np.linalg.norm(turn)])
    turn = rng.normal(size=4)
    ee_pose = np.concatenate(
        [pose[rng.choice(OBJECTS)][:3] + rng.normal(0, 0.01, 3), turn / np.linalg.norm(turn)]
    )
    seen = {name: PoseEstimate(value, 0.0) for name, value in pose.items()}
    width = rng.uniform(0.02, 0.06)
    observation = Observation(0.0, np.zeros(6), np.zeros(6), width, seen, {"drawer": drawer})
    return observation, ee_pose


def test_facts_equal_a_plain_reference_on_random_scenes():
    rng = np.random.default_rng(0)
    observer, met = FactObserver(TASK, OBJECTS), set()
    for _ in range(400):
        observation, ee_pose = random_scene(rng)
        facts = observer.facts(observation, ee_pose)
        assert facts == facts_one_by_one(observation, ee_pose)
        met |= {fact.predicate for fact in facts}
    assert met == set(TASK.predicates)


def test_a_held_block_rests_on_nothing_and_uncovers_what_was_below():
    pose = {name: np.array([0.3, 0.1 * i, 0.02, 1, 0, 0, 0]) for i, name in enumerate(OBJECTS)}
    pose["red"] = pose["blue"] + [0, 0, 0.04, 0, 0, 0, 0]
    pose |= {name: np.array([5.0, 5, 0, 1, 0, 0, 0]) for name in ("table", "tray", "drawer")}
    seen = {name: PoseEstimate(value, 0.0) for name, value in pose.items()}
    observer = FactObserver(TASK, OBJECTS)
    ee_pose = np.concatenate([pose["red"][:3], FACING_DOWN])
    closed = Observation(0.0, np.zeros(6), np.zeros(6), 0.04, seen, {"drawer": 0.0})
    opened = Observation(0.0, np.zeros(6), np.zeros(6), 0.085, seen, {"drawer": 0.0})
    assert parse_facts("holding(red) clear(blue)") <= observer.facts(closed, ee_pose)
    assert parse_facts("on(red, blue) gripper_empty() clear(red)") <= observer.facts(
        opened, ee_pose
    )
    assert Fact("clear", ("blue",)) not in observer.facts(opened, ee_pose)


@pytest.mark.parametrize("library", [np.asarray, torch.as_tensor], ids=["numpy", "torch"])
def test_formulas_take_leading_dimensions_in_either_library(library):
    rng = np.random.default_rng(1)
    upper, lower, width = rng.normal(0, 0.015, (20, 3, 3)), rng.normal(0, 0.015, (3, 3)), 0.04
    turn = rng.normal(size=(20, 3, 4))
    frame = np.concatenate([upper, turn / np.linalg.norm(turn, axis=-1, keepdims=True)], axis=-1)
    holding, on = (TASK.predicates[n].thresholds for n in ("holding", "on"))
    interior = np.array([0.02, 0.03, 0.04])
    results = {
        "rests_on": lambda at: predicates.rests_on(
            library(upper[at]), library(lower[at[1:]]), 0.02, on
        ),
        "is_held": lambda at: predicates.is_held(
            library(lower[at[1:]]), library(frame[at]), width, 0.04, holding
        ),
        "is_inside": lambda at: predicates.is_inside(
            library(lower[at[1:]]), library(frame[at]), library(interior), 0.0
        ),
    }
    for formula in results.values():
        batch = formula((slice(None), slice(None)))
        assert batch.shape == (20, 3)
        assert 0 < int(batch.sum()) < 60
        for at in product(range(20), range(3)):
            assert bool(formula(at)) == bool(batch[at])
