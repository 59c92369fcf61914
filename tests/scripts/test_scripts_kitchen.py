import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench_kitchen import Bench
from chain_bench import Contender, Row, evaluate, file_key, read_row, row_of, run_verb
from kitchen_figures import stage_figures, stages_of, success_figures, training_figure
from kitchen_recovery import recovery_figures

from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.run.evaluate.episodes import Episode
from robot_skills.run.execute.trace import Event, Trace


@pytest.fixture(scope="module")
def kitchen():
    return load_task(find("envs", "kitchen"))


def row(goal, seed=0, success=True, seen=False, final=()):
    return Row(goal, seen, seed, success, success, 1.0, final=tuple(final))


@dataclass(frozen=True)
class Counting:
    """Builds an episode that succeeds at even seeds and notes that it was run."""

    log: Path

    def __call__(self):
        def run_case(goal, seed):
            with self.log.open("a") as log:
                log.write(f"{goal} {seed}\n")
            return Episode(goal, False, seed, seed % 2 == 0, None)

        return run_case


def test_an_interrupted_evaluation_runs_only_what_is_missing(tmp_path):
    log = tmp_path / "log"
    contender = Contender("flat", Counting(log), "abc")
    evaluate(contender, [("x", 0), ("x", 1)], tmp_path, workers=1)
    rows = evaluate(contender, [("x", 0), ("x", 1), ("y", 2)], tmp_path, workers=1)
    assert log.read_text().splitlines() == ["x 0", "x 1", "y 2"]
    assert [(r.goal, r.seed, r.success) for r in rows] == [
        ("x", 0, True),
        ("x", 1, False),
        ("y", 2, True),
    ]


def test_episodes_of_what_was_replaced_are_not_scored(tmp_path):
    log = tmp_path / "log"
    evaluate(Contender("flat", Counting(log), "old"), [("x", 0)], tmp_path, workers=1)
    evaluate(Contender("flat", Counting(log), "new"), [("x", 0)], tmp_path, workers=1)
    assert log.read_text().splitlines() == ["x 0", "x 0"]


def test_a_key_follows_the_contents(tmp_path):
    file = tmp_path / "a"
    file.write_text("1")
    before = file_key(file)
    assert before == file_key(file)
    file.write_text("2")
    assert before != file_key(file)


def test_a_row_is_read_as_it_was_written():
    events = (Event(0, "start", "", "pick"), Event(9, "failure", "", "pick"))
    facts = parse_facts("on(pan, stove) lit(lamp)")
    trace = Trace(
        False, 40, 20.0, facts, facts, (*events, *events[:1], Event(20, "success", "", "pick"))
    )
    found = row_of(Episode("cook", True, 3, False, trace, "late"))
    assert read_row(json.loads(json.dumps(vars(found)))) == found
    assert found.skills == {"pick": (1, 2)}
    assert found.seconds == 2.0
    assert found.final == ("lit(lamp)", "on(pan, stove)")


def test_stages_are_the_facts_asked_for_that_do_not_hold_at_the_start(kitchen):
    # one food in the tray, another in the drawer, which ends open, and light
    final = ["in(carrot, tray)", "open(drawer)", "in(carrot, drawer)"]
    assert stages_of(row("serve_stow_light", final=final), kitchen) == [
        ("in(food, tray)", True),
        ("in(food, drawer)", True),
        ("lit(lamp)", False),
        ("open(drawer)", True),
    ]
    stowed = stages_of(row("stow_then_heat", final=["closed(drawer)"]), kitchen)
    assert stowed == [("in(food, drawer)", False), ("turned_on(knob)", False)]


def test_stage_shares_are_counted_over_unseen_tasks(kitchen):
    rows = [
        row("stow_then_heat", 0, final=["turned_on(knob)"]),
        row("stow_then_heat", 1),
        row("stow_light_pan", 0, seen=True, final=["lit(lamp)"]),
    ]
    figures = stage_figures({"a": {"skills": rows}}, kitchen)
    assert figures["stage/turned_on(knob)/skills"].value == 0.5
    assert figures["stage/any/skills"].value == 0.25
    assert "stage/lit(lamp)/skills" not in figures


def test_success_is_the_mean_of_the_partitions_and_says_why_a_column_is_missing():
    found = {
        "a": {"skills": [row("x", s) for s in range(4)], "flat": []},
        "b": {"skills": [row("y", s, success=s > 0) for s in range(4)], "flat": []},
        "c": {"skills": [row("z", s) for s in range(4)], "flat": []},
    }
    figures = success_figures(found, {"flat": "nothing recurs"})
    assert figures["unseen_success_unrefined"].value == pytest.approx(11 / 12)
    assert figures["unseen_success_unrefined"].n == 12
    assert figures["unseen_success"].note == "no skill was refined"
    assert figures["partition/b_unseen/skills"].value == 0.75
    assert figures["flat_unseen_success"].value is None
    assert figures["flat_unseen_success"].note == "nothing recurs"


def test_the_headline_is_the_refined_library_and_names_the_partitions_it_rests_on():
    rows = [row("x", s, success=s > 1) for s in range(4)]
    found = {"a": {"skills": rows, "refined": [row("x", s) for s in range(4)]}}
    figures = success_figures(found, {})
    assert figures["unseen_success"].value == 1.0
    assert figures["unseen_success"].note == "partition a alone"
    assert figures["unseen_success_unrefined"].value == 0.5


def test_recovery_divides_success_with_by_success_without_on_the_same_starts():
    moved = [(True, True)] * 6 + [(True, False)] * 2 + [(False, True), (False, False)]
    found = {"moved": moved, "shut": [(True, True)] * 4}
    figures = recovery_figures(found)
    assert figures["recovery/moved"].value == pytest.approx(7 / 8)
    assert figures["recovery/moved"].low < 7 / 8 < figures["recovery/moved"].high
    assert figures["recovery/shut"].value == 1.0
    assert figures["recovery_worst"].value == pytest.approx(7 / 8)
    assert figures["recovery_worst"].note == "moved"
    assert figures["disturbed/moved"].value == 0.7


def test_a_disturbance_without_any_success_leaves_no_worst():
    figures = recovery_figures({"moved": [(False, False)], "shut": [(True, True)]})
    assert figures["recovery/moved"].value is None
    assert figures["recovery_worst"].value is None


def test_training_that_was_not_timed_has_a_note():
    assert training_figure([4.0, None, 6.0]).value == 5.0
    assert training_figure([None]).value is None


def test_an_unknown_partition_or_column_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no partition 'd' \(known: a, b, c\)"):
        Bench(work=tmp_path, partitions=("a", "d")).run()
    with pytest.raises(InputError, match="no column 'flatt'; did you mean 'flat'"):
        Bench(work=tmp_path, only=("flatt",)).run()
    assert not list(tmp_path.iterdir())


def test_what_a_command_found_wrong_is_told_and_its_success_is_not(tmp_path):
    assert run_verb("--version") == ""
    missing = str(tmp_path / "nothing")
    assert missing in run_verb("library", "show", missing)
    with pytest.raises(RuntimeError, match="no verb 'trian'"):
        run_verb("trian")
