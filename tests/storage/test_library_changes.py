from dataclasses import replace

import pytest
from library_skills import OPEN, PICK, STOW, better, skill, small_library, with_skill

from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts
from robot_skills.storage.library_changes import (
    Change,
    compare_libraries,
    raised,
    successor,
    version_parts,
)

OLD = small_library()


def changed(**fields):
    return with_skill(OLD, "pick", **fields)


@pytest.mark.parametrize(
    ("new", "change"),
    [
        (OLD, Change.NONE),
        (better(OLD), Change.PATCH),
        (changed(measured={"success": 0.9}), Change.PATCH),
        (changed(operators=(replace(PICK, skill="pick", success=0.9),)), Change.PATCH),
        (changed(settings={"chunk": 3}), Change.PATCH),
        (replace(OLD, lineage={"seed": "1"}), Change.PATCH),
        (replace(OLD, skills=(*OLD.skills, skill("close", [OPEN]))), Change.MINOR),
        (changed(operators=(*OLD.skills[0].operators, replace(STOW, skill="pick"))), Change.MINOR),
        (replace(OLD, skills=OLD.skills[1:]), Change.MAJOR),
        (
            changed(operators=(replace(PICK, skill="pick", add=parse_facts("clear(?x)")),)),
            Change.MAJOR,
        ),
        (
            changed(operators=(replace(PICK, skill="pick", preconditions=frozenset()),)),
            Change.MAJOR,
        ),
        (replace(OLD, arm="panda"), Change.MAJOR),
        (replace(OLD, rate_hz=10.0), Change.MAJOR),
    ],
)
def test_a_change_is_as_great_as_what_plans_relied_on(new, change):
    assert compare_libraries(OLD, new).change is change


def test_what_changed_is_said_skill_by_skill():
    new = better(changed(measured={"success": 0.9}), "open")
    found = compare_libraries(OLD, replace(new, arm="panda"))
    assert [(s.name, s.what) for s in found.skills] == [
        ("pick", ("measured success: none -> 0.9",)),
        ("open", ("weights changed",)),
    ]
    assert found.setting == ("arm: ur5e -> panda",)


@pytest.mark.parametrize(
    ("change", "version"),
    [
        (Change.NONE, "1.2.3"),
        (Change.PATCH, "1.2.4"),
        (Change.MINOR, "1.3.0"),
        (Change.MAJOR, "2.0.0"),
    ],
)
def test_a_version_is_raised_at_one_place_and_cleared_behind_it(change, version):
    assert raised("1.2.3", change) == version


def test_a_higher_version_of_its_own_stays():
    assert successor(OLD, replace(better(OLD), version="3.0.0"), "0.1.0").version == "3.0.0"
    assert successor(OLD, better(OLD), "0.4.1").version == "0.4.2"


@pytest.mark.parametrize("version", ["1.2", "1.2.3.4", "v1.2.3", "1.02.3", "", "1.2.x"])
def test_what_is_no_semantic_version_is_refused(version):
    with pytest.raises(InputError, match="three numbers"):
        version_parts(version)
