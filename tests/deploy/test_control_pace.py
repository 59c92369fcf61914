import numpy as np
import pytest

from robot_skills.deploy.control.pace import Allowance, Pace

PERIOD_S = 0.008


def test_cycles_on_time_are_one_period_apart_and_none_overran() -> None:
    pace = Pace(PERIOD_S)
    pace.restart(10.0)
    for cycle in range(5):
        assert pace.due_s == pytest.approx(10.0 + cycle * PERIOD_S)
        pace.begin(pace.due_s + 0.001)
        pace.end(pace.due_s + 0.002)
    assert pace.overruns == 0
    assert pace.lateness_s(0.5, 1.0) == pytest.approx([0.001, 0.001])


@pytest.mark.parametrize(("late_periods", "overran"), [(0.4, False), (0.9, False), (3.2, True)])
def test_late_cycles_are_never_made_up_for_in_a_bunch(late_periods: float, overran: bool) -> None:
    pace = Pace(PERIOD_S)
    pace.restart(10.0)
    now_s = 10.0 + late_periods * PERIOD_S
    pace.begin(now_s)
    pace.end(now_s)
    assert pace.overran is overran
    assert pace.due_s - now_s > 0.5 * PERIOD_S - 1e-9
    slots = (pace.due_s - 10.0) / PERIOD_S
    assert slots == pytest.approx(round(slots))


def test_the_path_gets_one_period_a_cycle_though_timestamps_jitter() -> None:
    rng = np.random.default_rng(0)
    true_s = np.cumsum(np.full(200, PERIOD_S))
    seen_s = np.floor((true_s + rng.uniform(0, 0.0005, 200)) / 0.002) * 0.002  # a 500 Hz clock
    allowance = Allowance(PERIOD_S, 0.0)
    taken = np.array([allowance.take(time_s) for time_s in seen_s])
    assert taken[5:] == pytest.approx(PERIOD_S)


def test_readings_that_come_in_a_bunch_never_move_the_path_by_more_than_a_period() -> None:
    allowance = Allowance(PERIOD_S, 0.0)
    times = [0.008, 0.016, 0.016, 0.016, 0.048, 0.048, 0.056]
    taken = [allowance.take(time_s) for time_s in times]
    assert taken == pytest.approx([0.008, 0.008, 0.0, 0.0, 0.008, 0.002, 0.008])
    assert sum(taken) <= times[-1]
