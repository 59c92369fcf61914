"""What is demonstrated never contains what nobody shall demonstrate."""

from collections.abc import Iterator
from itertools import permutations

import numpy as np
import pytest

from robot_skills.core.arm import load_arm
from robot_skills.core.facts import Fact, State, parse_facts
from robot_skills.core.predicates import FactObserver
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import reset, sample_situation
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.train.history import read_history

TASK = load_task(find("envs", "blocks"))
SEEN = [name for name, template in TASK.goals.items() if template.seen]
UNSEEN = [template for template in TASK.goals.values() if not template.seen]
STARTS = 150


def brought_about(state: State, fact: Fact) -> State:
    """Facts of place after the operator served `fact`, by what its behaviours do."""
    thing = fact.arguments[0]
    moved = {f for f in state if f.arguments[:1] != (thing,) or f.predicate not in ("on", "in")}
    if fact.predicate in ("open", "closed"):
        moved = {f for f in state if f.arguments != fact.arguments}
    return frozenset({*moved, fact})


def unseen_bindings(objects: tuple[str, ...]) -> Iterator[tuple[str, State, State]]:
    """Name, start and goal facts of every unseen goal on the objects present."""
    for template in UNSEEN:
        variables = [f"?{name}" for name in template.variables]
        for chosen in permutations(objects, len(variables)):
            names = dict(zip(variables, chosen, strict=True))
            start = frozenset(fact.bind(names) for fact in template.start)
            yield template.name, start, frozenset(fact.bind(names) for fact in template.facts)


def unseen_among(states: list[State], objects: tuple[str, ...]) -> set[str]:
    """Unseen goals that are reached on the way, after their start facts held."""
    found = set()
    for name, start, goal in unseen_bindings(objects):
        begun = False
        for state in states:
            begun = begun or start <= state
            if begun and goal <= state:
                found.add(name)
    return found


def towers(state: State) -> list[tuple[str, str, str]]:
    on = [f.arguments for f in state if f.predicate == "on"]
    return [(x, y, z) for x, y in on for other, z in on if other == y and z in TASK.objects]


@pytest.fixture(scope="module")
def arm():
    return load_arm(find("assets/arms", "ur5e"))


@pytest.fixture(scope="module")
def robots(arm):
    names = tuple(TASK.objects)
    sets = [names[:count] for count in range(3, 6)]
    return {one: SimArm(build_scene(TASK, arm, one, visual=False)) for one in sets}


@pytest.fixture(scope="module")
def kinematics(arm):
    return MujocoKinematics(arm)


def test_the_search_finds_what_is_unseen():
    states = [parse_facts("on(red, table)"), parse_facts("on(red, blue) on(blue, green)")]
    assert unseen_among(states, tuple(TASK.objects)) == {"tower"}
    swapped = [parse_facts("on(red, blue)"), parse_facts("on(blue, red)")]
    assert unseen_among(swapped, tuple(TASK.objects)) == {"swap"}
    assert unseen_among(swapped[:1], tuple(TASK.objects)) == set()


@pytest.mark.parametrize("name", SEEN)
def test_a_demonstration_of_a_seen_goal_never_passes_through_an_unseen_one(
    name, robots, kinematics, monkeypatch
):
    monkeypatch.setattr("robot_skills.sim.start.SETTLE_S", 0.0)  # facts of the start, no physics
    for seed in range(STARTS):
        rng = np.random.default_rng(seed)
        situation = sample_situation(TASK, TASK.goal(name), rng)
        robot = robots[situation.objects]
        reset(robot, kinematics, situation.goal, rng)
        observation = robot.observe()
        ee = kinematics.ee_pose(observation.joint_position)
        states = [FactObserver(TASK, situation.objects).facts(observation, ee)]
        for fact in situation.goal.sequence:
            states.append(brought_about(states[-1], fact))
        assert unseen_among(states, situation.objects) == set(), f"seed {seed}"
        assert not any(towers(state) for state in states), f"seed {seed}"


def test_the_shipped_demonstrations_pass_through_nothing_unseen(kinematics):
    for one in load_demonstrations(find("demos", "blocks")):
        history = read_history(one, TASK, kinematics)
        assert unseen_among(list(history.facts), history.objects) == set()
        assert not any(towers(state) for state in history.facts)
