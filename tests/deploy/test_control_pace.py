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


def test_a_cycle_whose_work_takes_most_of_its_period_still_keeps_the_beat() -> None:
    pace = Pace(PERIOD_S)
    pace.restart(10.0)
    for _ in range(5):
        pace.begin(pace.due_s)
        pace.end(pace.due_s + 0.9 * PERIOD_S)
    assert pace.due_s == pytest.approx(10.0 + 5 * PERIOD_S)
    assert pace.overruns == 0


def test_an_arm_with_time_of_its_own_is_late_by_what_its_cycles_are_longer() -> None:
    pace = Pace(PERIOD_S)
    pace.restart(10.0)
    now_s = 10.0
    for longer_s in (0.0, 0.001, 0.002):
        pace.begin(now_s + longer_s, own_time=True)
        pace.end(now_s + longer_s + 0.001)
        now_s += PERIOD_S + longer_s
    assert pace.lateness_s(1.0) == pytest.approx([0.002])


@pytest.mark.parametrize(("gap_periods", "overran"), [(1.5, False), (2.5, True)])
def test_an_arm_with_time_of_its_own_that_was_left_alone_for_a_period_is_an_overrun(
    gap_periods: float, overran: bool
) -> None:
    pace = Pace(PERIOD_S)
    pace.restart(10.0)
    for begin_s in (10.0, 10.0 + PERIOD_S, 10.0 + (1 + gap_periods) * PERIOD_S):
        pace.begin(begin_s, own_time=True)
        pace.end(begin_s + 0.001)
    assert pace.overran is overran


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
    taken = np.array([allowance.take(*times) for times in zip(seen_s, true_s, strict=True)])
    assert taken[5:] == pytest.approx(PERIOD_S)


def test_readings_that_come_in_a_bunch_never_move_the_path_by_more_than_a_period() -> None:
    allowance = Allowance(PERIOD_S, 0.0)
    times = [0.008, 0.016, 0.016, 0.016, 0.048, 0.048, 0.056]
    taken = [allowance.take(time_s, PERIOD_S * cycle) for cycle, time_s in enumerate(times)]
    assert taken == pytest.approx([0.008, 0.008, 0.0, 0.0, 0.008, 0.002, 0.008])
    assert sum(taken) <= times[-1]


def test_a_cycle_that_follows_a_late_one_soon_moves_the_path_by_as_much_less() -> None:
    allowance = Allowance(PERIOD_S, 0.0)
    taken = [allowance.take(t, t) for t in (0.008, 0.020, 0.024, 0.032)]
    assert taken == pytest.approx([0.008, 0.008, 0.004, 0.008])
