import pytest
from library_skills import operator, small_library

from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts
from robot_skills.core.operator_search import (
    bringing_about,
    check_query,
    fits_task,
    missing_facts,
    naming,
    startable,
)
from robot_skills.core.task_file import load_task
from robot_skills.paths import find

LIBRARY = small_library()


@pytest.fixture(scope="module")
def task():
    return load_task(find("envs", "blocks"))


@pytest.fixture(scope="module")
def fits(task):
    return fits_task(task)


def goal(text):
    return next(iter(parse_facts(text)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("in(x, drawer)", [("stow", {"?x": "x", "?y": "drawer"})]),
        ("in(red, ?anything)", [("stow", {"?x": "red", "?y": "?anything"})]),
        ("in(block, container)", [("stow", {"?x": "block", "?y": "container"})]),
        ("in(drawer, red)", []),
        ("open(drawer)", [("open", {"?y": "drawer"})]),
        ("open(red)", []),
        ("on(red, blue)", []),
        ("gripper_empty()", [("stow", {})]),
    ],
)
def test_what_brings_a_fact_about_is_found_by_object_type_or_anything(text, found, fits):
    matches = bringing_about(LIBRARY.operators, goal(text), fits)
    assert [(m.operator.name, dict(m.binding)) for m in matches] == found


@pytest.mark.parametrize(
    ("facts", "names"),
    [
        ("clear(red) gripper_empty() closed(drawer)", {"pick": "red", "open": "drawer"}),
        ("holding(red) open(tray)", {"stow": "red"}),
        ("holding(red) closed(tray)", {}),
        ("closed(drawer)", {}),
    ],
)
def test_what_can_start_where_facts_hold_is_found_with_its_objects(facts, names, fits):
    matches = startable(LIBRARY.operators, parse_facts(facts), fits)
    found = {m.operator.name: next(iter(m.binding.values())) for m in matches}
    assert found == names


def test_what_an_operator_lacks_is_as_little_as_can_be(fits):
    stow = LIBRARY.skill("stow").operators[0]
    assert missing_facts(stow, parse_facts("holding(red)"), fits) == parse_facts("open(?y)")
    assert missing_facts(stow, parse_facts("holding(red) open(tray)"), fits) == frozenset()
    assert missing_facts(stow, frozenset(), fits) == stow.preconditions


def test_words_are_looked_for_in_names_and_descriptions():
    assert [o.name for o in naming(LIBRARY, "MOVES pick")] == ["pick"]
    assert naming(LIBRARY, "moves pour") == []
    assert len(naming(LIBRARY, "moves")) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("in(x, drawr)", "no object or type 'drawr'; did you mean 'drawer'"),
        ("inn(x, drawer)", "no predicate 'inn'; did you mean 'in'"),
        ("in(x)", r"in\(x\): expected in\(block, container\)"),
    ],
)
def test_what_the_task_does_not_have_is_named(text, message, task):
    with pytest.raises(InputError, match=message):
        check_query(task, parse_facts(text))


def test_parameters_stand_for_different_things(fits):
    two = operator("swap", "?x: block, ?y: block", "clear(?x) clear(?y)", "on(?x, ?y)", "")
    assert startable([two], parse_facts("clear(red)"), fits) == []
    assert len(startable([two], parse_facts("clear(red) clear(blue)"), fits)) == 1
