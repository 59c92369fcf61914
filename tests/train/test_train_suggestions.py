from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core.facts import parse_facts
from robot_skills.core.skill import Operator, Parameter, ReferenceFrame, Skill, SkillLibrary
from robot_skills.train.discovery.grouping import FramedOperator, find_frame, group_operators
from robot_skills.train.discovery.lifting import lift
from robot_skills.train.discovery.motions import (
    LIKE,
    metres_apart,
    spread_m,
    spreads_apart,
    strangeness,
    usual_strangeness,
)
from robot_skills.train.discovery.suggestions import (
    merges,
    splits,
    two_modes,
)
from robot_skills.train.discovery.transitions import find_transitions
from robot_skills.train.lineage import lineage_of_suggestions, suggestions_in


def motions(count, offset_m=0.0, spread=0.01, seed=0):
    """Motions (N, 16) about one planted path, all landmarks moved along x alike."""
    rng = np.random.default_rng(seed)
    path = np.tile([0.1, 0.2, 0.3, 0.04], 4)
    moved = np.tile([offset_m, 0.0, 0.0, 0.0], 4)
    return path + moved + np.tile(rng.normal(0, spread, (count, 1)), 16)


def skill(name, shown, kind="block", add="holding(?x)", delete="clear(?x)"):
    operator = Operator(
        name, name, (Parameter("?x", kind),), frozenset(), parse_facts(add), parse_facts(delete), 9
    )
    frame = ReferenceFrame("object", "?x")
    return Skill(
        name, (operator,), frame, {}, {}, {}, np.zeros((0, 3)), 9, 9, motions={name: shown}
    )


def suggested(*skills):
    return list(merges(SkillLibrary("t", "a", 20.0, skills, {})))


def test_skills_that_move_alike_on_things_of_two_types_are_named(task):
    one, other = skill("take", motions(20)), skill("grab", motions(30, seed=1), kind="cup")
    [line] = suggested(one, other)
    assert line.startswith("merge take (20 segments) and grab (30)? In the frame of the object")
    assert line.endswith("?x is a block in one and a cup in the other: one type makes them one")


@pytest.mark.parametrize(
    "other",
    [
        skill("far", motions(20, 0.5)),
        skill("press", motions(20), kind="knob", add="lit(?x)", delete=""),
        skill("undo", motions(20), add="clear(?x)", delete="holding(?x)"),
        replace(skill("goal", motions(20)), frame=ReferenceFrame("goal", "?x")),
        replace(skill("old", motions(20)), motions={}),
    ],
    ids=lambda one: one.name,
)
def test_skills_apart_opposed_or_of_unknown_motion_are_not(other):
    assert suggested(skill("take", motions(20)), other) == []


def test_the_numbers_are_metres_and_spreads():
    one, other = motions(2000, 0.0), motions(2000, 0.1, seed=1)
    assert metres_apart(one, other) == pytest.approx(0.1, abs=0.002)
    assert spread_m(one) == pytest.approx(0.01 * np.sqrt(3) * np.sqrt(2 / np.pi), rel=0.05)
    assert spreads_apart(one, other) == pytest.approx(0.1 / 0.02 / 4, rel=0.1)


def test_a_motion_is_as_strange_as_it_is_far_from_those_shown():
    shown = motions(2000)
    mean = shown.mean(axis=0)
    assert strangeness(mean, shown) == pytest.approx(0.0)
    assert strangeness(mean + 0.04, shown) == pytest.approx(2.0, rel=0.05)
    assert usual_strangeness(motions(3)) == LIKE
    assert usual_strangeness(np.concatenate([shown, [mean + 0.1]])) > LIKE


@pytest.fixture
def stacked(new_hand, task):
    """Hands that take red as usual and green, where `aside`, beside its middle."""

    def made(aside_m, count=6, names=("red", "green")):
        hands = [new_hand(f"hand_{n}", n) for n in range(count * len(names))]
        for number, hand in enumerate(hands):
            name = names[number % len(names)]
            far = aside_m * (number % 2)
            hand.move(hand.things[name][:3] + [0, 0, 0.1 + far], frame_of=name)
            hand.move(hand.things[name][:3] + [0, 0, far], 8, frame_of=name)
            hand.held, hand._grip = name, np.array([0.0, 0, 0, 0, 1, 0, 0])
            hand.wait(3)
            hand.move(hand.ee[:3] + [0, 0, 0.12], 10, frame_of=name)
        found = find_transitions(
            [h.history() for h in hands], [s for h in hands for s in h.segments()]
        )
        [only] = lift(found, task, 3)[0]
        return find_frame(only, task)

    return made


def test_an_operator_that_moves_otherwise_with_one_thing_is_named(stacked, task):
    [line] = splits(stacked(0.2), task)
    assert line.startswith("split holding_off_surface? With ?x = green (6 segments) and with red")
    assert "it moves 0.195 m apart at a spread of 0.001 m (4.8 spreads)" in line
    assert "another type for green in task.toml" in line


def test_an_operator_that_moves_alike_with_all_things_is_not(stacked, task):
    assert splits(stacked(0.0), task) == []


def test_two_ways_with_one_thing_are_noticed(stacked, task):
    [line] = splits(stacked(0.2, count=12, names=("red",)), task)
    assert line.startswith("split holding_off_surface? 6 segments move one way and 6 another")


def test_two_modes_are_cut_between_them_and_a_bell_is_no_two():
    both = np.concatenate([motions(7), motions(9, 0.2, seed=1)])
    upper = two_modes(both)
    assert sorted([upper.sum(), (~upper).sum()]) == [7, 9]
    assert len(set(upper[:7])) == len(set(upper[7:])) == 1


def test_suggestions_of_the_last_growth_count():
    first, then = lineage_of_suggestions(["a"]), lineage_of_suggestions(["b", "c"])
    assert suggestions_in(first) == ["a"]
    grown = first | {f"grown/2/{key}": line for key, line in then.items()}
    assert suggestions_in(grown) == ["b", "c"]


def test_skills_are_named_around_what_is_taken(picks_and_places, task):
    lifted = lift(find_transitions(*picks_and_places), task, 3)[0]
    assert sorted(g.name for g in group_operators(lifted, task)) == ["holding", "in_or_on"]
    again = group_operators(lifted, task, ["holding", "holding_block", "in_or_on"])
    assert sorted(g.name for g in again) == ["holding_2", "in_or_on_block"]
    for group in again:
        assert {m.operator.skill for m in group.members} == {group.name}


def test_operators_are_named_around_what_is_taken(picks_and_places, task):
    taken = ["on_block", "on_block_2"]
    lifted = lift(find_transitions(*picks_and_places), task, 3, taken)[0]
    names = sorted(one.operator.name for one in lifted)
    assert names == ["holding_off_surface", "in_container", "on_block_3"]
    assert isinstance(find_frame(lifted[0], task), FramedOperator)
