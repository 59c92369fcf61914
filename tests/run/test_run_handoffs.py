"""Hand-offs from trials with a planted weak pair: found, named, and the command that mends it."""

import numpy as np
import pytest
from run_skills import library_with

from robot_skills.core.facts import parse_facts
from robot_skills.run.handoffs.advice import Place, advise
from robot_skills.run.handoffs.coverage import Coverage
from robot_skills.run.handoffs.estimates import (
    beta_rate,
    measure_handoffs,
    prediction_error,
    with_handoffs,
)
from robot_skills.run.trials.trial import SkillTrial, Snapshot


def snapshot(position):
    nothing = np.zeros(0)
    pose = np.array([*position, 0.0, 1.0, 0.0, 0.0])
    return Snapshot(("red",), nothing, 0.08, None, None, pose, 0.08, 0.0, parse_facts("clear(red)"))


def trial(before, position, success, operator="pick", **others):
    values = {
        "goal": "tidy",
        "seed": 0,
        "number": 1,
        "skill": operator,
        "operator": operator,
        "arguments": ("red",),
        "previous": before,
        "previous_success": bool(before),
        "first_try": True,
        "outcome": "SUCCESS" if success else "STUCK",
        "control_steps": 40,
        "start": snapshot(position),
        "end": snapshot((0, 0, 0)),
    }
    return SkillTrial(**{**values, **others})


def around(rng, centre, count):
    return np.array(centre) + rng.normal(0.0, 0.01, (count, 3))


@pytest.fixture
def trials():
    """Picks work from the start of an episode and after "push", not where "drop" ends."""
    rng = np.random.default_rng(0)
    near, far = (0.0, 0.0, 0.2), (0.4, 0.0, 0.2)
    good = [trial(before, p, True) for before in ("", "push") for p in around(rng, near, 20)]
    bad = [trial("drop", p, i % 5 == 0) for i, p in enumerate(around(rng, far, 20))]
    return [*good, *bad]


@pytest.fixture
def library(down):
    from run_skills import Linear

    return library_with(pick=Linear.still(down), drop=Linear.still(down))


def pair(table, before, after="pick"):
    return next(p for p in table.pairs if (p.before, p.after) == (before, after))


def test_a_start_is_covered_where_the_skill_succeeded_nearby():
    rng = np.random.default_rng(1)
    seen = [trial("", p, True) for p in around(rng, (0, 0, 0.2), 40)]
    coverage = Coverage(seen)
    assert coverage.covers([t.start for t in seen]).mean() == pytest.approx(0.95, abs=0.03)
    fresh = [snapshot(p) for p in around(rng, (0, 0, 0.2), 100)]
    assert coverage.covers(fresh).mean() > 0.85
    assert not coverage.covers([snapshot((0.1, 0, 0.2)), snapshot((0, 0, 0.5))]).any()


def test_of_few_successes_nothing_is_said():
    coverage = Coverage([trial("", (0, 0, 0), True)] * 3)
    assert coverage.covers([snapshot((9, 9, 9))]).all()


def test_the_weak_hand_off_is_found(trials):
    table = measure_handoffs(trials)
    weak, strong = pair(table, "drop"), pair(table, "push")
    assert (weak.successes, weak.trials) == (4, 20)
    assert weak.covered < 0.3
    assert weak.value < 0.4
    assert strong.value > 0.95
    assert table.operators["pick"].value > 0.9
    assert weak.success.low < 0.2 < weak.success.high


def test_trials_after_a_failure_or_cut_off_do_not_count(trials):
    extra = [
        trial("push", (0, 0, 0.2), False, previous_success=False),
        trial("push", (0, 0, 0.2), False, first_try=False),
        trial("push", (0, 0, 0.2), False, outcome="OUT_OF_TIME"),
    ]
    assert pair(measure_handoffs(trials + extra), "push").trials == 20


def test_a_beta_prior_gives_way_to_what_is_measured():
    assert beta_rate(0, 0, 0.7).value == pytest.approx(0.7)
    assert beta_rate(96, 96, 0.0).value == pytest.approx(0.96)
    rate = beta_rate(8, 10, 0.8)
    assert rate.low < 0.8 < rate.high


def test_a_library_is_told_what_was_measured(trials, library):
    told = with_handoffs(library, measure_handoffs(trials), trials)
    assert told.skill("pick").measured["success"] == pytest.approx(44 / 60)
    assert told.skill("pick").measured["trials"] == 60
    assert 0.9 < told.skill("pick").operators[0].success < 1.0
    assert {h.before: h.trials for h in told.handoffs} == {"": 20, "drop": 20, "push": 20}
    assert told.skill("drop") == library.skill("drop")


def test_a_weak_hand_off_is_refined_towards_its_starts(trials, library, tmp_path):
    place = Place(tmp_path / "library", tmp_path / "starts")
    advice = advise(measure_handoffs(trials), trials, library, place)
    assert [a.folder.name for a in advice] == ["drop--pick"]
    folder = str(tmp_path / "starts" / "drop--pick")
    expected = ("refine", str(tmp_path / "library"), "--skill", "pick", "--starts", folder)
    assert advice[0].command == expected
    assert "of starts where drop ends" in advice[0].reason
    assert len(advice[0].starts) == 20
    assert advice[0].loss == pytest.approx(20 * (1 - 8 / 24), abs=1)


def test_where_nothing_ever_works_demonstrations_are_asked_for(trials, library, tmp_path):
    hopeless = [t for t in trials if t.previous != "drop"]
    hopeless += [trial("drop", (0.4, 0, 0.2), False) for _ in range(8)]
    for goals, flags in ((("tidy",), ("--goals", "tidy")), ((), ("--operator", "keyboard"))):
        place = Place(tmp_path, tmp_path, goals)
        advice = advise(measure_handoffs(hopeless), hopeless, library, place)[0]
        assert advice.command[:5] == ("record", "--env", "blocks", "--arm", "ur5e")
        assert advice.command[5:7] == flags


def test_an_operator_weak_everywhere_is_refined_from_all_its_starts(library, tmp_path):
    rng = np.random.default_rng(2)
    weak = [trial("", p, i % 2 == 0) for i, p in enumerate(around(rng, (0, 0, 0.2), 40))]
    advice = advise(measure_handoffs(weak), weak, library, Place(tmp_path, tmp_path))
    assert [a.command[-1] for a in advice] == [str(tmp_path / "any--pick")]
    assert "even of starts that it knows" in advice[0].reason


def test_coverage_predicts_pairs_it_has_not_seen(trials):
    """A fourth predecessor that ends where "drop" does fails as "drop" does."""
    rng = np.random.default_rng(3)
    more = [trial("slide", p, i % 5 == 0) for i, p in enumerate(around(rng, (0.4, 0, 0.2), 20))]
    by_nearest, by_usual, pairs = prediction_error(measure_handoffs([*trials, *more]))
    assert pairs == 4
    assert by_nearest < by_usual / 2
