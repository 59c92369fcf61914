import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_skills.segment.metrics.boundary_metrics import (
    BoundaryCounts,
    bootstrap_f1,
    count_boundaries,
    match_boundaries,
    resampled_counts,
    resampled_f1,
    score_boundaries,
    total_counts,
)

moments = st.lists(st.floats(0, 60), max_size=12)


def test_each_true_boundary_is_matched_once():
    assert match_boundaries([1.0, 1.1, 1.2], [1.1]) == [(1, 0)]


def test_matching_is_as_large_as_possible():
    # the nearest pair (1.0, 1.1) would leave both others alone
    assert len(match_boundaries([0.7, 1.0], [1.1, 1.45])) == 2


def test_known_scores():
    counts = count_boundaries([1.0, 5.0, 9.0], [1.4, 5.6])
    assert counts == BoundaryCounts(matched=1, found=3, true=2)
    assert counts.precision == pytest.approx(1 / 3)
    assert counts.recall == pytest.approx(1 / 2)
    assert counts.f1 == pytest.approx(2 / 5)


def test_nothing_to_find_and_nothing_found_is_perfect():
    nothing = count_boundaries([], [])
    assert (nothing.precision, nothing.recall, nothing.f1) == (1.0, 1.0, 1.0)
    assert count_boundaries([1.0], []).f1 == 0.0


@given(moments, moments, st.floats(0.05, 2))
def test_matching_is_one_to_one_and_within_the_tolerance(found, true, tolerance):
    pairs = match_boundaries(found, true, tolerance)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert all(abs(found[i] - true[j]) <= tolerance + 1e-6 for i, j in pairs)


@given(moments, moments)
def test_swapping_found_and_true_swaps_precision_and_recall(found, true):
    one, other = count_boundaries(found, true), count_boundaries(true, found)
    assert one.matched == other.matched
    assert one.f1 == pytest.approx(other.f1)


@given(moments, moments)
def test_a_wider_tolerance_never_matches_fewer(found, true):
    narrow = count_boundaries(found, true, 0.25).matched
    assert narrow <= count_boundaries(found, true, 0.5).matched


@given(moments)
def test_the_truth_scores_one(true):
    assert count_boundaries(true, true).f1 == 1.0


@given(st.lists(st.tuples(moments, moments), min_size=1, max_size=5))
@settings(max_examples=20, deadline=None)
def test_means_over_demonstrations_are_bounded_and_grow_with_the_tolerance(pairs):
    scores = score_boundaries(*zip(*pairs, strict=True))
    for name, mean in scores.items():
        assert mean.low <= mean.value <= mean.high and mean.n == len(pairs)
        assert mean.value > 0 if name == "over_segmentation" else 0 <= mean.value <= 1
    for name in ("precision", "recall", "f1"):
        values = [scores[f"{name}@{tolerance}"].value for tolerance in ("0.25", "0.5", "1")]
        assert values == sorted(values)


@given(st.lists(moments, min_size=1, max_size=5))
@settings(max_examples=20, deadline=None)
def test_the_truth_scores_one_at_every_tolerance(true):
    assert {mean.value for mean in score_boundaries(true, true).values()} == {1.0}


@given(moments, moments)
def test_over_segmentation_is_one_for_equal_counts_and_inverts_when_swapped(found, true):
    one, other = count_boundaries(found, true), count_boundaries(true, found)
    assert one.over_segmentation * other.over_segmentation == pytest.approx(1.0)
    assert (one.over_segmentation == 1.0) == (len(found) == len(true))


def test_counts_of_demonstrations_add_up():
    total = total_counts([BoundaryCounts(1, 2, 3), BoundaryCounts(4, 5, 6)])
    assert total == BoundaryCounts(5, 7, 9)


def test_the_interval_holds_the_score_and_shrinks_with_more_demonstrations():
    few = [BoundaryCounts(3, 4, 4), BoundaryCounts(1, 4, 4), BoundaryCounts(4, 4, 4)]
    low, high = bootstrap_f1(few)
    assert low <= total_counts(few).f1 <= high
    many_low, many_high = bootstrap_f1(few * 20)
    assert many_high - many_low < high - low
    assert bootstrap_f1(few) == (low, high)
    assert np.isfinite([low, high]).all()


counts_of_one = st.tuples(*[st.integers(0, 9)] * 3).map(
    lambda kinds: BoundaryCounts(kinds[0], kinds[0] + kinds[1], kinds[0] + kinds[2])
)


@given(st.lists(counts_of_one, min_size=1, max_size=7))
@settings(max_examples=40)
def test_resamples_are_possible_counts_and_centred_on_the_score(counts):
    matched, found, true = np.moveaxis(resampled_counts(counts), 2, 0)
    assert matched.shape == (1000, len(counts))
    assert (matched <= np.minimum(found, true)).all() and (matched >= 0).all()
    drawn = resampled_f1(counts)
    assert ((drawn >= 0) & (drawn <= 1)).all()
    low, high = bootstrap_f1(counts)
    assert low - 1e-9 <= np.median(drawn) <= high + 1e-9


def test_few_demonstrations_are_as_uncertain_as_their_boundaries():
    twins = [BoundaryCounts(5, 10, 10)] * 2  # drawing demonstrations would give no spread at all
    low, high = bootstrap_f1(twins)
    assert low < 0.5 < high
    longer_low, longer_high = bootstrap_f1([BoundaryCounts(50, 100, 100)] * 2)
    assert longer_high - longer_low < high - low
    assert bootstrap_f1([BoundaryCounts(5, 10, 10)] * 5) == (0.5, 0.5)


def test_of_few_demonstrations_each_keeps_its_number_of_boundaries():
    one = BoundaryCounts(matched=3, found=5, true=4)  # 3 pairs, 2 false, 1 missed: 6 in all
    matched, found, true = resampled_counts([one])[:, 0].T
    assert (found + true - matched == 6).all()
    assert found.mean() == pytest.approx(5, abs=0.15) and true.mean() == pytest.approx(4, abs=0.15)


def test_means_of_few_demonstrations_have_intervals_over_boundaries():
    scores = score_boundaries([[1.0, 5.0, 9.0]] * 2, [[1.0, 7.0]] * 2)
    f1 = scores["f1@0.5"]
    assert f1.value == pytest.approx(0.4) and f1.low < 0.4 < f1.high and f1.n == 2
    assert scores["over_segmentation"].low < 4 / 3 < scores["over_segmentation"].high
