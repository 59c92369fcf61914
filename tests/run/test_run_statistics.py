from math import inf

import pytest

from robot_skills.core.errors import InputError
from robot_skills.run.evaluate.statistics import Z_95, median_interval, paired_difference, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [  # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_published_intervals(successes, n, low, high):
    rate = wilson(successes, n)
    assert rate.value == successes / n
    assert (rate.low, rate.high) == pytest.approx((low, high), abs=5e-5)


def test_wilson_is_symmetric_in_success_and_failure():
    won, lost = wilson(37, 50), wilson(13, 50)
    assert won.low == pytest.approx(1 - lost.high)
    assert won.high == pytest.approx(1 - lost.low)


@pytest.mark.parametrize("n", [1, 7, 50])
def test_wilson_interval_holds_the_share_and_stays_within_bounds(n):
    for successes in range(n + 1):
        rate = wilson(successes, n)
        assert 0 <= rate.low <= rate.value <= rate.high <= 1


def test_wilson_narrows_with_more_trials():
    few, many = wilson(8, 10), wilson(800, 1000)
    assert many.high - many.low < (few.high - few.low) / 5


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_impossible_counts(successes, n):
    with pytest.raises(InputError, match=f"found {successes} of {n}"):
        wilson(successes, n)


def pairs(both, gained, lost, neither):
    before = [True] * both + [False] * gained + [True] * lost + [False] * neither
    after = [True] * both + [True] * gained + [False] * lost + [False] * neither
    return before, after


def test_paired_difference_agrees_with_a_published_interval():
    # Fagerland, Lydersen and Laake, Statistics in Medicine 2014, tables II and V
    found = paired_difference(*pairs(1, 1, 7, 12))
    assert (found.value, found.n) == (pytest.approx(-6 / 21), 21)
    assert (found.low, found.high) == pytest.approx((-0.517, -0.026), abs=5e-4)


@pytest.mark.parametrize("counts", [(20, 3, 9, 8), (0, 5, 5, 0), (30, 0, 7, 3), (90, 9, 1, 0)])
def test_paired_difference_turns_round_with_the_order(counts):
    before, after = pairs(*counts)
    there, back = paired_difference(before, after), paired_difference(after, before)
    assert (there.value, there.low, there.high) == pytest.approx(
        (-back.value, -back.high, -back.low), abs=1e-8
    )
    assert (there.gained, there.lost) == (back.lost, back.gained)


@pytest.mark.parametrize("lost", range(6))
def test_paired_difference_leaves_zero_out_just_where_mcnemars_test_does(lost):
    for gained in range(30):
        found = paired_difference(*pairs(40, gained, lost, 20))
        mcnemar = (gained - lost) ** 2 / max(1, gained + lost)
        assert (found.low > 0 or found.high < 0) == (mcnemar > Z_95**2)
        assert -1 <= found.low <= found.value <= found.high <= 1


def test_paired_difference_where_no_pair_differs_is_as_sure_as_there_are_pairs():
    found = paired_difference(*pairs(1000, 0, 0, 0))
    assert found.value == 0
    assert found.high == pytest.approx(Z_95**2 / (1000 + Z_95**2), abs=1e-6)
    assert found.low == pytest.approx(-found.high)


@pytest.mark.parametrize(("before", "after"), [([], []), ([True], [True, False])])
def test_paired_difference_refuses_what_is_no_pairs(before, after):
    with pytest.raises(InputError, match=f"found {len(before)}, {len(after)}"):
        paired_difference(before, after)


@pytest.mark.parametrize(
    ("n", "low", "high"),
    [(6, 1, 6), (8, 1, 8), (9, 2, 8), (20, 6, 15), (25, 8, 18)],
)  # ranks for n values: Conover, "Practical Nonparametric Statistics", table of the sign test
def test_a_medians_interval_lies_between_two_of_the_values(n, low, high):
    found = median_interval([float(value) for value in range(n, 0, -1)])
    assert (found.value, found.low, found.high) == ((n + 1) / 2, low, high)


def test_up_to_five_values_give_no_interval():
    found = median_interval([3.0, 1.0, 2.0, 5.0, 4.0])
    assert (found.value, found.low, found.high) == (3.0, -inf, inf)


def test_a_median_of_nothing_is_refused():
    with pytest.raises(InputError, match="found none"):
        median_interval([])
