import pytest

from robot_skills.core.errors import InputError
from robot_skills.core.facts import Fact, format_facts, lasting, parse_facts, parse_sequence

TWO = frozenset({Fact("on", ("red", "blue")), Fact("in", ("green", "drawer"))})


@pytest.mark.parametrize(
    "text",
    [
        "on(red, blue) in(green, drawer)",
        "on(red,blue),in(green,drawer)",
        "  on( red , blue )\n in (green, drawer)  ",
    ],
)
def test_facts_are_read_whatever_the_spacing(text):
    assert parse_facts(text) == TWO


def test_text_and_back_is_the_identity():
    facts = TWO | {Fact("gripper_empty"), Fact("holding", ("?x",))}
    assert parse_facts(format_facts(facts)) == facts
    assert format_facts(TWO) == "in(green, drawer) on(red, blue)"


def test_no_text_is_no_fact():
    assert parse_facts("  ") == frozenset()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("on red blue", "cannot read 'on red blue' as a fact; write facts such as"),
        ("on(red, blue", r"cannot read 'on\(red, blue'"),
        ("on(red, blue) and in(a, b)", r"cannot read 'and in\(a, b\)'"),
        ("on(Red, blue)", r"'Red' in 'on\(Red, blue\)' is no object's name"),
        ("on(red,)", r"'' in 'on\(red,\)' is no object's name"),
    ],
)
def test_other_text_is_refused_with_what_would_do(text, message):
    with pytest.raises(InputError, match=message):
        parse_facts(text)


def test_bind_replaces_only_the_names_given():
    fact = Fact("on", ("?x", "blue"))
    assert fact.bind({"?x": "red", "?y": "green"}) == Fact("on", ("red", "blue"))
    assert fact == Fact("on", ("?x", "blue"))


def test_of_a_sequence_only_what_nothing_later_undoes_lasts():
    sequence = parse_sequence("open(drawer) in(red, drawer) closed(drawer) open(door)")
    assert lasting(sequence) == parse_facts("in(red, drawer) closed(drawer) open(door)")
    assert lasting(parse_sequence("turned_off(knob) turned_on(knob)")) == parse_facts(
        "turned_on(knob)"
    )
    assert lasting(parse_sequence("open(drawer) closed(door)")) == parse_facts(
        "open(drawer) closed(door)"
    )
