"""The command against the twin, with a library whose untrained skill brings nothing about."""

from pathlib import Path

import numpy as np
import pytest
from untrained import no_scales

from robot_skills.cli.deploy import Deploy
from robot_skills.core.errors import InputError, NoPlanError, RobotFault
from robot_skills.core.facts import parse_facts
from robot_skills.core.skill import Operator, Parameter, ReferenceFrame, Skill, SkillLibrary
from robot_skills.nets.networks.kinds import settings_of
from robot_skills.nets.networks.learning import begin, export
from robot_skills.nets.networks.mlp import Mlp
from robot_skills.nets.sight.features import SkillView, skill_features
from robot_skills.run.evaluate.result_files import load_results
from robot_skills.storage.libraries import library_sha256, save_library

POSE = np.array([[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]])
VIEW = SkillView(POSE, POSE, POSE, *np.zeros((4, 1)), *np.zeros((2, 1, 0)))
INPUTS = skill_features(VIEW).shape[1]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    network = Mlp(inputs=INPUTS, chunk=4, hidden=8, layers=1)
    operator = Operator(
        name="open",
        skill="open",
        parameters=(Parameter("?d", "container"),),
        preconditions=parse_facts("closed(?d) gripper_empty()"),
        add=parse_facts("open(?d)"),
        delete=parse_facts("closed(?d)"),
        support=10,
    )
    skill = Skill(
        name="open",
        operators=(operator,),
        frame=ReferenceFrame("object", "?d"),
        settings={**settings_of(network), "open_width_m": 0.08},
        weights=export({**begin(network, 0), **no_scales(network)}),
        end_poses={"open": np.zeros((0, 7))},
        start_ee=np.zeros((1, 3)),
        median_steps=8,
        segments=10,
    )
    folder = tmp_path_factory.mktemp("library") / "untrained"
    return save_library(folder, SkillLibrary("blocks", "ur5e", 20.0, (skill,), {}))


def test_a_check_shows_joints_gripper_and_objects(capsys: pytest.CaptureFixture[str]) -> None:
    Deploy(twin="ur5e", check=True, gap=0.0).run()
    shown = capsys.readouterr().out
    assert "mode running" in shown
    assert shown.count("from its limit") == 6
    assert "0 late ones" in shown
    assert "gripper    answers, open" in shown
    assert "drawer" in shown.splitlines()[-1]


def test_a_goal_missed_is_said_with_the_twins_own_log(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, out = tmp_path / "twin.json", tmp_path / "result.json"
    with pytest.raises(SystemExit) as ended:
        Deploy(goal="open(drawer)", library=library, twin="ur5e", twin_log=log, out=out).run()
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

    monkeypatch.setattr(Deploy, "_carry_out", stops)
    with pytest.raises(RobotFault, match="protective stop"):
        Deploy(goal="open(drawer)", library=library, twin="ur5e", out=tmp_path / "r.json").run()
    assert [row.success for row in load_results(tmp_path / "r.json").rows] == [False]


def test_what_no_skill_brings_about_is_said_before_anything_moves(library: Path) -> None:
    with pytest.raises(NoPlanError, match="in\\(red, tray\\)"):
        Deploy(goal="in(red, tray)", library=library, twin="ur5e").run()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({}, "either --twin ur5e or --host"),
        ({"twin": "ur5e", "host": "127.0.0.9"}, "either --twin ur5e or --host"),
        ({"twin": "ur5"}, "did you mean 'ur5e'"),
    ],
)
def test_a_wrong_target_is_named(flags: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Deploy(check=True, **flags).run()


def test_a_wrong_twin_is_named_before_the_library_is_read(tmp_path):
    with pytest.raises(InputError, match="no twin 'ur5'; did you mean 'ur5e'"):
        Deploy(goal="open(drawer)", library=tmp_path / "none", twin="ur5").deploy()
