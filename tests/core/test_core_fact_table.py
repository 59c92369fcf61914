"""Facts of many worlds at once are those of each world alone."""

import numpy as np
import pytest
import torch

from robot_skills.core.arm import load_arm
from robot_skills.core.observation import Observation, PoseEstimate
from robot_skills.core.predicates import FactObserver, FactTable
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.train.history import read_history

WORLDS = 200
UR5E = find("assets/arms", "ur5e")


def as_tensor(array):
    return torch.as_tensor(array)


def scattered(task, rng):
    """An observation with things at, on and in one another, and a hand at one of them."""
    names = [*task.objects, *task.fixtures]
    pose = {name: np.concatenate([rng.uniform(-0.2, 0.2, 3), [1, 0, 0, 0]]) for name in names}
    for name in task.objects:
        other = names[rng.integers(len(names))]
        pose[name][:3] = pose[other][:3] + rng.normal(0.0, 0.02, 3)
        pose[name][3:] = rng.normal(size=4)
        pose[name][3:] /= np.linalg.norm(pose[name][3:])
    jointed = [f.name for f in task.fixtures.values() if f.joint is not None]
    observation = Observation(
        time_s=0.0,
        joint_position=np.zeros(6),
        joint_velocity=np.zeros(6),
        gripper_width_m=float(rng.choice([0.0, 0.02, 0.03, 0.04, 0.08])),
        object_pose={name: PoseEstimate(one, 0.0) for name, one in pose.items()},
        fixture_position={name: float(rng.uniform(-0.1, 0.3)) for name in jointed},
    )
    return observation, pose[names[rng.integers(len(names))]] + np.array([0, 0, 0.01, 0, 0, 0, 0])


def batch_of(table, seen):
    pose = [[o.object_pose[name].pose for name in table.bodies] for o, _ in seen]
    position = [[o.fixture_position[name] for name in table.joints] for o, _ in seen]
    ee, width = [ee for _, ee in seen], [o.gripper_width_m for o, _ in seen]
    return [np.array(one, dtype=float) for one in (pose, position, ee, width)]


@pytest.mark.parametrize("name", ["blocks", "kitchen", "assembly"])
def test_torch_finds_the_facts_that_are_observed_one_by_one(name):
    task, rng = load_task(find("envs", name)), np.random.default_rng(0)
    seen = [scattered(task, rng) for _ in range(WORLDS)]
    objects = tuple(task.objects)
    table = FactTable(task, objects, as_tensor)
    truth = table.truth(*map(as_tensor, batch_of(table, seen))).numpy()
    observer, met = FactObserver(task, objects), set()
    assert truth.shape == (WORLDS, len(table.facts))
    for row, (observation, ee) in zip(truth, seen, strict=True):
        expected = observer.facts(observation, ee)
        assert {f for f, holds in zip(table.facts, row, strict=True) if holds} == expected
        met |= {fact.predicate for fact in expected}
    assert met >= {"holding", "gripper_empty"}


def test_every_state_of_recorded_episodes_has_the_same_facts():
    task, body = load_task(find("envs", "blocks")), MujocoKinematics(load_arm(UR5E))
    for one in load_demonstrations(find("demos", "blocks")):
        history = read_history(one, task, body)
        table = FactTable(task, history.objects, as_tensor)
        poses = np.stack([history.things[name] for name in table.bodies], axis=1)
        position = np.stack([history.openings[name] for name in table.joints], axis=1)
        parts = (poses, position, history.ee, history.width_m)
        truth = table.truth(*map(as_tensor, parts)).numpy()
        for row, expected in zip(truth, history.facts, strict=True):
            assert {f for f, holds in zip(table.facts, row, strict=True) if holds} == expected
