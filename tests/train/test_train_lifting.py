from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core.facts import Fact, parse_facts
from robot_skills.core.skill import ReferenceFrame
from robot_skills.train.discovery.grouping import find_frame, group_operators
from robot_skills.train.discovery.lifting import lift
from robot_skills.train.discovery.transitions import find_transitions


@pytest.fixture
def transitions(picks_and_places):
    return find_transitions(*picks_and_places)


def by_name(lifted):
    return {one.operator.name: one.operator for one in lifted}


def test_picks_and_places_of_any_block_become_three_operators(transitions, task):
    lifted, left = lift(transitions, task, min_support=3)
    operators = by_name(lifted)
    assert {name: o.support for name, o in operators.items()} == {
        "holding_off_surface": 12,
        "on_block": 6,
        "in_container": 6,
    }
    assert left == []
    pick = operators["holding_off_surface"]
    assert [p.type for p in pick.parameters] == ["block", "surface"]
    ground = pick.ground(("green", "table"))
    assert ground.add == parse_facts("holding(green)")
    assert ground.preconditions == parse_facts("on(green, table) clear(green) gripper_empty()")


def test_a_change_that_recurs_too_rarely_is_left_over(transitions, task):
    lifted, left = lift(transitions, task, min_support=7)
    assert list(by_name(lifted)) == ["holding_off_surface"]
    assert len(left) == 12


def test_a_change_with_something_beside_supports_the_frequent_one(transitions, task):
    pushed = Fact("clear", ("green",))
    first = transitions[0]
    odd = replace(first, before=first.before | {pushed}, after=first.after - {pushed})
    lifted, left = lift([odd, *transitions[1:]], task, min_support=3)
    assert by_name(lifted)["holding_off_surface"].support == 12
    assert left == []


def test_two_operators_that_bring_about_the_same_are_told_apart(transitions, task):
    """A library keeps operators by name: one of two of the same name would be lost."""
    picks = [t for t in transitions if any(f.predicate == "holding" for f in t.added)]
    still_clear = [
        replace(t, after=t.after | {f for f in t.deleted if f.predicate == "clear"})
        for t in picks[:4]
    ]
    lifted, _ = lift([*still_clear, *picks[4:]], task, min_support=3)
    names = [one.operator.name for one in lifted]
    assert names == ["holding_off_surface", "holding_off_surface_2"]
    groups = group_operators(lifted, task)
    assert sorted(m.operator.name for g in groups for m in g.members) == sorted(names)


def test_a_bare_name_that_is_taken_also_says_of_what(transitions, task):
    bare = [
        replace(
            t, after=frozenset(f for f in t.after if f.predicate == "holding"), before=frozenset()
        )
        for t in transitions
        if any(f.predicate == "holding" for f in t.added)
    ]
    assert [one.operator.name for one in lift(bare, task, 3, ["holding"])[0]] == ["holding_block"]


def test_a_precondition_need_not_hold_where_sensors_missed_it_once(transitions, task):
    missed = Fact("clear", ("red",))
    facts = replace(transitions[4], before=transitions[4].before - {missed})
    noisy = [*transitions[:4], facts, *transitions[5:]]
    pick = by_name(lift(noisy, task, min_support=3)[0])["holding_off_surface"]
    assert missed in pick.ground(("red", "table")).preconditions


def test_the_frame_found_is_the_one_the_motions_were_planted_in(transitions, task):
    found = {}
    for one in lift(transitions, task, min_support=3)[0]:
        framed = find_frame(one, task)
        found[one.operator.name] = framed.frame
        assert framed.spread_m < 0.02
        assert framed.spread_m == min(framed.spreads_m.values())
    assert found["holding_off_surface"] == ReferenceFrame("object", "?x")
    assert found["in_container"] == ReferenceFrame("goal", "?x")


def test_the_thing_that_a_frame_belongs_to_is_named_x(transitions, task):
    for group in group_operators(lift(transitions, task, min_support=3)[0], task):
        for member in group.members:
            assert member.frame.parameter == "?x"
            assert "?x" in [p.name for p in member.operator.parameters]
            assert member.operator.skill == group.name


@pytest.fixture
def drawers(new_hand, task):
    """Histories in which one and the same motion opens the drawer and then shuts it."""
    hands = [new_hand(f"drawer_{seed}", seed) for seed in range(4)]
    for hand in hands:
        hand.pull(0.16)
        hand.cut()
        hand.pull(0.0)
    segments = [s for hand in hands for s in hand.segments()]
    return find_transitions([hand.history() for hand in hands], segments)


def test_what_undoes_another_is_another_skill_even_where_motions_agree(drawers, task):
    groups = group_operators(lift(drawers, task, min_support=3)[0], task)
    assert sorted(g.name for g in groups) == ["closed", "open"]


def test_operators_that_move_alike_share_a_skill(new_hand, task):
    hands = [new_hand(f"stack_{seed}", seed) for seed in range(4)]
    for hand in hands:
        hand.take("red")
        hand.cut()
        hand.put_on("green")
        hand.cut()
        hand.take("red")  # off a block now
        hand.cut()
        hand.put_in_tray()
    segments = [s for hand in hands for s in hand.segments()]
    transitions = find_transitions([hand.history() for hand in hands], segments)
    groups = group_operators(lift(transitions, task, min_support=3)[0], task)
    shared = {g.name: sorted(m.operator.name for m in g.members) for g in groups}
    assert shared["holding"] == ["holding_off_block", "holding_off_surface"]


def test_lifting_does_not_depend_on_which_objects_were_there(transitions, task):
    renamed = {"red": "purple", "green": "yellow", "blue": "red"}
    swapped = [
        replace(
            t,
            before=frozenset(f.bind(renamed) for f in t.before),
            after=frozenset(f.bind(renamed) for f in t.after),
        )
        for t in transitions
    ]
    one, other = (by_name(lift(some, task, 3)[0]) for some in (transitions, swapped))
    assert one == other


def test_grouping_is_the_same_every_time(transitions, task):
    lifted = lift(transitions, task, min_support=3)[0]
    groups = [group_operators(lifted, task) for _ in range(2)]
    assert [g.name for g in groups[0]] == [g.name for g in groups[1]]
    assert np.isfinite([m.spread_m for g in groups[0] for m in g.members]).all()
