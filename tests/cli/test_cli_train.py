import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from robot_skills.cli import compute, main
from robot_skills.cli.refine import Refine
from robot_skills.cli.train import (
    Train,
    check_segments,
    left_over_lines,
    recorded_environment,
)
from robot_skills.cli.verb import config_flags
from robot_skills.core.demonstration import Segment
from robot_skills.core.errors import InputError
from robot_skills.paths import data_folder, find
from robot_skills.storage.episodes import load_demonstrations, save_episode
from robot_skills.storage.libraries import load_library
from robot_skills.train.learning import cloning
from robot_skills.train.trainer import TrainConfig

DEMOS = str(find("demos", "blocks"))
QUICK = ["--true-segments", "--min-support", "2", "--steps", "5", "--copies", "1", "--threads", "1"]


def train(out, *flags, demos=DEMOS):
    return main(["train", str(demos), "--out", str(out), *QUICK, *flags])


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    out = tmp_path_factory.mktemp("train") / "library"
    assert train(out) == 0
    return out


def test_train_writes_a_library_that_loads(library):
    loaded = load_library(library)
    operators = {o.name: o.support for o in loaded.operators}
    assert operators["holding_off_surface"] == 3
    assert operators["in_container"] == 3
    assert (loaded.task, loaded.arm, loaded.rate_hz) == ("blocks", "ur5e", 20.0)
    assert not library.with_name("library.training").exists()


def test_every_skill_has_a_card_with_its_picture(library):
    for skill in load_library(library).skills:
        folder = library / "skills" / skill.name
        assert "](card.png)" in (folder / "card.md").read_text()
        assert (folder / "card.png").read_bytes().startswith(b"\x89PNG")


def test_the_lineage_says_what_it_was_trained_on_and_how(library):
    lineage = load_library(library).lineage
    assert {f"sha256/episode_00000{n}" for n in range(3)} <= lineage.keys()
    assert lineage["segment/method"] == "truth"
    assert lineage["train/cloning.steps"] == "5"
    assert lineage["seed"] == "0"


def test_the_table_tells_what_each_skill_needs_and_brings_about(tmp_path, capsys):
    assert train(tmp_path / "library", "--min-support", "3") == 0
    printed = capsys.readouterr().out
    assert "holding: moves in the frame of the object of ?x, learned from 3 segments" in printed
    assert "needs         clear(?x) gripper_empty() on(?x, ?y)" in printed
    assert "brings about  holding(?x)" in printed
    assert "recur too rarely for an operator: 4" in printed
    assert "episode_000000 steps 0 to 48: " in printed


def test_training_again_is_refused_until_told_to_replace(library, capsys, tmp_path):
    assert train(library) == 1
    assert "exists already; choose another name, replace or remove it" in capsys.readouterr().err
    copy = shutil.copytree(library, tmp_path / "copy")
    assert train(copy, "--replace", "--seed", "1") == 0
    assert load_library(copy).lineage["seed"] == "1"


def test_a_folder_that_is_no_library_is_never_replaced(tmp_path, capsys):
    (tmp_path / "thesis").mkdir()
    assert train(tmp_path / "thesis", "--replace") == 1
    assert "is no skill library; choose another folder" in capsys.readouterr().err


def test_a_training_that_was_cut_off_goes_on_with_the_skill_it_was_at(
    library, tmp_path, monkeypatch, capsys
):
    fits, optimiser = [], cloning.torch.optim.AdamW

    def stopped_at_the_second(*given, **named):
        fits.append(given)
        if len(fits) == 2:
            raise KeyboardInterrupt
        return optimiser(*given, **named)

    out = tmp_path / "library"
    monkeypatch.setattr(cloning.torch.optim, "AdamW", stopped_at_the_second)
    assert train(out) == 130
    assert not out.exists()
    assert train(out) == 0
    assert len(fits) == 2 + len(load_library(out).skills) - 1
    assert "kept from the training that was cut off: in_or_on" in capsys.readouterr().out
    assert [p.name for p in tmp_path.iterdir()] == ["library"]
    for one, other in zip(load_library(library).skills, load_library(out).skills, strict=True):
        for name, array in one.weights.items():
            np.testing.assert_array_equal(array, other.weights[name])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--segments", "s.json"], "--segments and --true-segments exclude each other"),
        (["--seed", "-1"], "--seed must be at least 0; found -1"),
        (["--steps", "0"], "--steps must be at least 1; found 0"),
        (["--min-support", "9"], "no change of facts recurs in 9 segments or more"),
        (["--env", "blcks"], "did you mean 'blocks'"),
    ],
)
def test_wrong_flags_are_answered_with_what_would_do(flags, message, tmp_path, capsys):
    assert train(tmp_path / "out", *flags) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_and_a_missing_one_are_told_apart(tmp_path, capsys):
    assert train(tmp_path / "out", demos=tmp_path) == 1
    assert "no recordings in" in capsys.readouterr().err
    assert train(tmp_path / "out", demos=tmp_path / "nowhere") == 1
    assert "no file or folder" in capsys.readouterr().err


@pytest.mark.parametrize("lacking", ["gripper_width", "action/ee_pose", "object_pose/tray"])
def test_a_missing_channel_is_named(lacking, tmp_path, capsys):
    one = load_demonstrations(find("demos", "blocks"))[2]
    channels = {name: c for name, c in one.channels.items() if name != lacking}
    save_episode(tmp_path / "set", replace(one, channels=channels))
    assert train(tmp_path / "out", demos=tmp_path / "set") == 1
    assert f"cannot be trained on: it lacks {lacking} " in capsys.readouterr().err


def test_a_demonstration_that_names_no_arm_is_refused(tmp_path, capsys):
    one = load_demonstrations(find("demos", "blocks"))[2]
    save_episode(tmp_path / "set", replace(one, provenance={}))
    assert train(tmp_path / "out", demos=tmp_path / "set") == 1
    assert "names no arm; write one in its provenance" in capsys.readouterr().err


def test_a_table_of_segments_is_trained_on(library, tmp_path, capsys):
    folder = find("demos", "blocks")
    table = {"format": 1, "made_by": {"method": "hand"}, "notes": [], "rate_hz": {}}
    rows = []
    for file in sorted((folder / "truth").glob("*.json")):
        for b in json.loads(file.read_text())["behaviours"]:
            rows.append({"demonstration": file.stem, "start": b["start"], "stop": b["stop"]})
    (tmp_path / "s.json").write_text(json.dumps(table | {"segments": rows}))
    flags = [flag for flag in QUICK if flag != "--true-segments"]
    out = tmp_path / "library"
    assert (
        main(["train", DEMOS, "--segments", str(tmp_path / "s.json"), "--out", str(out), *flags])
        == 0
    )
    loaded = load_library(out)
    assert loaded.lineage["segment/method"] == "hand"
    assert loaded.operators == load_library(library).operators


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        ([("episode_000000", 0, 231), ("episode_000001", 0, 299)], "episode_000002 is not in the"),
        (
            [(f"episode_00000{n}", 0, s) for n, s in enumerate((231, 299, 178, 9))],
            "episode_000003 is not among the demonstrations",
        ),
        (
            [(f"episode_00000{n}", 0, s) for n, s in enumerate((231, 200, 178))],
            "the segments of episode_000001 do not cover its 299 steps",
        ),
    ],
)
def test_a_table_of_other_recordings_is_refused(segments, message, tmp_path):
    demonstrations = load_demonstrations(find("demos", "blocks"))
    with pytest.raises(InputError, match=message):
        check_segments(tmp_path / "s.json", [Segment(*s) for s in segments], demonstrations)


def test_the_flags_default_to_the_settings_of_the_stage():
    assert Train().config() == TrainConfig()


def test_shipped_configurations_of_train_are_settings_of_it():
    for file in (data_folder("configs") / "train").glob("*.toml"):
        assert config_flags(Train, file)


def test_nothing_left_over_is_said_in_words():
    assert left_over_lines([]) == ["every change of facts became part of an operator"]


def test_the_environment_is_the_one_of_the_recordings():
    one = load_demonstrations(find("demos", "blocks"))[0]
    kitchen = replace(one, provenance={"env": "kitchen"})
    assert recorded_environment([kitchen, kitchen]) == "kitchen"
    with pytest.raises(InputError, match=r"one environment \(found blocks, kitchen\); give --env"):
        recorded_environment([one, kitchen])
    with pytest.raises(InputError, match=r"\(found none\); give --env"):
        recorded_environment([replace(one, provenance={})])


def test_a_method_that_does_not_exist_is_refused_with_the_near_one(tmp_path):
    with pytest.raises(InputError, match="no method 'surprize'; did you mean 'surprise'"):
        Train(demonstrations=tmp_path, method="surprize", out=tmp_path / "library").run()


def test_what_was_trained_practises_where_that_is_asked_for(tmp_path, monkeypatch):
    practised = []

    def practise(self):
        practised.append(self)

    monkeypatch.setattr(Refine, "run", practise)
    out = tmp_path / "library"
    assert train(out, "--refine", "--device", "cpu", "--minutes", "2", "--seed", "3") == 0
    assert practised == [Refine(out, device="cpu", minutes=2.0, seed=3)]
    assert load_library(out).skills


def test_a_device_that_is_not_there_is_said_before_the_training(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(compute, "_lacking", lambda _device: "no CUDA device")
    out = tmp_path / "library"
    assert train(out, "--refine", "--device", "cuda") == 1
    assert "--device cuda: no CUDA device" in capsys.readouterr().err
    assert not out.exists()
