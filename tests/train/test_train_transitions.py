from dataclasses import replace

from robot_skills.core.demonstration import Segment
from robot_skills.core.facts import Fact, parse_facts
from robot_skills.train.discovery.transitions import find_transitions, settled_facts


def changes(transitions):
    return [(t.added, t.deleted) for t in transitions]


def test_every_change_of_facts_becomes_one_transition(picks_and_places):
    histories, segments = picks_and_places
    found = find_transitions(histories[:1], segments)
    assert changes(found) == [
        (parse_facts("holding(red)"), parse_facts("clear(red) gripper_empty() on(red, table)")),
        (
            parse_facts("on(red, green) clear(red) gripper_empty()"),
            parse_facts("holding(red) clear(green)"),
        ),
        (parse_facts("holding(blue)"), parse_facts("clear(blue) gripper_empty() on(blue, table)")),
        (parse_facts("in(blue, tray) clear(blue) gripper_empty()"), parse_facts("holding(blue)")),
    ]
    edges = [0, *(t.stop for t in found)]
    assert [t.start for t in found] == edges[:-1]
    assert edges[-1] == histories[0].steps


def test_the_effect_is_the_first_step_at_which_all_that_changed_has_changed(picks_and_places):
    histories, segments = picks_and_places
    pick = find_transitions(histories[:1], segments)[0]
    held = Fact("holding", ("red",))
    first = next(t for t, facts in enumerate(histories[0].facts) if held in facts)
    assert pick.effect == first


def test_a_segment_that_changes_nothing_begins_the_next_one(picks_and_places):
    histories, segments = picks_and_places
    history = histories[0]
    whole = [s for s in segments if s.demonstration == history.name]
    first = whole[0]
    middle = first.start + 10
    split = [replace(first, stop=middle), replace(first, start=middle), *whole[1:]]
    assert find_transitions([history], split) == find_transitions([history], whole)


def test_what_follows_the_last_change_belongs_to_it(new_hand):
    hand = new_hand()
    hand.take("red")
    hand.cut()
    hand.move([0.4, 0.0, 0.2])
    [only] = find_transitions([hand.history()], hand.segments())
    assert (only.start, only.stop) == (0, len(hand.rows))


def test_facts_that_flicker_at_a_cut_change_nothing(new_hand):
    hand = new_hand()
    hand.move([0.4, 0.0, 0.2], 20)
    history = hand.history()
    cut = 10
    facts = list(history.facts)
    facts[cut] = facts[cut] - {Fact("clear", ("red",))}
    noisy = replace(history, facts=tuple(facts))
    assert settled_facts(noisy, cut) == history.facts[cut]
    assert find_transitions([noisy], [Segment("one", 0, cut), Segment("one", cut, 20)]) == []
