from dataclasses import replace
from pathlib import Path

import pytest

from robot_skills.core.errors import InputError
from robot_skills.deploy.done_runs import (
    DoneRun,
    add_run,
    load_runs,
    runs_file,
    was_slow_before,
)

SLOW = DoneRun("2030-01-01T10:00", "c1", "l1", "in(red, tray)", 0.3, True)


def test_runs_are_kept_beside_the_calibration_in_order(tmp_path: Path) -> None:
    file = runs_file(tmp_path / "ur5e-192.168.0.10.toml")
    assert file.name == "ur5e-192.168.0.10.runs.json"
    assert load_runs(file) == []
    add_run(file, SLOW)
    add_run(file, replace(SLOW, success=False))
    assert load_runs(file) == [SLOW, replace(SLOW, success=False)]


@pytest.mark.parametrize(
    ("run", "counts"),
    [
        (SLOW, True),
        (replace(SLOW, success=False), False),
        (replace(SLOW, speed_max_rad_s=1.0), False),
        (replace(SLOW, calibration="c2"), False),
        (replace(SLOW, library="l2"), False),
    ],
)
def test_only_a_slow_success_of_this_arm_and_library_counts(run: DoneRun, counts: bool) -> None:
    assert was_slow_before([run], "c1", "l1") is counts


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "damaged"), ('{"format": 2}', "format must be 1; found 2"), ("{}", "damaged")],
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.runs.json").write_text(text)
    with pytest.raises(InputError, match=words):
        load_runs(tmp_path / "a.runs.json")
