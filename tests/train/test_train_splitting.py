from dataclasses import replace

import pytest

from robot_skills.core.facts import Fact, parse_facts
from robot_skills.train.discovery.lifting import lift, signature_of_operator
from robot_skills.train.discovery.splitting import LEAST_REST, Frequent, split_recurring
from robot_skills.train.discovery.transitions import find_transitions

HELD, EMPTY = Fact("holding", ("red",)), Fact("gripper_empty", ())


def picks_and_puts(new_hand, cut_between):
    """Hands that put red on green; those whose entry is False are not cut between the two."""
    hands = [new_hand(f"hand_{seed}", seed) for seed in range(len(cut_between))]
    for hand, cut in zip(hands, cut_between, strict=True):
        hand.take("red")
        if cut:
            hand.cut()
        hand.put_on("green")
    return find_transitions([h.history() for h in hands], [s for h in hands for s in h.segments()])


def test_a_segment_that_holds_two_frequent_changes_is_cut_between_them(new_hand, task):
    found = picks_and_puts(new_hand, [True, True, True, False])
    taken = [first.stop - first.effect for first in found[:6:2]]
    split = split_recurring(found, task, min_support=3)
    assert split[:6] == found[:6]
    pick, put = split[6:]
    assert pick.added == {HELD}
    assert put.deleted >= {HELD}
    assert (pick.start, put.start, put.stop) == (found[6].start, pick.stop, found[6].stop)
    grasp = next(t for t, facts in enumerate(found[6].history.facts) if HELD in facts)
    assert grasp < pick.stop <= grasp + sorted(taken)[1] < put.effect


def test_a_change_that_does_not_recur_is_not_cut_out(new_hand, task):
    found = picks_and_puts(new_hand, [True, True, True, False])
    assert split_recurring(found, task, min_support=4) == found


def test_a_change_that_was_learned_before_is_frequent_however_rare_it_is_here(new_hand, task):
    operators = [one.operator for one in lift(picks_and_puts(new_hand, [True] * 3), task, 3)[0]]
    learned = {signature_of_operator(one): Frequent(3, float("inf")) for one in operators}
    [whole] = picks_and_puts(new_hand, [False])
    assert split_recurring([whole], task, min_support=3) == [whole]
    pick, put = split_recurring([whole], task, 3, learned)
    assert pick.added == {HELD}
    assert put.added == parse_facts("on(red, green) clear(red) gripper_empty()")


@pytest.mark.parametrize(("steps", "pieces"), [(LEAST_REST - 1, 1), (LEAST_REST + 1, 2)])
def test_facts_that_flicker_do_not_cut(steps, pieces, new_hand, task):
    found = picks_and_puts(new_hand, [True, True, True])
    pick, put = found[0], found[1]
    resting = pick.history.facts[pick.stop]
    flickering = list(pick.history.facts[: put.stop])
    before, after = pick.before, put.after
    middle = put.effect - 20
    for step in range(len(flickering)):
        facts = before if step < middle else after
        flickering[step] = resting if 0 <= step - middle < steps else facts
    facts = (*flickering, *pick.history.facts[put.stop :])
    history = replace(pick.history, facts=facts)
    whole = replace(pick, history=history, stop=put.stop, after=put.after, effect=put.effect)
    assert len(split_recurring([whole, *found], task, min_support=3)) == len(found) + pieces
