import numpy as np
import pytest

from robot_skills.segment import SegmentConfig
from robot_skills.segment.boundaries import split_level, surprise_boundaries
from robot_skills.segment.predict.surprise import Surprise


def bumps(heights, every=100, level=0.0):
    """Surprise that crests at 50, 150, ... samples with the given heights."""
    time = np.arange(every * len(heights))
    total = np.full(len(time), level)
    for number, height in enumerate(heights):
        total += height * np.exp(-0.5 * ((time - every * number - every / 2) / 6) ** 2)
    return Surprise(total, {"motion": total * 0.2, "object": total * 0.8})


def test_high_crests_are_boundaries_and_ripples_are_not():
    surprise = bumps([3.0, 0.2, 2.8, 0.3, 3.2, 0.25, 0.2, 3.0])
    (found,) = surprise_boundaries([surprise], SegmentConfig())
    assert [b.sample for b in found] == pytest.approx([50, 250, 450, 750], abs=1)
    assert {b.cause for b in found} == {"object"}
    assert all(0.5 <= b.confidence <= 1 for b in found)


def test_the_threshold_has_no_unit():
    heights = [3.0, 0.2, 2.8, 0.3, 3.2, 0.25, 0.2, 3.0]
    for scale, level in ((0.01, -4.0), (100.0, 7.0)):
        (found,) = surprise_boundaries(
            [bumps([h * scale for h in heights], level=level)], SegmentConfig()
        )
        assert len(found) == 4


def test_finer_finds_no_fewer():
    surprise = bumps([3.0, 1.2, 2.8, 0.9, 1.6, 0.4, 2.0, 3.0])
    counts = [
        len(surprise_boundaries([surprise], SegmentConfig(finer=finer))[0])
        for finer in (0.5, 1.0, 2.0, 8.0)
    ]
    assert counts == sorted(counts) and counts[0] < counts[-1]


def test_boundaries_keep_the_minimum_length():
    surprise = bumps([3.0] * 10, every=20)
    (found,) = surprise_boundaries([surprise], SegmentConfig(min_length_s=3.0))
    assert np.diff([b.sample for b in found]).min() >= 60


def test_flat_surprise_has_no_boundary():
    assert surprise_boundaries(
        [Surprise(np.zeros(300), {"motion": np.zeros(300)})], SegmentConfig()
    ) == [[]]


def test_the_split_parts_two_groups():
    level = split_level([0.1, 0.2, 0.15, 5.0, 5.2])
    assert 0.2 < level < 5.0
    assert split_level([]) == float("inf")
