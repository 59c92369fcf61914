import numpy as np
import pytest

from robot_skills.cli import main
from robot_skills.cli.segment import METHODS
from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.nets import gaussian_predictor as predictor
from robot_skills.segment import Method
from robot_skills.storage.episodes import EpisodeWriter
from robot_skills.storage.segments import load_segments
from robot_skills.storage.truth import Truth, save_truth


@pytest.fixture
def episodes(tmp_path):
    """Two short episodes of a hand that goes to and fro, one with truth beside it."""
    folder = tmp_path / "set"
    for number in range(2):
        step = np.arange(160)
        path = np.stack([0.2 * np.sin(step / (12 + number)), 0.0 * step, 0.0 * step], axis=1)
        pose = np.concatenate([path, np.tile([1.0, 0, 0, 0], (160, 1))], axis=1)
        width = np.where(step // 40 % 2 == 0, 0.08, 0.02)[:, None]
        one = Demonstration(
            f"episode_{number:06d}",
            20.0,
            {
                "ee_pose": Channel(pose, "m", ChannelKind.POSE),
                "gripper_width": Channel(width, "m", ChannelKind.GRIPPER),
            },
        )
        with EpisodeWriter(folder, number, {}, 20.0) as writer:
            writer.finish(one)
    save_truth(folder, "episode_000000", Truth((40, 80, 120)))
    return folder


def test_segment_writes_the_table_and_pictures_and_prints_the_score(episodes, tmp_path, capsys):
    out = tmp_path / "out"
    flags = ["--out", str(out), "--method", "gripper", "--explain"]
    assert main(["segment", str(episodes), *flags]) == 0
    printed = capsys.readouterr().out
    assert "2 demonstrations, 6 cuts, 8 segments" in printed
    assert "F1 1.00" in printed and "truth of 1 demonstrations (3 boundaries" in printed
    assert "cut 1 at 2.00 s, 100 % sure, because the gripper switched" in printed
    table = load_segments(out / "segments.json")
    assert [s.start for s in table.segments] == [0, 40, 80, 120] * 2
    assert table.made_by["method"] == "gripper"
    assert (out / "episode_000001.png").stat().st_size > 5000


def test_segment_takes_one_episode_and_the_default_method(episodes, tmp_path, monkeypatch):
    monkeypatch.setattr(predictor, "TRAINING_STEPS", 20)
    out = tmp_path / "out"
    flags = ["--about", "3", "--out", str(out)]
    assert main(["segment", str(episodes / "episode_000001"), *flags]) == 0
    table = load_segments(out / "segments.json")
    assert table.segments[0].start == 0 and table.segments[-1].stop == 160
    assert 2 <= len(table.segments) <= 3 and table.made_by["about"] == "3"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "shipped demonstrations are in demos/blocks"),
        (["nowhere"], "no file or folder nowhere"),
        (["{set}", "--finer", "0"], "finer must be positive"),
        (["{set}", "--finest", "2"], "--finer"),
        (["{set}", "--method", "lotos"], "did you mean 'lotus'?"),
        (["{set}", "--method", "buds", "--skills", "1"], "skills must be 2 or more"),
        (["{set}", "--method", "buds", "--about", "3"], "buds does not take it"),
        (["{set}", "--about", "0"], "about must be 1 or more"),
        (["{set}", "--weights", "resnet.pth"], "resnet.pth belong to no network"),
    ],
)
def test_mistakes_are_told(episodes, tmp_path, capsys, given, message):
    words = [word.format(set=episodes) for word in given]
    assert main(["segment", *words, "--out", str(tmp_path / "out")]) != 0
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_every_method_has_its_line_of_help():
    assert list(METHODS) == [method.value for method in Method]


def test_a_method_that_labels_writes_its_skills(episodes, tmp_path):
    out = tmp_path / "out"
    flags = ["--method", "buds", "--skills", "2", "--no-pictures", "--out", str(out)]
    assert main(["segment", str(episodes), *flags]) == 0
    skills = {piece.skill for piece in load_segments(out / "segments.json").segments}
    assert skills <= {"skill_1", "skill_2"} and "skill_1" in skills
