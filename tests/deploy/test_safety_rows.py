"""Each row of the safety table on a simulated first-order arm, in robot time."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from robot_skills import paths
from robot_skills.core.arm import load_arm
from robot_skills.core.task_file import load_task
from robot_skills.deploy.driver import ArmState, Fault, FaultKind
from robot_skills.deploy.safety.layer import SafetyLayer
from robot_skills.deploy.safety.settings import SafetySettings, safety_settings
from robot_skills.deploy.safety.verdict import Action, Cycle, Verdict

ARM = load_arm(paths.find("assets/arms", "ur5e"))
TASK = load_task(paths.find("envs", "blocks"))
PERIOD_S = 0.008
LAG_S = 0.05
TARGET_S = 0.05

Change = Callable[[float], dict[str, object]]


def nothing(time_s: float) -> dict[str, object]:
    return {}


@dataclass
class Run:
    """What happened: one row a period."""

    sent: np.ndarray
    measured: np.ndarray
    verdicts: list[Verdict]

    @property
    def last(self) -> Verdict:
        return self.verdicts[-1]

    def first_s(self, action: Action) -> float:
        return PERIOD_S * [v.action for v in self.verdicts].index(action)

    def speed(self) -> np.ndarray:
        return np.diff(self.sent, axis=0) / PERIOD_S


def run(
    policy: Callable[[float], np.ndarray],
    duration_s: float = 1.0,
    reading: Change = nothing,
    cycle: Change = nothing,
    blocked: bool = False,
    settings: SafetySettings | None = None,
) -> Run:
    """A policy's targets at 20 Hz on an arm that follows with a lag of 50 ms."""
    layer = SafetyLayer(ARM, TASK, settings or safety_settings(ARM), PERIOD_S, True)
    measured = ARM.home.copy()
    rows: list[tuple[np.ndarray, np.ndarray]] = []
    verdicts = []
    goal, due_s = measured, 0.0
    for count in range(round(duration_s / PERIOD_S)):
        time_s = count * PERIOD_S
        if time_s >= due_s - 1e-9:
            goal, due_s = policy(time_s), due_s + TARGET_S
        state = ArmState(time_s, measured, np.zeros(6), "running", None)
        state = replace(state, **reading(time_s))  # type: ignore[arg-type]
        seen = replace(Cycle(time_s), **cycle(time_s))  # type: ignore[arg-type]
        verdicts.append(layer.check(state, seen, goal))
        sent = layer.advance(goal, due_s - time_s, state, PERIOD_S)
        rows.append((sent, measured))
        if not blocked:
            measured = measured + (sent - measured) * (1 - np.exp(-PERIOD_S / LAG_S))
    sent_rows, measured_rows = (np.array(column) for column in zip(*rows, strict=True))
    return Run(sent_rows, measured_rows, verdicts)


def still(time_s: float) -> np.ndarray:
    return ARM.home


def moving(time_s: float) -> np.ndarray:
    return ARM.home + 0.3 * time_s * np.array([1.0, 0.0, 0.0, 0.0, 0.0, 1.0])


def after(start_s: float, **values: object) -> Change:
    return lambda time_s: values if time_s >= start_s else {}


FULL = np.ones(6)
STOPS = {
    "vendor": ({"fault": Fault(FaultKind.PROTECTIVE_STOP, "hit")}, {}, 0.0),
    "link errors": ({"link_errors": 3}, {}, 0.0),
    "stale": ({}, {"state_age_s": 0.051}, 0.0),
    "refused": ({}, {"command_error": "the program ended"}, 0.0),
    "watchdog": ({}, {"watchdog_age_s": np.inf}, 0.0),
    "heartbeat": ({}, {"heartbeat_age_s": 0.51}, 0.0),
    "command age": ({}, {"command_age_s": 0.31}, 0.0),
    "overruns": ({}, {"overran": True}, 0.024),
    "hot": ({"temperature_c": 61.0 * FULL}, {}, 0.0),
    "low voltage": ({"voltage_v": 9.9 * FULL}, {}, 0.0),
    "load": ({"load": 0.61 * FULL}, {}, 0.5),
}
KINDS = {
    "vendor": FaultKind.PROTECTIVE_STOP,
    "link errors": FaultKind.LINK,
    "stale": FaultKind.STALE,
    "refused": FaultKind.COMMAND_REFUSED,
    "watchdog": FaultKind.WATCHDOG,
    "heartbeat": FaultKind.HEARTBEAT,
    "command age": FaultKind.COMMAND_AGE,
    "overruns": FaultKind.OVERRUN,
    "hot": FaultKind.OVERLOAD,
    "low voltage": FaultKind.OVERLOAD,
    "load": FaultKind.OVERLOAD,
}


@pytest.mark.parametrize("row", STOPS)
def test_a_row_that_stops_brakes_within_bounds_and_latches(row: str) -> None:
    reading, cycle, delay_s = STOPS[row]
    start_s, gone_s = 0.4, 1.2

    def only_then(values: dict[str, object]) -> Change:
        return lambda time_s: values if start_s <= time_s < gone_s else {}

    seen = run(moving, 1.6, reading=only_then(reading), cycle=only_then(cycle))
    assert seen.first_s(Action.STOP) == pytest.approx(start_s + delay_s, abs=2 * PERIOD_S)
    assert seen.last.action is Action.STOP
    assert seen.last.fault is not None
    assert seen.last.fault.kind is KINDS[row]
    stopped = round((start_s + delay_s + 0.3) / PERIOD_S)
    assert np.abs(seen.speed()[stopped:]).max() == pytest.approx(0.0, abs=1e-6)
    acceleration = np.diff(seen.speed(), axis=0) / PERIOD_S
    assert np.abs(acceleration).max() <= 5.0 + 1e-6


def test_without_anything_wrong_nothing_stops_and_the_target_is_reached() -> None:
    goal = ARM.home + 0.05
    seen = run(lambda _: goal, 1.5)
    assert {v.action for v in seen.verdicts} == {Action.NONE}
    assert seen.sent[-1] == pytest.approx(goal, abs=1e-6)


def test_late_commands_hold_and_the_motion_goes_on_when_they_return() -> None:
    late = after(0.4)
    seen = run(
        moving, 1.5, cycle=lambda t: {"command_age_s": 0.15} if 0.4 <= t < 0.8 else late(0.0)
    )
    at_hold, resumed = round(0.75 / PERIOD_S), round(1.3 / PERIOD_S)
    assert seen.verdicts[at_hold] == Verdict(Action.HOLD)
    assert np.abs(seen.speed()[at_hold]).max() == pytest.approx(0.0, abs=1e-6)
    assert seen.last.action is Action.NONE
    assert seen.speed()[resumed][0] > 0.1


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (np.full(6, np.nan), "finite"),
        (np.array([np.inf, *ARM.home[1:]]), "finite"),
        (ARM.home[:5], r"shape \(5,\), 6 are needed"),
        (np.rad2deg(ARM.home), "degrees"),
    ],
)
def test_what_no_sane_policy_asks_stops(asked: np.ndarray, words: str) -> None:
    seen = run(lambda time_s: asked if time_s > 0.3 else moving(time_s), 1.0)
    assert seen.last.fault is not None
    assert seen.last.fault.kind is FaultKind.BAD_COMMAND
    assert np.isfinite(seen.sent).all()
    with pytest.raises(ValueError, match=words):
        raise ValueError(str(seen.last.fault))


def test_peak_load_takes_the_power_and_an_arm_that_would_fall_is_stopped() -> None:
    peak = after(0.2, load=FULL)
    seen = run(still, 0.5, reading=peak)
    assert seen.first_s(Action.POWER_OFF) == pytest.approx(0.25, abs=2 * PERIOD_S)
    seen = run(still, 0.5, reading=peak, settings=safety_settings(ARM, has_brakes=False))
    assert seen.last.action is Action.STOP


def test_three_overruns_in_a_hundred_are_forgiven() -> None:
    seen = run(still, 3.0, cycle=lambda t: {"overran": round(t / PERIOD_S) % 40 == 0})
    assert seen.last.action is Action.NONE


def test_a_view_never_heard_is_silent_only_where_it_is_required() -> None:
    assert run(still, 0.1).last.action is Action.NONE
    seen = run(still, 0.1, settings=safety_settings(ARM, heartbeat_required=True))
    assert seen.last.fault is not None
    assert seen.last.fault.kind is FaultKind.HEARTBEAT


def test_a_blocked_joint_is_led_no_farther_than_the_leash_and_trips() -> None:
    seen = run(lambda t: ARM.home + 0.5 * t, 2.0, blocked=True)
    assert np.abs(seen.sent - seen.measured).max() == pytest.approx(0.1, abs=1e-9)
    assert seen.last.fault is not None
    assert seen.last.fault.kind is FaultKind.TRACKING


def test_pressing_within_the_policys_own_leash_does_not_trip() -> None:
    seen = run(lambda _: ARM.home + 0.1, 3.0, blocked=True)
    assert seen.last.action is Action.NONE


def test_a_joint_measured_in_the_margin_stops() -> None:
    beyond = ARM.home.copy()
    beyond[2] = ARM.position_max[2] - 0.01
    seen = run(still, 0.5, reading=after(0.2, joint_position_rad=beyond))
    assert seen.last.fault is not None
    assert seen.last.fault.kind is FaultKind.OUTSIDE
    assert "joint 3" in seen.last.fault.detail


def test_an_arm_that_was_sent_nothing_may_be_led_by_hand() -> None:
    layer = SafetyLayer(ARM, TASK, safety_settings(ARM), PERIOD_S, True)
    for count in range(100):
        led = ARM.home + 0.01 * count
        state = ArmState(PERIOD_S * count, led, np.zeros(6), "running", None)
        assert layer.check(state, Cycle(0.0), led) == Verdict(Action.NONE)
    assert layer.advance(led, 0.05, state, PERIOD_S) == pytest.approx(led)
