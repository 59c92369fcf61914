"""How far surprise rises above the usual, and which candidates are kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_skills.segment.boundaries import likeliest
from robot_skills.segment.predict.rises import LOWEST, find_crests, level_of_rises, log_rises
from robot_skills.segment.signals import SIGNAL_RATE_HZ


def bumps(heights, every=100, level=0.0):
    """Surprise that crests at 50, 150, ... samples with the given heights."""
    time = np.arange(every * len(heights))
    total = np.full(len(time), level)
    for number, height in enumerate(heights):
        total += height * np.exp(-0.5 * ((time - every * number - every / 2) / 6) ** 2)
    return total


HEIGHTS = [3.0, 0.2, 2.8, 0.3, 3.2, 0.25, 0.2, 3.0]


def test_high_crests_rise_above_the_level_and_ripples_do_not():
    surprise = bumps(HEIGHTS)
    rises = log_rises(surprise, level_of_rises([surprise]))
    assert np.flatnonzero(rises > 0).tolist() == pytest.approx([50, 250, 450, 750], abs=1)
    assert np.sum(rises > LOWEST) == 8  # only crests have any


def test_the_level_has_no_unit():
    usual = log_rises(bumps(HEIGHTS), level_of_rises([bumps(HEIGHTS)]))
    for scale, level in ((0.01, -4.0), (100.0, 7.0)):
        other = bumps([h * scale for h in HEIGHTS], level=level)
        assert log_rises(other, level_of_rises([other])) == pytest.approx(usual, abs=1e-6)


def test_flat_surprise_has_no_level_and_no_rise():
    assert level_of_rises([np.zeros(300)]) == float("inf")
    assert log_rises(np.zeros(300), float("inf")).tolist() == [LOWEST] * 300


def test_crests_keep_off_each_other_and_off_both_ends():
    noise = np.random.default_rng(0).normal(size=2000)
    crests = find_crests(noise)
    assert np.diff(crests).min() >= 0.5 * SIGNAL_RATE_HZ
    assert crests[0] > 8 and crests[-1] < 1992


def test_the_usual_surprise_starts_afresh_at_a_crest_that_was_kept():
    """A short lull after a crest at 100 is the usual to whoever forgets what was before it."""
    time = np.arange(200)
    surprise = np.where((time >= 100) & (time < 139), 0.0, 2.0)
    surprise += 6.0 * np.exp(-0.5 * (time - 100) ** 2)
    surprise += 1.5 * np.exp(-0.5 * (time - 121) ** 2)
    assert log_rises(surprise, 1.0)[121] == pytest.approx(np.log(1.5), abs=0.1)
    assert log_rises(surprise, 9.0)[121] == LOWEST  # the crest at 100 was not kept
    assert log_rises(surprise, 1.0, forgets=False)[121] == LOWEST


def test_the_likeliest_of_candidates_too_near_to_each_other_is_kept():
    samples, logits = np.array([10, 14, 40, 45, 80]), np.array([1.0, 2.0, 3.0, 2.5, -1.0])
    assert likeliest(samples, logits, 0.5, 0.0) == [1, 2]
    assert likeliest(samples, logits, 0.2, 0.0) == [0, 1, 2, 3]
    assert likeliest(samples, logits, 0.5, -2.0) == [1, 2, 4]
    assert likeliest(samples[:0], logits[:0], 0.5, 0.0) == []


candidates = st.lists(
    st.tuples(st.integers(0, 400), st.floats(-5, 5)), max_size=30, unique_by=lambda c: c[0]
)


@given(candidates, st.floats(0.1, 3.0), st.floats(-3, 3), st.floats(0, 3))
@settings(max_examples=60, deadline=None)
def test_kept_candidates_are_apart_and_a_lower_threshold_keeps_them(found, apart_s, high, lower):
    found = sorted(found)
    samples = np.array([s for s, _ in found], dtype=np.int64)
    logits = np.array([x for _, x in found])
    kept = likeliest(samples, logits, apart_s, high)
    assert kept == sorted(kept) and all(logits[k] >= high for k in kept)
    assert all(np.diff(samples[kept]) >= apart_s * SIGNAL_RATE_HZ)
    for k in set(range(len(found))) - set(kept):
        near = [j for j in kept if abs(samples[j] - samples[k]) < apart_s * SIGNAL_RATE_HZ]
        assert logits[k] < high or any(logits[j] >= logits[k] for j in near)
    assert set(kept) <= set(likeliest(samples, logits, apart_s, high - lower))
