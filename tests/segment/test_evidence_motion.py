"""What the motion alone says: turning back, accelerating, pausing, leaving its trend."""

import numpy as np
import pytest

from robot_skills.segment.evidence.kinematics import (
    acceleration,
    leaving_trend,
    pausing,
    turning_back,
)


def steady(direction, samples=60):
    return np.tile(np.asarray(direction, dtype=float), (samples, 1))


@pytest.mark.parametrize(
    ("after", "value"),
    [((1, 0), 0.0), ((0, 1), 0.5), ((-1, 0), 1.0), ((1, 1), (1 - np.sqrt(0.5)) / 2)],
)
def test_the_course_turns_by_half_its_cosines_difference(after, value):
    found = turning_back(np.concatenate([steady((1, 0)), steady(after)]))
    assert found[60] == pytest.approx(value, abs=1e-6)
    assert found[10:50] == pytest.approx(np.zeros(40), abs=1e-6)
    assert found[6:-6].max() == pytest.approx(value, abs=1e-6)


def test_a_slow_tremor_turns_less_than_a_swift_reversal():
    tremor = np.where(np.arange(60) % 12 < 6, 0.01, -0.01)[:, None] * [1.0, 0.0]
    found = turning_back(np.concatenate([steady((1, 0)), tremor, steady((1, 0))]))
    assert found[66:114].max() < 0.05


def test_acceleration_crests_where_the_speed_changes():
    velocity = np.concatenate([steady((1, 0)), steady((3, 0))])
    found = acceleration(velocity)
    assert int(np.argmax(found)) in (59, 60)
    assert found.mean() == pytest.approx(1.0, rel=1e-2)
    assert acceleration(7 * velocity) == pytest.approx(found)
    assert acceleration(steady((1, 0))) == pytest.approx(np.zeros(60))


def test_a_pause_stands_out_whatever_the_speed():
    velocity = steady((1.0, 0.0), 200)
    velocity[95:105] = 0.0
    found = pausing(velocity)
    assert abs(int(np.argmax(found)) - 99.5) <= 0.5
    assert found[99] > 1.0  # e times slower than is usual there
    assert pausing(100 * velocity) == pytest.approx(found, abs=1e-6)
    assert pausing(steady((2, 1))) == pytest.approx(np.zeros(60), abs=1e-6)


def test_a_straight_course_never_leaves_its_trend():
    line = np.arange(100.0)[:, None] * [0.1, -0.2] + [3.0, 5.0]
    assert leaving_trend(line) == pytest.approx(np.zeros(100), abs=1e-6)


def test_a_bend_is_missed_by_its_slope_over_the_floor():
    rows = np.maximum(np.arange(100.0) - 50, 0)[:, None] * 0.1  # flat, then 0.1 a sample
    found = leaving_trend(rows)
    ahead = 0.1 * np.arange(1, 15)
    assert found[50] == pytest.approx(np.sqrt((ahead**2).mean()) / 0.05)
    assert 45 <= int(np.argmax(found)) <= 55
    assert found[30] == pytest.approx(0.0, abs=1e-9)  # it cannot know of the bend yet


@pytest.mark.parametrize("shape", [(43, 2), (100, 0), (1, 3)])
def test_what_is_too_short_or_empty_has_no_trend(shape):
    assert leaving_trend(np.ones(shape)).tolist() == [0.0] * shape[0]
