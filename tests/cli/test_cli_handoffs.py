"""robot-skills handoffs: what it measures, writes, advises and starts."""

from pathlib import Path

import numpy as np
import pytest
from run_skills import Linear, library_with

from robot_skills.cli import main
from robot_skills.cli.handoffs import Handoffs, ProbedTrials
from robot_skills.cli.simulated import Simulated
from robot_skills.core import poses
from robot_skills.core.arm import load_arm
from robot_skills.core.facts import parse_facts
from robot_skills.paths import find
from robot_skills.run.handoffs.advice import Advice
from robot_skills.run.trials.trial import SkillTrial, Snapshot
from robot_skills.run.trials.trial_files import load_trials, save_trials
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.storage.libraries import load_library, save_library


@pytest.fixture(scope="module")
def down():
    arm = load_arm(find("assets/arms", "ur5e"))
    pose = MujocoKinematics(arm).ee_pose(arm.home)
    return poses.six_dimensional(pose[None, 3:])[0]


@pytest.fixture
def library(tmp_path, down):
    pick = Linear.still(down).seeking((0.6, 0.6, 0.25)).grasping(0.1)
    return save_library(tmp_path / "library", library_with(pick=pick, drop=Linear.still(down)))


def trial(before, x_m, success):
    pose = np.array([x_m, 0.0, 0.2, 0.0, 1.0, 0.0, 0.0])
    facts = parse_facts("clear(red)")
    at = Snapshot(("red",), np.zeros(3), 0.08, None, None, pose, 0.08, 0.0, facts)
    outcome = "SUCCESS" if success else "LATE"
    known = ("put_on", 1, 0, "pick", "pick", ("red",), before, bool(before), True, outcome, 40)
    return SkillTrial(*known, at, at)


@pytest.fixture
def measured(tmp_path):
    """Picks work from the start of an episode, and after a drop one time in four."""
    good = [trial("", 0.001 * i, True) for i in range(20)]
    bad = [trial("drop", 0.4 + 0.001 * i, i % 4 == 0) for i in range(20)]
    return save_trials(tmp_path / "trials", [*good, *bad])


def handoffs(library, trials, *flags):
    out = library.parent / "out"
    line = ["handoffs", str(library), "--trials", str(trials), "--out", str(out), *flags]
    return main(line), out


def test_a_weak_hand_off_is_named_with_the_command_that_mends_it(library, measured, capsys):
    status, out = handoffs(library, measured)
    assert status == 0
    shown = capsys.readouterr().out
    folder = out / "starts" / "drop--pick"
    assert f"robot-skills refine {library} --skill pick --starts {folder}" in shown
    assert "of starts where drop ends" in shown
    assert [t.previous for t in load_trials(folder)] == ["drop"] * 20


def test_the_library_is_told_and_gets_the_next_version(library, measured):
    handoffs(library, measured)
    told = load_library(library)
    assert told.version == "0.1.1"
    assert {h.before: (h.successes, h.trials) for h in told.handoffs} == {
        "": (20, 20),
        "drop": (5, 20),
    }
    assert told.skill("pick").measured["success"] == pytest.approx(25 / 40)


def test_the_library_stays_as_it_was_where_that_is_wanted(library, measured):
    handoffs(library, measured, "--no-keep")
    assert load_library(library).version == "0.1.0"
    assert load_library(library).handoffs == ()


def test_trials_of_an_episode_come_with_one_more_from_each_end(library):
    simulated = Simulated(library)
    planned = ProbedTrials(simulated, False)()(("holding(red)", 5))
    probed = ProbedTrials(simulated, True)()(("holding(red)", 5))
    assert [t.outcome for t in probed if t.planned] == [t.outcome for t in planned]
    ended = [t for t in planned if t.success]
    assert [t.previous for t in probed if not t.planned] == [t.operator for t in ended]


def test_the_advised_command_is_run(library, capsys):
    advised = ("plan", "--library", str(library), "--goal", "holding(red)", "--seed", "1")
    Handoffs(library)._follow(Advice("", advised, Path(), (), 0.0))
    shown = capsys.readouterr().out
    assert "running: robot-skills plan --library" in shown
    assert "pick(red)" in shown


def test_a_folder_without_trials_is_refused(library, tmp_path, capsys):
    assert handoffs(library, tmp_path)[0] == 1
    assert "has no trials.json" in capsys.readouterr().err
    assert main(["refine", str(library), "--starts", str(tmp_path)]) == 1
    assert "has no trials.json" in capsys.readouterr().err
