"""Seeded episodes: the same for any number of processes, and told apart by task."""

import json
from dataclasses import asdict, dataclass

import pytest
from run_skills import Linear, library_with

from robot_skills.cli.run import Run, failure_lines
from robot_skills.cli.simulated import Simulated
from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts
from robot_skills.run.evaluate.episodes import Episode, skill_rates, success_rate
from robot_skills.run.evaluate.parallel import cases, evaluate_in_processes
from robot_skills.run.evaluate.results import episode_row, read_result, task_results, total_results
from robot_skills.run.execute.trace import Event, Trace
from robot_skills.storage.libraries import save_library

GOAL = "holding(red)"


@dataclass(frozen=True)
class Sorter:
    """Builds what answers with the case itself."""

    def __call__(self):
        return lambda goal, seed: Episode(goal, True, seed, seed % 2 == 0, None)


def fake_episode(goal, seen, success, failures=0):
    tries = [Event(0, "start", "", "pick") for _ in range(failures + 1)]
    ends = [Event(5, "failure", "", "pick")] * failures
    ends += [Event(9, "success", "", "pick")] if success else []
    trace = Trace(success, 40, 20.0, parse_facts(GOAL), frozenset(), (*tries, *ends))
    return Episode(goal, seen, 0, success, trace)


@pytest.fixture(scope="module")
def library(tmp_path_factory, down):
    pick = Linear.still(down).seeking((0.6, 0.6, 0.25)).grasping(0.1)
    return save_library(tmp_path_factory.mktemp("library") / "pick", library_with(pick=pick))


def test_every_goal_gets_the_same_seeds():
    assert cases(("a", "b"), 2, 7) == [("a", 7), ("a", 8), ("b", 7), ("b", 8)]


def test_results_come_in_order_whatever_the_number_of_processes():
    wanted = cases(("a", "b"), 3, 0)
    alone = evaluate_in_processes(Sorter(), wanted, workers=1)
    assert alone == evaluate_in_processes(Sorter(), wanted, workers=3)
    assert [(episode.goal, episode.seed) for episode in alone] == wanted


def test_the_same_seed_is_the_same_episode(library):
    first, second = (Simulated(library)()(GOAL, 5) for _ in range(2))
    assert first == second
    assert first.trace is not None
    assert first.trace.control_steps > 0
    assert Simulated(library)()(GOAL, 6).trace != first.trace


def test_a_grasp_that_never_opens_the_gripper_fails_where_it_starts_closed(library):
    run_case = Simulated(library)()
    episodes = [run_case(GOAL, seed) for seed in range(4)]
    starts = [e for episode in episodes for e in episode.trace.events if e.kind == "start"]
    assert success_rate(episodes).value == 0.5
    assert skill_rates(episodes)["pick"].n == len(starts)


def test_rates_tell_seen_from_unseen_and_first_tries_from_retries():
    episodes = [
        fake_episode("known", True, True),
        fake_episode("known", True, True, failures=1),
        fake_episode("new", False, False, failures=2),
        fake_episode("new", False, True),
    ]
    known, new = task_results(episodes)
    assert (known.success.value, known.first_try.value) == (1.0, 0.5)
    assert (new.success.value, new.first_try.value) == (0.5, 0.5)
    assert [t.name for t in total_results(episodes)] == ["seen tasks", "unseen tasks"]
    assert skill_rates(episodes)["pick"].value == pytest.approx(3 / 7)
    assert known.median_s == 2.0


def test_a_result_is_read_as_it_was_written():
    result = task_results([fake_episode("known", True, True)])[0]
    assert read_result(json.loads(json.dumps(asdict(result)))) == result


def test_an_episode_without_a_plan_says_what_is_missing(library):
    episode = Simulated(library)()("on(red, blue)", 0)
    assert not episode.success
    assert episode.trace is None
    assert "on(red, blue)" in episode.reason
    assert episode_row(episode)["trace"] == []


def test_run_prints_rates_and_writes_every_episode(library, tmp_path, capsys):
    out = tmp_path / "results.json"
    Run(library=library, goal=GOAL, episodes=2, workers=1, explain=True, out=out).run()
    shown = capsys.readouterr().out
    assert "holding(red), seed 0" in shown
    assert "pick(red): its effects hold" in shown
    document = json.loads(out.read_text())
    assert [row["seed"] for row in document["episodes"]] == [0, 1]
    assert document["tasks"][0]["success"]["n"] == 2
    assert document["settings"]["goal"] == GOAL


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"task": ("towr",)}, "did you mean 'tower'"),
        ({"task": ("tower",), "goal": GOAL}, "not both"),
        ({"goal": "on(red, ble)"}, "did you mean 'blue'"),
        ({"episodes": 0}, "at least 1; found 0"),
    ],
)
def test_run_names_what_is_wrong(library, flags, words):
    with pytest.raises(InputError, match=words):
        Run(library=library, **flags).run()


def test_the_commonest_reasons_of_failure_come_first():
    reasons = ["nothing moves", "no plan", "no plan", *"abcde"]
    episodes = [Episode(GOAL, True, n, False, None, text) for n, text in enumerate(reasons)]
    lines = failure_lines([*episodes, Episode(GOAL, True, 9, True, None)])
    assert lines[0] == "failed 2 x (holding(red), seed 1): no plan"
    assert lines[1] == "failed 1 x (holding(red), seed 0): nothing moves"
    assert lines[-1] == "and 2 more failures"
    assert failure_lines([Episode(GOAL, True, 9, True, None)]) == []
