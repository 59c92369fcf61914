import json
from dataclasses import replace
from pathlib import Path

import pytest

from robot_skills.core.errors import InputError
from robot_skills.run.evaluate.comparison import compare_results, decision, differing_settings
from robot_skills.run.evaluate.result_files import Results, Row, load_results
from robot_skills.run.evaluate.statistics import Difference, paired_difference

GOAL = "in(red, tray) on(blue, green)"


def row(task, seed, success, seconds=5.0, held=None, **more):
    facts = 2 if success else 1
    return Row(
        task=task,
        seen=task != "swap",
        seed=seed,
        success=success,
        goal=GOAL,
        goal_facts=2,
        goal_facts_held=facts if held is None else held,
        robot_time_s=seconds,
        control_steps=int(20 * seconds),
        skills={"pick": (1, 1 if success else 2)},
        **more,
    )


def results(name, *rows, **settings):
    return Results(Path(name), rows, settings)


def ten(task, successes, seconds=5.0):
    return [row(task, seed, seed < successes, seconds + seed) for seed in range(10)]


A = results("a.json", *ten("tower", 4), *ten("swap", 2))
B = results("b.json", *ten("tower", 9, 4.0), *ten("swap", 2, 4.0))


def test_success_is_compared_by_task_by_seen_and_in_total():
    found = compare_results(A, B)
    assert [(c.name, c.first.value, c.second.value) for c in (*found.tasks, *found.totals)] == [
        ("tower", 0.4, 0.9),
        ("swap", 0.2, 0.2),
        ("seen tasks", 0.4, 0.9),
        ("unseen tasks", 0.2, 0.2),
        ("all tasks", 0.3, 0.55),
    ]
    before = [r.success for r in A.rows]
    assert found.total.difference == paired_difference(before, [r.success for r in B.rows])
    assert (found.total.difference.gained, found.total.difference.lost) == (5, 0)


def test_the_order_of_the_rows_does_not_matter():
    assert compare_results(A, results("b.json", *reversed(B.rows))) == compare_results(A, B)


def test_stages_are_how_many_goal_facts_held():
    found = compare_results(A, B)
    assert [(c.name, c.first.value, c.second.value) for c in found.stages] == [
        ("1 or more", 1.0, 1.0),
        ("2 or more", 0.3, 0.55),
    ]


def test_an_episode_without_a_plan_reached_no_goal_fact():
    unplanned = replace(A.rows[0], success=False, goal="", goal_facts=0, goal_facts_held=0)
    found = compare_results(results("a", A.rows[0]), results("b", unplanned))
    assert [c.second.value for c in found.stages] == [0.0, 0.0]


def test_skills_are_counted_over_their_runs():
    pick = compare_results(A, B).skills[0]
    assert (pick.name, pick.first.n, pick.second.n) == ("pick", 34, 29)
    alone = replace(A.rows[0], skills={"push": (1, 1)})
    skills = compare_results(results("a", A.rows[0]), results("b", alone)).skills
    assert [(s.name, s.first is None, s.second is None) for s in skills] == [
        ("pick", False, True),
        ("push", True, False),
    ]


def test_costs_are_compared_where_both_succeed():
    cost = {c.name: c for c in compare_results(A, B).costs}["robot time, s"]
    assert (cost.difference.value, cost.difference.n) == (-1.0, 6)
    assert (cost.difference.low, cost.difference.high) == (-1.0, -1.0)
    assert (
        compare_results(results("a", row("t", 0, False)), results("b", row("t", 0, True))).costs
        == ()
    )


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (B.rows[:10], r"b\.json lacks swap with seeds 0, 1, 2 and 7 more"),
        ((*B.rows, row("tower", 77, True)), r"a\.json lacks tower with seed 77"),
        (tuple(replace(r, seed=r.seed + 5) for r in B.rows), r"a\.json lacks .*b\.json lacks"),
        ((replace(B.rows[0], goal="open(x)"), *B.rows[1:]), "tower with seed 0 had other goals"),
    ],
)
def test_results_of_other_cases_are_refused_and_the_difference_named(other, message):
    with pytest.raises(InputError, match=message):
        compare_results(A, results("b.json", *other))


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.01, 0.1, "the second is better"),
        (-0.2, -0.01, "the second is worse"),
        (-0.009, 0.008, "no difference that matters: it is within 1 point either way"),
        (-0.009, 0.2, "not worse by more than 1 point"),
        (-0.02, 0.2, "not decided"),
    ],
)
def test_the_decision_follows_from_the_interval(low, high, words):
    assert words in decision(Difference(0.0, low, high, 100, 1, 1), 0.01)


def test_settings_that_change_an_episode_are_told_and_others_are_not():
    first = {"disturb": "none", "workers": 2, "library": "a", "only_here": 1}
    second = {"disturb": "push", "workers": 1, "library": "b"}
    assert differing_settings(first, second) == ["disturb: none, push"]


def written(folder, **table):
    file = folder / "r.json"
    file.write_text(json.dumps({"format": 1, **table}))
    return file


def values(**changes):
    return {**vars(row("tower", 1, True)), **changes}


def test_a_results_file_is_read_back(tmp_path):
    file = written(tmp_path, episodes=[values()], settings={"library_sha256": "ab", "robot": "r"})
    found = load_results(file)
    assert found.rows == (row("tower", 1, True),)
    assert (found.library_sha256, found.robot) == ("ab", "r")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"episodes": [{"task": "tower"}]}, "an episode lacks 'seen'"),
        ({"episodes": [values(), values()]}, "holds task tower with seed 1 twice"),
        ({"episodes": []}, "holds no episodes"),
        ({"episodes": [3]}, "make the file anew"),
        ({}, "is no results file"),
    ],
)
def test_another_file_is_refused(tmp_path, table, message):
    with pytest.raises(InputError, match=message):
        load_results(written(tmp_path, **table))


@pytest.mark.parametrize("content", ["", "[1]", "{", "[" * 100_000])
def test_text_that_is_no_results_file_is_refused(tmp_path, content):
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(InputError, match="is no results file"):
        load_results(tmp_path / "r.json")
    with pytest.raises(InputError, match=r"no results file .*absent"):
        load_results(tmp_path / "absent.json")
