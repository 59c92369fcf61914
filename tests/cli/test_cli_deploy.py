"""The command against the twin, with a library whose untrained skill brings nothing about."""

from pathlib import Path
from typing import Any

import pytest
from deployable import CALM, untrained_library

from robot_skills.cli.deploy import Deploy
from robot_skills.cli.deploy_check import read_extrinsics
from robot_skills.cli.goal_on_arm import GoalOnArm
from robot_skills.core.errors import InputError, NoPlanError, RobotFault
from robot_skills.run.evaluate.result_files import load_results
from robot_skills.storage.libraries import library_sha256

pytestmark = pytest.mark.real_time


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained_library(tmp_path_factory.mktemp("library") / "untrained")


def test_a_goal_missed_is_said_with_the_twins_own_log(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, out = tmp_path / "twin.json", tmp_path / "result.json"
    with pytest.raises(SystemExit) as ended:
        Deploy(
            goal="open(drawer)", library=library, twin="ur5e", twin_log=log, out=out, **CALM
        ).run()
    assert ended.value.code == 1
    shown = capsys.readouterr().out
    assert "open(drawer)" in shown
    assert "goal does not hold as perceived" in shown
    assert "twin: goal does not hold in truth" in shown
    assert "twin: no limit exceeded" in shown
    assert log.exists()
    result = load_results(out)
    assert [(row.task, row.seed, row.success) for row in result.rows] == [
        ("open(drawer)", 0, False)
    ]
    assert result.robot == "twin ur5e, gap 1"
    assert result.library_sha256 == library_sha256(library)


def test_a_run_that_ends_in_a_fault_counts_as_a_failure(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stops(*_args: object) -> None:
        raise RobotFault("protective stop")

    monkeypatch.setattr(GoalOnArm, "carry_out", stops)
    with pytest.raises(RobotFault, match="protective stop"):
        Deploy(
            goal="open(drawer)", library=library, twin="ur5e", out=tmp_path / "r.json", **CALM
        ).run()
    assert [row.success for row in load_results(tmp_path / "r.json").rows] == [False]


def test_a_library_for_another_arm_is_refused_before_the_arm_is_made_ready(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match="trained for the arm ur5e; this is so101"):
        Deploy(goal="open(drawer)", library=library, twin="so101", **CALM).run()
    assert "calibration" not in capsys.readouterr().out


def test_what_no_skill_brings_about_is_said_before_anything_moves(library: Path) -> None:
    with pytest.raises(NoPlanError, match="in\\(red, tray\\)"):
        Deploy(goal="in(red, tray)", library=library, twin="ur5e", **CALM).run()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({}, "either --twin with one of fr3, so101, ur5e, xarm6, or --host"),
        ({"twin": "ur5e", "host": "127.0.0.9"}, "either --twin with one of"),
        ({"twin": "ur5"}, "no twin 'ur5'; did you mean 'ur5e'"),
        ({"host": "127.0.0.9"}, "--host 127.0.0.9 needs --arm"),
        ({"host": "127.0.0.9", "arm": "ur5e", "yes": True}, "--yes is for twins"),
        ({"twin": "ur5e", "camera": ("front",)}, "--camera 'front': write NAME=DEVICE"),
        ({"twin": "ur5e", "extrinsics": Path("/none.toml")}, "no file /none.toml"),
        ({"twin": "panda", "driver": "ur"}, "panda is driven by one of .*; found 'ur'"),
    ],
)
def test_a_wrong_target_is_named(flags: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Deploy(check=True, **flags).run()


def test_a_wrong_twin_is_named_before_the_library_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no twin 'ur5'; did you mean 'ur5e'"):
        Deploy(goal="open(drawer)", library=tmp_path / "none", twin="ur5").deploy()


@pytest.mark.parametrize("text", ["front = 3", "front = [1, 2]", 'front = ["a", 0, 0, 1, 0, 0, 0]'])
def test_camera_poses_that_are_none_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "e.toml").write_text(text)
    with pytest.raises(InputError, match=r"e.toml: front: expected 7 numbers"):
        read_extrinsics(tmp_path / "e.toml")
