"""Measured hand-offs travel with their library."""

from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts
from robot_skills.core.skill import (
    Handoff,
    Operator,
    Parameter,
    ReferenceFrame,
    Skill,
    SkillLibrary,
)
from robot_skills.storage.libraries import load_library, save_library
from robot_skills.storage.library_changes import Change, compare_libraries

HANDOFFS = (Handoff("", "pick", 0.9, 18, 20, 1.0), Handoff("pick", "pick", 0.25, 1, 8, 0.125))


@pytest.fixture
def library():
    facts = map(parse_facts, ("clear(?x)", "holding(?x)", "clear(?x)"))
    pick = Operator("pick", "hand", (Parameter("?x", "block"),), *facts, support=3)
    frame, starts = ReferenceFrame("object", "?x"), np.zeros((1, 3))
    hand = Skill("hand", (pick,), frame, {}, {}, {}, starts, median_steps=9, segments=3)
    return SkillLibrary("blocks", "ur5e", 20.0, (hand,), {}, handoffs=HANDOFFS)


def test_hand_offs_come_back_as_they_were_saved(library, tmp_path):
    assert load_library(save_library(tmp_path / "library", library)).handoffs == HANDOFFS


def test_hand_offs_measured_anew_are_a_patch(library):
    changed = compare_libraries(library, replace(library, handoffs=HANDOFFS[:1]))
    assert changed.change is Change.PATCH
    assert "hand-offs were measured anew" in changed.lineage


def test_a_hand_off_that_names_no_pair_is_refused(library, tmp_path):
    file = save_library(tmp_path / "library", library) / "library.toml"
    file.write_text(file.read_text().replace('"pick -> pick"', '"pick"'))
    with pytest.raises(InputError, match="expected a pair such as open -> pick"):
        load_library(file.parent)


def test_a_hand_off_is_a_probability(library, tmp_path):
    file = save_library(tmp_path / "library", library) / "library.toml"
    file.write_text(file.read_text().replace("value = 0.25", "value = 25.0"))
    with pytest.raises(InputError, match="value"):
        load_library(file.parent)
