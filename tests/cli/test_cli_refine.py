"""robot-skills refine: a skill that misses is mended, and one that is not better is refused."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from run_skills import Linear, library_with

from robot_skills.cli import compute, main, refine, refine_stages
from robot_skills.core import poses
from robot_skills.core.arm import load_arm
from robot_skills.core.errors import InputError
from robot_skills.paths import find
from robot_skills.run.evaluate.statistics import wilson
from robot_skills.run.practice import gate
from robot_skills.run.practice.starts import SkillNeed
from robot_skills.run.trials.trial_files import save_trials
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.storage.kept_practice import KeptPractice
from robot_skills.storage.libraries import save_library
from robot_skills.train.refinement import algorithm, practising

FEW = 3


@pytest.fixture
def library(tmp_path):
    """A pick that goes beside the block, and a drop that is never reached."""
    arm = load_arm(find("assets/arms", "ur5e"))
    kinematics = MujocoKinematics(arm)
    down = poses.six_dimensional(kinematics.ee_pose(arm.home)[None, 3:])[0]
    pick = Linear.still(down).seeking((0.6, 0.6, 0.25)).grasping(0.1)
    beside = pick.moving((0.0, 0.02, 0.0))
    library = library_with(pick=beside, drop=Linear.still(down).moving((0.0, 0.0, 0.02)))
    return save_library(tmp_path / "library", library)


@pytest.fixture
def quick(monkeypatch):
    """Little practice and few pairs: what is tested is the way, not the learning."""
    small = replace(algorithm.AlgorithmConfig(), environments=2, round_steps=4, batch=8, epochs=1)
    monkeypatch.setattr(refine_stages, "PILOT_EPISODES", 2)
    monkeypatch.setattr(refine_stages.Stages, "goals", lambda _self: ("put_in_tray",))
    monkeypatch.setattr(refine, "PRACTICE_STARTS", 2)
    monkeypatch.setattr(gate, "LEAST_PAIRS", FEW)
    monkeypatch.setattr(practising, "LOOK_STEPS", 5)
    monkeypatch.setattr(algorithm, "AlgorithmConfig", lambda: small)


def test_what_is_not_better_is_refused_and_the_library_stays(library, quick, capsys):
    before = {p: p.read_bytes() for p in library.rglob("*") if p.is_file()}
    out = library.with_name("refined")
    words = ["refine", str(library), "--skill", "pick", "--minutes", "0.02", "--out", str(out)]
    assert main([*words, "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert f"pick from {FEW} starts that practice never saw" in said
    assert "kept the old skill" in said
    assert not out.exists()
    assert {p: p.read_bytes() for p in library.rglob("*") if p.is_file()} == before
    assert list(library.parent.iterdir()) == [library]


def test_what_was_broken_off_goes_on_from_the_same_starts(library, quick, capsys, monkeypatch):
    practised_from, loads = [], []
    practise, save, load = refine_stages.Stages.practise, KeptPractice.save, KeptPractice.load

    def practise_from(stages, starts, *rest):
        practised_from.append([asdict(start) for start in starts])
        return practise(stages, starts, *rest)

    def break_off(kept, arrays, figures):
        save(kept, arrays, figures)
        raise KeyboardInterrupt

    def found_again(_stages, _first_seed):
        pytest.fail("the starts were found again")

    monkeypatch.setattr(refine_stages.Stages, "practise", practise_from)
    monkeypatch.setattr(KeptPractice, "load", lambda kept: loads.append(kept) or load(kept))
    words = ["refine", str(library), "--skill", "pick", "--workers", "1", "--minutes"]
    folder = library.with_name("library.refining")
    with monkeypatch.context() as broken:
        broken.setattr(KeptPractice, "save", break_off)
        assert main([*words, "10"]) == 130  # time for a round, however slow the machine
    assert f"kept in {folder}: the same command goes on from there" in capsys.readouterr().out
    monkeypatch.setattr(refine_stages.Stages, "pilot", found_again)
    loads.clear()
    assert main([*words, "0.02"]) == 0
    said = capsys.readouterr().out
    assert f"going on from the 2 starts of pick kept in {folder}" in said
    assert f"going on with the practice kept in {folder}" in said
    assert f"pick from {FEW} starts that practice never saw" in said
    assert len(loads) == 1
    np.testing.assert_equal(practised_from[1], practised_from[0])
    assert not folder.exists()


def test_another_seed_finds_other_starts(library, quick, capsys, monkeypatch):
    def break_off(_stages, *_rest):
        raise KeyboardInterrupt

    monkeypatch.setattr(refine_stages.Stages, "practise", break_off)
    words = ["refine", str(library), "--skill", "pick", "--minutes", "0.02", "--workers", "1"]
    assert main(words) == 130
    assert main([*words, "--seed", "1"]) == 130
    assert "going on" not in capsys.readouterr().out
    assert main([*words, "--seed", "1"]) == 130
    assert "going on from the 2 starts" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--skill", "pikc"], "no skill 'pikc'; did you mean 'pick'"),
        (["--minutes", "0"], "--minutes must be above 0; found 0"),
        (["--workers", "0"], "--workers must be above 0; found 0"),
        (["--starts", "nowhere"], "nowhere has no trials.json"),
    ],
)
def test_wrong_flags_are_named(library, flags, message, capsys):
    assert main(["refine", str(library), *flags]) == 1
    assert message in capsys.readouterr().err


def test_the_limiting_skill_is_marked_in_the_table():
    needs = [
        SkillNeed("place", 2.0, wilson(15, 20), 0.5),
        SkillNeed("pick", 2.0, wilson(20, 20), 0),
    ]
    lines = refine.need_lines(needs, "place")
    assert lines[1].startswith("place")
    assert lines[1].endswith("39%  <- to refine")
    assert "to refine" not in lines[2]


def test_time_that_is_too_short_is_said():
    said = "--minutes 1 is too short: this will take 30 minutes or more; Ctrl-C breaks off"
    assert refine.overrun_line(1.0, 1800.0) == said


def test_a_library_that_is_there_already_is_not_overwritten(library, capsys):
    assert main(["refine", str(library), "--out", str(library)]) == 1
    assert "exists already" in capsys.readouterr().err


def test_starts_of_another_skill_are_refused(library, quick, tmp_path, capsys):
    folder = save_trials(tmp_path / "starts", [])
    words = ["refine", str(library), "--skill", "pick", "--starts", str(folder), "--workers", "1"]
    assert main(words) == 1
    assert "holds no trial of the skill pick" in capsys.readouterr().err


def test_where_there_is_no_gpu_practice_is_on_the_cpu_and_says_why(monkeypatch):
    monkeypatch.setattr(compute, "_no_cuda", lambda: "torch finds no CUDA device")
    found = compute.choose_compute("auto", None)
    assert found.device == ""
    assert "stable-baselines3 on the CPU" in found.why
    assert found.why.endswith(("no CUDA device", "in a checkout)"))
    with pytest.raises(InputError, match=r"--device cuda: .*(no CUDA|\[gpu\]).*--device cpu"):
        compute.choose_compute("cuda", None)
    with pytest.raises(InputError, match="--worlds must be at least 1; found 0"):
        compute.choose_compute("auto", 0)


def test_a_gpu_that_warp_cannot_use_is_refused_with_what_to_install(monkeypatch):
    pytest.importorskip("rsl_rl", reason="the extra gpu is not installed")
    wp = pytest.importorskip("warp", reason="the extra gpu is not installed")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(wp, "is_cuda_available", lambda: False)
    with pytest.raises(InputError, match=r"Warp [\d.]+ does not; install .*--device cpu"):
        compute.choose_compute("cuda", None)
    monkeypatch.setattr(wp, "is_cuda_available", lambda: True)
    monkeypatch.setattr(wp, "is_conditional_graph_supported", lambda: False)
    monkeypatch.setattr(wp, "get_cuda_driver_version", lambda: (12, 2))
    with pytest.raises(InputError, match=r"for CUDA 12.2, .* needs 12.4; install .* 550"):
        compute.choose_compute("cuda", None)


def test_where_there_is_a_gpu_practice_is_there(monkeypatch):
    monkeypatch.setattr(compute, "_lacking", lambda _device: "")
    monkeypatch.setattr(compute, "_gpu", lambda: "Some GPU")
    for device in ("auto", "cuda"):
        found = compute.choose_compute(device, None)
        assert (found.device, found.worlds) == ("cuda", 4096)
        assert "4096 worlds of MuJoCo Warp on Some GPU" in found.why
    assert compute.choose_compute("cpu", None).device == ""
    assert compute.choose_compute("warp-cpu", 3).worlds == 3


def test_flags_of_many_worlds_are_refused_where_there_are_none(library, capsys):
    words = ["refine", str(library), "--device", "cpu", "--randomise", "1", "--worlds", "8"]
    assert main(words) == 1
    assert "leave out --worlds, --randomise, for worlds of MuJoCo Warp" in capsys.readouterr().err


def test_what_was_lost_on_the_way_to_mujoco_c_is_said():
    transfer = gate.judge_transfer([True] * 1000, [True] * 900 + [False] * 100)
    lines = "\n".join(refine.transfer_lines(transfer))
    assert "difference  -10.0 points" in lines
    assert "may have been lost on the way to MuJoCo C" in lines


def test_practice_in_many_worlds_ends_at_both_gates(library, quick, capsys, monkeypatch, tmp_path):
    """The way of --device warp-cpu, with MuJoCo C under it: Warp on a CPU takes minutes."""
    warp = pytest.importorskip("robot_skills.sim.batch.warp", reason="the extra gpu is missing")
    batched = pytest.importorskip("robot_skills.train.refinement.batched.algorithm")
    from robot_skills.sim.batch.c_threads import ThreadPhysics
    from robot_skills.train.refinement.batched import practising as batched_practising

    small = batched.BatchedConfig(round_steps=4, minibatches=1, epochs=1, try_every=1)
    monkeypatch.setattr(batched, "BatchedConfig", lambda: small)
    monkeypatch.setattr(batched_practising, "LOOK_STEPS", 2)
    monkeypatch.setattr(warp, "WarpPhysics", lambda scene, worlds, _: ThreadPhysics(scene, worlds))
    words = ["refine", str(library), "--skill", "pick", "--minutes", "0.02", "--workers", "1"]
    more = ["--device", "warp-cpu", "--worlds", "2", "--board", str(tmp_path / "board")]
    assert main([*words, *more, "--randomise", "0.5"]) == 0
    said = capsys.readouterr().out
    assert "practising in 2 worlds of MuJoCo Warp on the CPU: slow" in said
    assert f"pick from {FEW} starts that practice never saw" in said
    assert f"the new skill from the same {FEW} starts" in said
    assert "MuJoCo C less" not in said
    assert "kept the old skill" in said
    assert any((tmp_path / "board").iterdir())
    assert not library.with_name("library.refining").exists()


def test_the_lineage_keeps_the_drop_and_what_it_was_measured_by(library):
    transfer = gate.judge_transfer([True] * 1000, [True] * 990 + [False] * 10)
    told = refine.Refine(library, randomise=0.5)._told(5, 2.0, transfer)
    assert told["drop"] == "1.0 points"
    assert told["success in MuJoCo Warp"].startswith("100%")
    assert told["success in MuJoCo C"].startswith("99%")
    assert told["randomise"] == "0.5"
    assert "drop" not in refine.Refine(library)._told(5, 2.0, None)
