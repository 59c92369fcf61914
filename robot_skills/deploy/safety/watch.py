"""Rows that watch readings, commands and processes: each tells a Verdict, or None when all is well.

What one row counts or times is its own. Every detail names what was seen, what is allowed and what
a person can do.
"""

from collections import deque
from math import inf, isfinite, tau
from operator import sub
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from robot_skills.deploy.driver import ArmState, Fault, FaultKind
from robot_skills.deploy.safety.settings import SafetySettings
from robot_skills.deploy.safety.verdict import Action, Cycle, Verdict

Floats = NDArray[np.float64]


class Row(Protocol):
    """One row of the table in docs/safety.md."""

    def judge(
        self, state: ArmState, cycle: Cycle, measured: list[float], wanted: Floats
    ) -> Verdict | None:
        """What is wrong with a reading whose joints are `measured` (J,) rad, or None."""
        ...


def stop(kind: FaultKind, detail: str) -> Verdict:
    """The verdict of most rows."""
    return Verdict(Action.STOP, Fault(kind, detail))


class Vendor:
    """What the arm itself says: a protective or emergency stop, a reflex, an error code."""

    def judge(
        self, state: ArmState, cycle: Cycle, measured: list[float], wanted: Floats
    ) -> Verdict | None:
        """Latched whatever it is; nothing is recovered from on its own."""
        if state.fault is not None:
            return Verdict(Action.STOP, state.fault)
        if cycle.command_error is not None:
            return stop(FaultKind.COMMAND_REFUSED, f"{cycle.command_error}; see the arm's own log")
        return None


class Link:
    """Cycles that fail in a row, and a robot clock that stands still."""

    def __init__(self, settings: SafetySettings, period_s: float) -> None:
        self._errors_max, self._stop_s = settings.link_errors_max, settings.stale_stop_s
        self._warn_s = settings.stale_warn_periods * period_s
        self.late = 0

    def judge(
        self, state: ArmState, cycle: Cycle, measured: list[float], wanted: Floats
    ) -> Verdict | None:
        """Late readings are counted in `late`."""
        if state.link_errors >= self._errors_max:
            return stop(
                FaultKind.LINK,
                f"{state.link_errors} cycles in a row failed, {self._errors_max} stop the arm; "
                "check cable and power",
            )
        if cycle.state_age_s > self._warn_s:
            self.late += 1
        if cycle.state_age_s > self._stop_s:
            return stop(
                FaultKind.STALE,
                f"the robot's clock has stood still for {1000 * cycle.state_age_s:.0f} ms, "
                f"{1000 * self._stop_s:.0f} are allowed; check the cable and the arm's load",
            )
        return None


class Asked:
    """What no sane policy asks: a wrong shape, NaN, a joint more than a turn away."""

    def __init__(self) -> None:
        self._asked = b""

    def judge(
        self, state: ArmState, cycle: Cycle, measured: list[float], wanted: Floats
    ) -> Verdict | None:
        """Judge joint targets (J,) rad, and that readings are finite."""
        if not isfinite(sum(measured)):
            return stop(FaultKind.DRIVER, f"joints are read as {measured}; see the arm's own log")
        asked = wanted.tobytes()
        if asked == self._asked:  # 20 times a second something new
            return None
        self._asked = asked
        if np.shape(wanted) != (len(measured),):
            return _bad(f"joint targets have shape {np.shape(wanted)}, {len(measured)} are needed")
        goals: list[float] = wanted.tolist()
        if not isfinite(sum(goals)):
            return _bad(f"targets must be finite; found {goals}")
        for goal, position in zip(goals, measured, strict=True):
            if abs(goal - position) > tau:
                return _bad(
                    f"a target is {abs(goal - position):.1f} rad away, a turn is allowed; is it in "
                    "degrees?"
                )
        return None


def _bad(detail: str) -> Verdict:
    return stop(FaultKind.BAD_COMMAND, f"{detail}; the policy is broken, do not run it again")


class Load:
    """Torque or current beyond its rating for too long."""

    def __init__(self, settings: SafetySettings, period_s: float) -> None:
        self._settings, self._period_s = settings, period_s
        self._high_s = self._peak_s = 0.0
        self._last_s = -inf
        self._peak_action = Action.POWER_OFF if settings.has_brakes else Action.STOP

    def judge(
        self, state: ArmState, cycle: Cycle, measured: list[float], wanted: Floats
    ) -> Verdict | None:
        """Judge the joint with the largest share, in robot time."""
        passed_s, self._last_s = state.robot_time_s - self._last_s, state.robot_time_s
        if state.load is None:
            return None
        passed_s = min(passed_s, 2 * self._period_s)
        worst = max(map(abs, state.load.tolist()))
        settings = self._settings
        self._high_s = self._high_s + passed_s if worst > settings.load_share else 0.0
        self._peak_s = self._peak_s + passed_s if worst >= settings.load_peak_share else 0.0
        if self._peak_s > settings.load_peak_s:
            return Verdict(self._peak_action, self._fault(worst, settings.load_peak_share))
        if self._high_s > settings.load_s:
            return Verdict(Action.STOP, self._fault(worst, settings.load_share))
        return None

    def _fault(self, worst: float, allowed: float) -> Fault:
        return Fault(
            FaultKind.OVERLOAD,
            f"a joint bears {100 * worst:.0f} % of its rating, {100 * allowed:.0f} % are allowed; "
            "see what it presses on or carries",
        )


class Servos:
    """Temperature and supply voltage, where servos report them."""

    def __init__(self, settings: SafetySettings) -> None:
        self._hot_c = settings.temperature_max_c
        self._low_v, self._high_v = settings.voltage_min_v, settings.voltage_max_v

    def judge(
        self, state: ArmState, cycle: Cycle, measured: list[float], wanted: Floats
    ) -> Verdict | None:
        """Judge the hottest servo, and those with the least and the most voltage."""
        hot_c = -inf if state.temperature_c is None else max(state.temperature_c.tolist())
        if hot_c > self._hot_c:
            return stop(
                FaultKind.OVERLOAD,
                f"a servo is at {hot_c:.0f} C, {self._hot_c:.0f} are allowed; let it cool",
            )
        if state.voltage_v is not None:
            volts = state.voltage_v.tolist()
            if min(volts) < self._low_v or max(volts) > self._high_v:
                return stop(
                    FaultKind.OVERLOAD,
                    f"servos have {min(volts):.1f} to {max(volts):.1f} V, {self._low_v:g} to "
                    f"{self._high_v:g} are allowed; check the power supply",
                )
        return None


class Processes:
    """The age of commands, missed periods, the operator's view and the watchdog process."""

    def __init__(self, settings: SafetySettings) -> None:
        self._settings = settings
        self._overruns: deque[int] = deque()
        self._cycle = 0

    def judge(
        self, state: ArmState, cycle: Cycle, measured: list[float], wanted: Floats
    ) -> Verdict | None:
        """Commands that are late hold the arm before they stop it."""
        settings = self._settings
        self._cycle += 1
        if cycle.overran and self._too_many():
            return stop(
                FaultKind.OVERRUN,
                f"more than {settings.overruns_max} of {settings.overruns_window} control periods "
                "were missed; free the computer of other work or lower the rate",
            )
        if cycle.watchdog_age_s > settings.watchdog_s:
            return stop(
                FaultKind.WATCHDOG,
                f"the watchdog process has been silent for {_seconds(cycle.watchdog_age_s)}, "
                f"{settings.watchdog_s:g} s are allowed; connect anew",
            )
        silent_s = cycle.heartbeat_age_s
        if silent_s > settings.heartbeat_s and (silent_s < inf or settings.heartbeat_required):
            return stop(
                FaultKind.HEARTBEAT,
                f"the operator's view has been silent for {_seconds(silent_s)}, "
                f"{settings.heartbeat_s:g} s are allowed; is its terminal still open?",
            )
        return self._command_age(cycle.command_age_s)

    def _command_age(self, age_s: float) -> Verdict | None:
        settings = self._settings
        if age_s <= settings.command_hold_s:
            return None
        if age_s > settings.command_stop_s:
            return stop(
                FaultKind.COMMAND_AGE,
                f"no command for {_seconds(age_s)}, {settings.command_stop_s:g} s are allowed; "
                "did the policy's process stall or end?",
            )
        return _HOLD

    def _too_many(self) -> bool:
        self._overruns.append(self._cycle)
        while self._overruns[0] <= self._cycle - self._settings.overruns_window:
            self._overruns.popleft()
        return len(self._overruns) > self._settings.overruns_max


_HOLD = Verdict(Action.HOLD)


def _seconds(age_s: float) -> str:
    return f"{age_s:.2f} s" if isfinite(age_s) else "as long as it was listened to"


class Tracking:
    """How far joints are from where the path wanted them, for how long."""

    def __init__(self, settings: SafetySettings, period_s: float) -> None:
        self._error_rad, self._time_s = settings.tracking_error_rad, settings.tracking_s
        self._longest_s = 2 * period_s
        self._off_s = 0.0
        self._last_s = -inf

    def judge(self, state: ArmState, measured: list[float], path: list[float]) -> Verdict | None:
        """Judge joints `measured` (J,) rad against those of the path, in robot time."""
        passed_s, self._last_s = state.robot_time_s - self._last_s, state.robot_time_s
        worst = max(map(abs, map(sub, path, measured)))
        if worst <= self._error_rad:
            self._off_s = 0.0
            return None
        self._off_s += min(passed_s, self._longest_s)
        if self._off_s <= self._time_s:
            return None
        return stop(
            FaultKind.TRACKING,
            f"a joint is {worst:.2f} rad from where it should be, {self._error_rad:g} are allowed "
            f"for {self._time_s:g} s; see what pushes or blocks it",
        )
