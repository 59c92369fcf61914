import pytest

from robot_skills.core.errors import InputError
from robot_skills.run.statistics import wilson


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
