from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts
from robot_skills.core.predicates import FactObserver
from robot_skills.core.task import Goal
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import reset, sample_situation, situation_of

TEMPLATES = tuple(load_task(find("envs", "blocks")).goals)


@pytest.fixture(scope="module")
def robots(task, arm):
    """One robot for each number of blocks."""
    names = tuple(task.objects)
    sets = [names[:count] for count in range(3, 6)]
    return {objects: SimArm(build_scene(task, arm, objects, visual=False)) for objects in sets}


def facts_of(robot, kinematics):
    observation = robot.observe()
    ee_pose = kinematics.ee_pose(observation.joint_position)
    return FactObserver(robot.scene.task, robot.scene.objects).facts(observation, ee_pose)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_start_leaves_the_goal_to_be_done_and_holds_what_it_asks(name, task, robots, kinematics):
    rng = np.random.default_rng(0)
    for _ in range(4):
        situation = sample_situation(task, task.goal(name), rng)
        robot = robots[situation.objects]
        reset(robot, kinematics, situation.goal, rng)
        facts = facts_of(robot, kinematics)
        assert situation.goal.start <= facts
        assert not situation.goal.facts <= facts
        assert parse_facts("gripper_empty()") <= facts
        ee_position = kinematics.ee_pose(robot.observe().joint_position)[:3]
        low, high = task.reset.ee_region_m
        assert np.all((ee_position > low - 1e-3) & (ee_position < high + 1e-3))
        for block in situation.objects:
            position = robot.observe().object_pose[block].pose[:3]
            low, high = task.reset.region_m
            assert np.all((position[:2] > low - 0.01) & (position[:2] < high + 0.01))


def test_objects_named_by_the_goal_are_there_and_distinct(task):
    rng = np.random.default_rng(3)
    counts = set()
    for _ in range(40):
        situation = sample_situation(task, task.goal("two_pairs"), rng)
        named = [a for fact in situation.goal.sequence for a in fact.arguments]
        assert set(named) <= set(situation.objects)
        assert len(set(named)) == 4
        counts.add(len(situation.objects))
    assert counts == {4, 5}


def test_the_seed_alone_decides_the_start(task, robots, kinematics):
    states = []
    for seed in (7, 7, 8):
        rng = np.random.default_rng(seed)
        situation = sample_situation(task, task.goal("put_on"), rng)
        robot = robots[situation.objects]
        reset(robot, kinematics, situation.goal, rng)
        states.append(robot.state)
    np.testing.assert_array_equal(states[0], states[1])
    assert states[0].shape != states[2].shape or not np.array_equal(states[0], states[2])


def test_a_goal_that_always_holds_has_no_start(robots, kinematics):
    robot = next(iter(robots.values()))
    goal = Goal("given", False, tuple(parse_facts("open(tray)")), frozenset())
    with pytest.raises(InputError, match=r"no start found for goal open\(tray\)"):
        reset(robot, kinematics, goal, np.random.default_rng(0))


def test_a_table_too_crowded_says_what_to_change(task, arm, kinematics):
    crowded = replace(task, reset=replace(task.reset, spacing_m=0.5))
    robot = SimArm(build_scene(crowded, arm, ("red", "green", "blue"), visual=False))
    goal = Goal("given", False, tuple(parse_facts("on(red, blue)")), frozenset())
    with pytest.raises(InputError, match=r"widen reset\.region_m or lower reset\.spacing_m"):
        reset(robot, kinematics, goal, np.random.default_rng(0))


def test_a_scene_without_a_body_of_the_task_is_refused(task, arm):
    names = {**task.objects, "orange": replace(task.objects["red"], name="orange")}
    with pytest.raises(InputError, match="no body 'orange'"):
        build_scene(replace(task, objects=names), arm, visual=False)


def test_a_goal_may_speak_of_no_object(task, robots, kinematics):
    robot = robots[tuple(task.objects)]
    sequence = parse_facts("holding(red) gripper_empty()")
    for seed in range(8):  # three starts in ten stack a block
        goal = Goal("given", False, tuple(sequence), frozenset())
        reset(robot, kinematics, goal, np.random.default_rng(seed))
        assert not sequence <= facts_of(robot, kinematics)


@pytest.mark.parametrize(
    ("facts", "seen"),
    [
        ("in(red, tray)", True),
        ("in(green, tray) on(red, blue)", True),
        ("open(drawer)", True),
        ("on(red, table)", False),  # put_on is about two blocks
        ("in(red, drawer)", False),
        ("on(red, blue) on(blue, green)", False),
    ],
)
def test_facts_that_are_a_seen_goal_count_as_seen(task, facts, seen):
    assert situation_of(task, facts, np.random.default_rng(0)).goal.seen is seen
