import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_skills.segment.metrics.reliability import (
    Bin,
    calibration_error,
    hits_of,
    precision_recall_at,
    reliability_table,
)

judged = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30)


def apart(pairs):
    return [c for c, _ in pairs], [hit for _, hit in pairs]


def test_a_true_boundary_is_hit_once():
    assert hits_of([1.0, 1.2, 5.0], [1.1]).count(True) == 1
    assert hits_of([1.0, 5.0], [5.05, 1.3], tolerance_s=0.1) == [False, True]
    assert hits_of([], [1.0]) == []


def test_known_precision_and_recall_at_a_confidence():
    confidences, hits = [0.9, 0.85, 0.8, 0.3], [True, False, True, True]
    assert precision_recall_at(confidences, hits, 5, 0.8) == (0.5, 0.2)
    assert precision_recall_at(confidences, hits, 5, 0.0) == (0.75, 0.6)
    assert precision_recall_at(confidences, hits, 5, 0.95) == (1.0, 0.0)
    assert precision_recall_at([], [], 0, 0.5) == (1.0, 1.0)


def test_known_calibration_error():
    confidences, hits = [0.95] * 4 + [0.55] * 4, [True] * 4 + [True, True, False, False]
    assert calibration_error(confidences, hits) == pytest.approx(0.05)
    assert calibration_error([1.0, 1.0], [False, False]) == 1.0
    assert calibration_error([], []) == 0.0


def test_the_table_holds_the_filled_bins_in_order():
    table = reliability_table([0.1, 1.0, 0.19], [False, True, True], bins=5)
    assert table == [
        Bin(0.0, 0.2, 2, pytest.approx(0.145), 0.5),
        Bin(0.8, 1.0, 1, 1.0, 1.0),
    ]


@given(judged, st.floats(0, 1), st.floats(0, 1))
def test_recall_falls_and_stays_below_all_hits_as_the_level_rises(pairs, one, other):
    confidences, hits = apart(pairs)
    low, high = sorted([one, other])
    n_true = sum(hits) + 3
    recalls = [precision_recall_at(confidences, hits, n_true, at)[1] for at in (low, high)]
    assert sum(hits) / n_true >= recalls[0] >= recalls[1] >= 0


@given(judged, st.integers(1, 20))
def test_the_error_is_a_share_and_every_boundary_is_in_one_bin(pairs, bins):
    confidences, hits = apart(pairs)
    assert 0 <= calibration_error(confidences, hits, bins) <= 1
    table = reliability_table(confidences, hits, bins)
    assert sum(one.n for one in table) == len(pairs)
    assert all(one.low - 1e-9 <= one.mean_confidence <= one.high + 1e-9 for one in table)


@given(judged)
def test_one_bin_compares_the_means(pairs):
    confidences, hits = apart(pairs)
    expected = abs(np.mean(confidences) - np.mean(hits)) if pairs else 0.0
    assert calibration_error(confidences, hits, bins=1) == pytest.approx(expected)


def test_confidences_that_are_right_that_often_have_no_error():
    rng = np.random.default_rng(0)
    confidences = rng.uniform(size=20000)
    hits = rng.uniform(size=20000) < confidences
    assert calibration_error(confidences, hits) < 0.02


@pytest.mark.parametrize(
    ("confidences", "hits", "n_true", "words"),
    [
        ([0.5], [], 1, "a hit for each confidence"),
        ([1.5], [True], 1, r"lie in 0\.\.1; found 1\.5"),
        ([0.5, 0.6], [True, True], 1, "2 hits, but only 1 true"),
        ([float("nan")], [True], 1, r"lie in 0\.\.1"),
    ],
)
def test_what_cannot_be_is_refused(confidences, hits, n_true, words):
    with pytest.raises(ValueError, match=words):
        precision_recall_at(confidences, hits, n_true, 0.5)


def test_there_is_at_least_one_bin():
    with pytest.raises(ValueError, match="bins must be 1 or more; found 0"):
        reliability_table([0.5], [True], bins=0)
