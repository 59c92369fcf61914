from dataclasses import replace

import pytest

from robot_skills.cli import main
from robot_skills.core.skill import Handoff
from robot_skills.storage.libraries import save_library

START = (
    "on(red, table) on(green, table) on(blue, table) clear(red) clear(green) clear(blue) "
    "gripper_empty() closed(drawer) open(tray)"
)


@pytest.fixture
def folder(tmp_path, library):
    return save_library(tmp_path / "library", library)


def plan(folder, *flags):
    return main(["plan", "--library", str(folder), *flags])


def test_plan_prints_steps_objects_and_cost(folder, capsys):
    assert plan(folder, "--goal", "on(red, blue) in(green, drawer)", "--start", START) == 0
    shown = capsys.readouterr().out
    for step in ("open(drawer)", "pick(red)", "stack(red, blue)", "put_in(green, drawer)"):
        assert step in shown
    assert "cost 0.207: all steps succeed at the first try in 86% of runs" in shown
    assert "planned by Fast Downward" in shown


def test_plan_promises_no_success_that_nobody_measured(tmp_path, library, capsys):
    skills = tuple(
        replace(skill, operators=tuple(replace(o, success=1.0) for o in skill.operators))
        for skill in library.skills
    )
    folder = save_library(tmp_path / "new", replace(library, skills=skills))
    assert plan(folder, "--goal", "on(red, blue)", "--start", START) == 0
    shown = capsys.readouterr().out
    assert "cost 0.020: the fewest steps; how often they succeed was not measured" in shown
    assert "%" not in shown


def test_plan_shows_weak_hand_offs(tmp_path, library, capsys):
    weak = (Handoff("pick", "stack", 0.5, 5, 10), Handoff("", "pick", 1.0, 10, 10))
    folder = save_library(tmp_path / "told", replace(library, handoffs=weak))
    assert plan(folder, "--goal", "on(red, blue)", "--start", START) == 0
    shown = capsys.readouterr().out
    head, pick, stack = shown.splitlines()[2:5]
    assert head.split() == ["step", "skill", "success", "hand-off", "cost"]
    assert pick.split()[-2:] == ["100%", "0.010"]
    assert stack.split()[-3:] == ["90%", "50%", "0.809"]
    assert "all steps succeed at the first try in 45% of runs" in shown


def test_plan_starts_from_a_seeded_reset(folder, capsys):
    for _ in range(2):
        assert plan(folder, "--goal", "in(purple, tray)", "--seed", "3") == 0
    first, second = capsys.readouterr().out.split("start: ")[1:]
    assert first == second
    assert "put_in(purple, tray)" in first


def test_plan_writes_pddl(folder, tmp_path):
    flags = ["--goal", "on(red, blue)", "--start", START, "--pddl", str(tmp_path / "out")]
    assert plan(folder, *flags) == 0
    assert "(:action stack" in (tmp_path / "out" / "domain.pddl").read_text()
    assert "(on red blue)" in (tmp_path / "out" / "problem.pddl").read_text()


def test_plan_says_which_facts_no_operator_brings_about(tmp_path, library_without, capsys):
    folder = save_library(tmp_path / "library", library_without("put_in"))
    assert plan(folder, "--goal", "in(green, tray) on(red, blue)", "--start", START) == 1
    assert "in(green, tray): no operator brings it about" in capsys.readouterr().err


def test_plan_of_a_goal_that_holds_has_nothing_to_do(folder, capsys):
    assert plan(folder, "--goal", "on(red, table)", "--start", START) == 0
    assert "nothing to do" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        ("on(red, bleu)", "no object 'bleu'; did you mean 'blue'"),
        ("", "--goal is empty"),
        ("red on blue", "cannot read 'red on blue' as a fact"),
    ],
)
def test_plan_refuses_a_goal_it_cannot_read(folder, capsys, goal, message):
    assert plan(folder, "--goal", goal) == 1
    assert message in capsys.readouterr().err


def test_plan_names_a_folder_that_is_no_library(tmp_path, capsys):
    assert plan(tmp_path, "--goal", "on(red, blue)") == 1
    assert "is no skill library" in capsys.readouterr().err
