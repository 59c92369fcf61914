"""robot-skills compare on results files, and on libraries with hand-written policies."""

import json

import numpy as np
import pytest
from library_skills import small_library
from run_skills import Linear, library_with

from robot_skills import cli
from robot_skills.storage.libraries import save_library

DOWN = np.array([1.0, 0.0, 0.0, 0.0, -1.0, 0.0])


def results_file(file, successes, tasks=("tower",), seconds=5.0):
    rows = [
        {"task": task, "seen": True, "seed": seed, "success": seed < successes}
        | {"goal": "on(a, b)", "goal_facts": 1, "goal_facts_held": int(seed < successes)}
        | {"robot_time_s": seconds, "control_steps": 100, "skills": {"pick": [1, 1]}}
        for task in tasks
        for seed in range(30)
    ]
    file.write_text(json.dumps({"format": 1, "episodes": rows, "settings": {}}))
    return str(file)


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    before = results_file(tmp_path / "before.json", 12)
    return before, results_file(tmp_path / "after.json", 27, seconds=4.0)


def test_a_better_library_is_called_better(files, capsys):
    assert cli.main(["compare", *files]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[-2].startswith("second - first: +50.0 points [+3")
    assert shown[-1] == "the second is better"
    assert any(line.split()[:3] == ["tower", "40", "(25..58)"] for line in shown)
    assert any(line.split()[:5] == ["robot", "time,", "s", "5", "4"] for line in shown)


def test_json_holds_the_same_figures(files, capsys):
    assert cli.main(["compare", *files, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["decision"] == "the second is better"
    assert found["totals"][0]["difference"]["gained"] == 15
    assert found["costs"][0]["difference"]["value"] == -1.0


def test_too_few_pairs_have_no_interval_in_json(tmp_path, capsys):
    files = [results_file(tmp_path / name, 2) for name in ("a.json", "b.json")]
    assert cli.main(["compare", *files, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["costs"][0]["difference"]["low"] is None


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ("tasks", "only the same tasks and seeds can be compared"),
        ("library", "not one of each"),
        ("absent", "absent is no skill library"),
    ],
)
def test_what_cannot_be_compared_is_named(files, tmp_path, capsys, other, message):
    second = {
        "tasks": results_file(tmp_path / "t.json", 3, ("swap",)),
        "library": str(save_library(tmp_path / "l", small_library())),
        "absent": str(tmp_path / "absent"),
    }[other]
    first = files[0] if other != "absent" else str(tmp_path / "l")
    assert cli.main(["compare", first, second]) == 1
    assert message in capsys.readouterr().err


def test_libraries_for_another_arm_are_not_compared(tmp_path, capsys):
    folders = [
        str(save_library(tmp_path / arm, small_library(arm=arm))) for arm in ("ur5e", "panda")
    ]
    assert cli.main(["compare", *folders]) == 1
    assert (
        "the libraries differ in arm: ur5e and panda; give two of one arm"
        in capsys.readouterr().err
    )


def test_libraries_are_run_from_the_same_starts_and_kept(tmp_path, capsys):
    """Neither can reach the goal: one lacks the skill, the other's does nothing."""
    still = library_with(drop=Linear.still(DOWN).finishing())
    none = library_with(pick=Linear.still(DOWN).finishing())
    folders = [str(save_library(tmp_path / n, one)) for n, one in (("a", still), ("b", none))]
    flags = ["--task", "put_in_tray", "--episodes", "2", "--workers", "1"]
    assert cli.main(["compare", *folders, *flags, "--out", str(tmp_path / "kept")]) == 0
    shown = capsys.readouterr().out
    assert "not decided: worse by more than 1 point is not ruled out" in shown
    kept = [str(tmp_path / "kept" / name) for name in ("first.json", "second.json")]
    assert cli.main(["compare", *kept]) == 0
    again = capsys.readouterr().out
    assert again.splitlines()[3:] == shown.splitlines()[3:]
