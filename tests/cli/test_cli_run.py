"""What robot-skills run and plan answer to mistakes, before anything moves."""

import pytest
from library_skills import small_library

from robot_skills import cli
from robot_skills.storage.libraries import save_library

UNFIT = "was trained for blocks, not for assembly: operator pick does not fit the task: no type"


@pytest.fixture
def library(tmp_path):
    return str(save_library(tmp_path / "library", small_library()))


@pytest.mark.parametrize(
    ("verb", "flags", "message"),
    [
        ("run", ["--episodes", "0"], "--episodes must be at least 1; found 0"),
        ("run", ["--workers", "0"], "--workers must be at least 1; found 0"),
        ("run", ["--env", "assembly"], UNFIT),
        ("run", ["--task", "towr"], "did you mean 'tower'?"),
        ("run", ["--disturb", "knokced"], "did you mean 'knocked'?"),
        ("run", ["--goal", "in(red, tray)", "--task", "tower"], "not both"),
        (
            "run",
            ["--goal", "closed(drawer) open(drawer)"],
            "--goal asks for both closed(drawer) and what undoes it",
        ),
        (
            "plan",
            ["--goal", "closed(drawer) open(drawer)"],
            "--goal asks for both closed(drawer) and what undoes it",
        ),
    ],
)
def test_a_mistake_is_answered_in_one_line(library, capsys, verb, flags, message):
    assert cli.main([verb, "--library", library, *flags]) == 1
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.startswith("robot-skills: ")
    assert shown.count("\n") == 1
