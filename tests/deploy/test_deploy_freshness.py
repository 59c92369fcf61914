import pytest

from robot_skills.deploy.control.freshness import Freshness

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
