"""What is learned from recordings, never from the one that is judged."""

from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core.errors import InputError
from robot_skills.segment import SegmentConfig, stretches
from robot_skills.segment.deciding import find_boundaries
from robot_skills.segment.evidence.weights import shipped_weights
from robot_skills.segment.habits import learn_habits
from robot_skills.segment.predict import surprise
from robot_skills.segment.predict.surprise import Place, Predictors
from robot_skills.segment.signals import read_signals

pytestmark = pytest.mark.usefixtures("quick_training")


@pytest.fixture(scope="module")
def group(kinematic):
    return [read_signals(kinematic(seed)[0], SegmentConfig()) for seed in range(5)]


def end_to_end(group, times):
    """One long recording in which the hand does what it does in each, one after the other."""
    chosen = [group[number % len(group)] for number in range(times)]
    names = ("path", "velocity", "turn", "gripper", "command", "objects", "fixtures", "force")
    series = {n: np.concatenate([getattr(one, n) for one in chosen]) for n in (*names, "picture")}
    return replace(group[0], steps=len(series["path"]), **series)


@pytest.fixture
def seen(monkeypatch):
    """The rows that each forecaster was fitted to, in the order of fitting."""
    rows = []
    fit = surprise.Forecaster.fit.__func__

    def watched(cls, features, seed):
        rows.append({row.tobytes() for f in features for row in f.past})
        return fit(cls, features, seed)

    monkeypatch.setattr(surprise.Forecaster, "fit", classmethod(watched))
    return rows


def test_a_recording_is_judged_by_predictors_that_never_saw_it(group, seen):
    places = [Place(number, len(group)) for number in range(len(group))]
    predictors = Predictors.fit(group, places, seed=0)
    members = len(seen) // len(predictors.folds)
    for one, place in zip(group, places, strict=True):
        features = predictors.maker.make(one)
        own = {row.tobytes() for row in features.past}
        (fold,) = set(place.folds(features.at, one.samples).tolist())
        for rows in seen[members * fold : members * (fold + 1)]:
            assert rows and not own & rows


def test_a_single_recording_is_judged_block_by_block(group, seen):
    one = group[2]
    predictors = Predictors.fit([one], [Place(0, 1)], seed=0)
    members = len(seen) // len(predictors.folds)
    features = predictors.maker.make(one)
    folds = Place(0, 1).folds(features.at, one.samples)
    assert sorted(set(folds.tolist())) == [0, 1, 2, 3] and np.all(np.diff(folds) >= 0)
    for fold in range(4):
        own = {row.tobytes() for row in features.past[folds == fold]}
        assert all(rows and not own & rows for rows in seen[members * fold : members * (fold + 1)])


def test_every_channel_speaks_of_every_sample(group):
    habits, read = learn_habits(group, seed=0)
    assert sorted(read) == list(range(5))
    for number, one in enumerate(group):
        curves = read[number].curves
        assert {"holding", "change", "pause", "surprise", "hindsight", "motion modes"} <= set(
            curves
        )
        assert all(curve.shape == (one.samples,) for curve in curves.values())
        assert all(np.isfinite(curve).all() for curve in curves.values())
    assert 0.9 < habits.weigher.few <= 1.0  # five short recordings are few
    assert habits.weigher.mixture.contact_is_known


def test_a_recording_not_learned_from_may_lack_what_the_others_have(group):
    habits, _ = learn_habits(group[:3], seed=0)
    none = np.zeros((group[3].samples, 0))
    things = np.zeros((group[3].samples, 0, 3))
    bare = replace(group[3], command=none, objects=things, fixtures=none)
    read = habits.read(bare, 3)
    assert all(np.isfinite(curve).all() for curve in read.curves.values())
    assert len(habits.weigher.weigh(read).samples) > 0


def test_nothing_that_moves_is_refused(group):
    still = replace(group[0], path=0 * group[0].path, velocity=0 * group[0].velocity, name="stone")
    with pytest.raises(InputError, match="nothing moves in stone"):
        learn_habits([still], seed=0)


def test_a_long_recording_is_cut_alike_in_stretches_and_as_a_whole(group, monkeypatch):
    long = end_to_end(group, 7)

    def cuts():
        habits, read = learn_habits([long], seed=0)
        evidence = read[0] if read else habits.read(long, 0)
        pair = (habits.weigher.weigh(evidence), habits.weigher)
        (found,) = find_boundaries([long], [pair], shipped_weights(), SegmentConfig())
        return np.array([boundary.sample for boundary in found])

    whole = cuts()
    monkeypatch.setattr(stretches, "LONGEST_S", long.seconds / 2.5)
    monkeypatch.setattr(stretches, "MARGIN_S", 5.0)
    parts = cuts()
    assert len(parts) == pytest.approx(len(whole), rel=0.25)
    near = np.abs(whole[:, None] - parts).min(axis=1) <= 10  # 0.5 s
    assert near.mean() > 0.75
