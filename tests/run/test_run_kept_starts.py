"""Starts that were found are kept as they are, under a key that says what they are of."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts
from robot_skills.run.practice.kept_starts import load_starts, save_starts
from robot_skills.run.practice.starts import Chosen
from robot_skills.run.trials.trial import SkillTrial, Snapshot

MOMENT = Snapshot(
    ("red",),
    np.array([0.1, np.pi]),
    0.08,
    np.ones(6),
    None,
    np.zeros(7),
    0.1,
    0.0,
    parse_facts("clear(red)"),
)
TRIAL = SkillTrial(
    "on(red, blue)", 7, 0, "pick", "pick", ("red",), "", True, True, "SUCCESS", 9, MOMENT, MOMENT
)
CHOSEN = Chosen("pick", (TRIAL, replace(TRIAL, seed=8)), 1 / 3, 0.1, 2e-3)


def test_what_is_kept_comes_back_to_the_bit_and_is_replaced(tmp_path):
    assert load_starts(tmp_path / "starts", "one") is None
    save_starts(tmp_path / "starts", "one", replace(CHOSEN, starts=()))
    save_starts(tmp_path / "starts", "one", CHOSEN)
    np.testing.assert_equal(asdict(load_starts(tmp_path / "starts", "one")), asdict(CHOSEN))
    assert load_starts(tmp_path / "starts", "two") is None
    assert [file.name for file in tmp_path.iterdir()] == ["starts"]


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1}'])
def test_damage_is_named(tmp_path, text):
    save_starts(tmp_path / "starts", "one", CHOSEN)
    (tmp_path / "starts" / "starts.json").write_text(text)
    with pytest.raises(InputError, match=r"starts: damaged .*; remove it"):
        load_starts(tmp_path / "starts", "one")
