import numpy as np
import pytest

from robot_skills.deploy.control.freshness import Freshness
from robot_skills.deploy.interpolator import Interpolator

PERIOD_S = 0.008


def test_age_grows_while_the_robots_clock_stands_still() -> None:
    freshness = Freshness(PERIOD_S)
    freshness.update(1.0, 10.0)
    ages = [freshness.update(1.0, 10.0 + step * PERIOD_S) for step in range(1, 8)]
    assert ages == pytest.approx([step * PERIOD_S for step in range(1, 8)])
    assert freshness.update(1.008, 10.1) == 0.0


def test_a_host_that_did_not_look_does_not_call_the_link_frozen() -> None:
    freshness = Freshness(PERIOD_S)
    freshness.update(1.0, 10.0)
    assert freshness.update(1.0, 10.5) == pytest.approx(PERIOD_S)


def test_targets_arrive_when_they_are_due() -> None:
    path = Interpolator(np.zeros(2), PERIOD_S)
    path.aim(np.array([0.1, -0.2]), 5 * PERIOD_S)
    sent = np.array([path.advance(PERIOD_S) for _ in range(6)])
    assert np.diff(sent[:5, 0]) == pytest.approx(0.02)
    assert sent[-1] == pytest.approx([0.1, -0.2])


def test_a_late_loop_makes_no_jump() -> None:
    path = Interpolator(np.zeros(1), PERIOD_S)
    path.aim(np.array([0.1]), 0.05)
    assert path.advance(0.5)[0] == pytest.approx(0.1 * 2 * PERIOD_S / 0.05)


def test_braking_ends_on_the_line_at_the_given_deceleration() -> None:
    path = Interpolator(np.zeros(2), PERIOD_S)
    path.aim(np.array([1.0, 0.5]), 1.0)
    for _ in range(10):
        start = path.advance(PERIOD_S)
    path.brake(5.0)
    while not path.at_rest:
        end = path.advance(PERIOD_S)
    assert end[0] == pytest.approx(2 * end[1])
    assert end[0] - start[0] == pytest.approx(1.0**2 / (2 * 5.0), abs=PERIOD_S)
