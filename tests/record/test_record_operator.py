"""The operator before a world without physics: what it holds goes with its hand."""

from itertools import groupby, pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.arm import load_arm
from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_sequence
from robot_skills.core.observation import Observation, PoseEstimate
from robot_skills.core.predicates import FactObserver
from robot_skills.core.task import Goal
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.record.paths import minimum_jerk, reach, sample_manner
from robot_skills.record.scripted_operator import ScriptedOperator

TASK = load_task(find("envs", "blocks"))
HOME = np.array([0.45, 0.0, 0.25, 0.0, 1.0, 0.0, 0.0])
OBJECTS = ("red", "green", "blue", "yellow")
PAUSE_S = (0.2, 0.9)
NEAR_S = 0.5
SPOTS = [[0.36, -0.1], [0.36, 0.1], [0.5, -0.1], [0.5, 0.1]]
GRIP_M = 0.02


class World:
    """Blocks on a table, a tray and a drawer; the hand is where it was wished to be."""

    def __init__(self, rng):
        turns = poses.from_yaw(rng.uniform(-0.7, 0.7, len(OBJECTS)))
        self.pose = {
            name: np.array([*spot, 0.02, *turn])
            for name, spot, turn in zip(OBJECTS, rng.permutation(SPOTS), turns, strict=True)
        }
        for name, place in {"table": [0.4, 0, 0], "tray": [0.45, -0.3, 0.005]}.items():
            self.pose[name] = np.array([*place, 1.0, 0, 0, 0])
        self.pose["drawer"] = np.array([0.62, 0.3, 0.02, 1.0, 0, 0, 0])
        self.ee, self.width_m = HOME, 0.0
        self.held = None

    def look(self):
        seen = {name: PoseEstimate(pose, 0.0) for name, pose in self.pose.items()}
        width_m = 2 * GRIP_M if self.held else self.width_m
        joints = np.zeros(6)
        return Observation(0.0, joints, joints, width_m, seen, {"drawer": 0.1}), self.ee

    def follow(self, wish):
        if self.held:
            self.pose[self.held] = poses.compose(wish.ee_pose, self._grip)
        self.ee = wish.ee_pose
        if wish.gripper_width_m < GRIP_M and not self.held and self.width_m > GRIP_M:
            self._take()
        if wish.gripper_width_m > GRIP_M:
            self.held = None
        self.width_m = wish.gripper_width_m

    def _take(self):
        far = {n: np.linalg.norm(self.pose[n][:3] - self.ee[:3]) for n in OBJECTS}
        name = min(far, key=far.get)
        if far[name] < GRIP_M:
            self.held, self._grip = name, poses.relative(self.ee, self.pose[name])

    def facts(self):
        return FactObserver(TASK, OBJECTS).facts(*self.look())


class PauseSpy(np.random.Generator):
    """Notes the wish after which a pause begins and how many wishes it lasts."""

    def __init__(self, seed):
        super().__init__(np.random.PCG64(seed))
        self.step = 0
        self.pauses = {}

    def uniform(self, low=0.0, high=1.0, size=None):
        drawn = super().uniform(low, high, size)
        if not isinstance(low, np.ndarray) and (low, high) == PAUSE_S:
            self.pauses[self.step] = max(1, round(drawn * TASK.rate_hz))
        return drawn


def perform(goal, seed, **manner):
    """Wishes of one episode, the world after it, and the pauses."""
    rng, world = PauseSpy(seed), World(np.random.default_rng(seed))
    habits = SimpleNamespace(**vars(sample_manner(np.random.default_rng(seed))) | manner)
    sequence = parse_sequence(goal)
    aim = Goal("given", False, sequence, frozenset())
    operator = ScriptedOperator(TASK, aim, habits, HOME, world.look, rng)
    wishes = []
    for wish in operator.wishes():
        rng.step = len(wishes)
        wishes.append(wish)
        world.follow(wish)
    return wishes, world, rng.pauses


def behaviours(wishes):
    return [key for key, _ in groupby((w.behaviour, w.arguments) for w in wishes)]


GOALS = ["on(red, blue) in(green, tray)", "in(blue, tray) in(red, tray)", "open(drawer)"]


@pytest.mark.parametrize("seed", range(6))
def test_it_brings_about_every_fact_of_the_goal_in_order(seed):
    wishes, world, _ = perform("on(red, blue) in(green, tray)", seed)
    assert set(parse_sequence("on(red, blue) in(green, tray)")) <= world.facts()
    assert behaviours(wishes) == [
        ("pick", ("red",)),
        ("place", ("red", "blue")),
        ("pick", ("green",)),
        ("place", ("green", "tray")),
    ]


def test_pauses_are_no_likelier_near_a_change_of_behaviour_than_elsewhere():
    counts = np.zeros((2, 2))  # [far, near] x [went on, paused]
    for seed in range(150):
        goal = GOALS[seed % 3]
        wishes, _, pauses = perform(goal, seed, pause_probability=0.02, pause_s=PAUSE_S)
        resting = {s for start, n in pauses.items() for s in range(start + 1, start + 1 + n)}
        active = [step for step in range(len(wishes)) if step not in resting]
        doing = [(wishes[step].behaviour, wishes[step].arguments) for step in active]
        changes = [i for i in range(1, len(doing)) if doing[i] != doing[i - 1]]
        for i, step in enumerate(active):
            near = any(abs(i + 0.5 - change) < NEAR_S * TASK.rate_hz for change in changes)
            counts[int(near), int(step in pauses)] += 1
    far, near = counts[:, 1] / counts.sum(axis=1)
    pooled = counts[:, 1].sum() / counts.sum()
    error = np.sqrt(pooled * (1 - pooled) * (1 / counts.sum(axis=1)).sum())
    assert counts[1, 1] > 50
    assert near - far < 2 * error
    assert pooled == pytest.approx(0.02, abs=0.003)


def test_a_fumbled_grasp_is_repeated_until_it_holds_and_is_no_behaviour_of_its_own():
    closings = []
    for seed in range(12):
        wishes, world, _ = perform("in(red, tray)", seed, fumble_probability=0.5)
        assert behaviours(wishes) == [("pick", ("red",)), ("place", ("red", "tray"))]
        assert set(parse_sequence("in(red, tray)")) <= world.facts()
        shut = [w.gripper_width_m < GRIP_M for w in wishes]
        closings.append(sum(now and not before for before, now in pairwise(shut)))
    assert min(closings) == 1
    assert max(closings) >= 3


@pytest.mark.parametrize("goal", [*GOALS, "closed(drawer)", "on(red, blue) on(green, red)"])
def test_wishes_stay_in_the_workspace(goal):
    low, high = TASK.workspace_m
    for seed in range(8):
        path = np.array([w.ee_pose for w in perform(goal, seed)[0]])
        assert np.all(path[:, :3] >= low - 1e-9), path[:, :3].min(axis=0)
        assert np.all(path[:, :3] <= high + 1e-9), path[:, :3].max(axis=0)
        np.testing.assert_allclose(np.linalg.norm(path[:, 3:], axis=1), 1.0)


def test_the_same_seed_gives_the_same_wishes_and_another_seed_others():
    paths = [np.array([w.ee_pose for w in perform(GOALS[0], seed)[0]]) for seed in (4, 4, 5)]
    np.testing.assert_array_equal(paths[0], paths[1])
    assert len(paths[0]) != len(paths[2]) or not np.allclose(paths[0], paths[2])


def test_a_fact_it_cannot_bring_about_is_named():
    with pytest.raises(InputError, match=r"cannot bring about holding\(red\)"):
        perform("holding(red)", 0)


def test_a_reach_ends_where_it_should_and_starts_and_stops_gently():
    start, stop = HOME, np.array([0.6, 0.2, 0.1, 0.0, 1.0, 0.0, 0.0])
    path = np.array(list(reach(start, stop, 0.2, np.array([0.0, 0.0, 0.05]), 20.0)))
    np.testing.assert_allclose(path[-1], stop, atol=1e-12)
    strides = np.linalg.norm(np.diff(np.vstack([start, path])[:, :3], axis=0), axis=1)
    assert strides[0] < 0.2 * strides.max()
    assert strides[-1] < 0.2 * strides.max()
    assert minimum_jerk(np.array([0.0, 0.5, 1.0])) == pytest.approx([0.0, 0.5, 1.0])


def test_no_manner_asks_more_than_the_gripper_opens():
    arm = load_arm(find("assets/arms", "ur5e"))
    for seed in range(50):
        manner = sample_manner(np.random.default_rng(seed))
        assert manner.width_m <= arm.gripper.width_max_m
        assert manner.speed_m_s <= arm.ee_speed_max_m_s
