"""The clock of a log: which column tells the time, in which unit, and one uniform rate from it."""

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.storage.log_table import LogTable

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

UNITS_S = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
OTHER_UNITS = {"sec": "s", "secs": "s", "seconds": "s", "msec": "ms", "usec": "us", "nsec": "ns"}
NAMES = ("time", "timestamp", "t", "stamp", "header_stamp", "datetime", "elapsed", "clock")
SLOWEST_PERIOD_S = 1.0  # a slower log shows no movement: its unit must be a smaller one
MOST_BAD_TIMES = 0.05  # beyond this the clock is not to be believed
GAP_PERIODS, GAP_S = 10.0, 0.5
MOST_GAPS = 10.0  # times as long as its rows make it: a jump of the clock, not a pause
ROUNDING = 1e-6  # nanoseconds since 1970 lose so much as floats
EVEN = 0.05  # jitter in periods that needs no resampling


@dataclass(frozen=True)
class LogClock:
    """Row times on a log's own clock, and the uniform times they are brought to.

    `column` tells the time; rows (N,) are the rows kept, row_time_s (N,) their increasing times,
    time_s (T,) uniform.
    """

    column: str
    rows: Integers
    row_time_s: Floats
    time_s: Floats
    rate_hz: float
    notes: tuple[str, ...]

    def resampled(self, column: Floats) -> Floats:
        """A column, one value a row of the file, at `time_s`; NaN within a gap."""
        kept = column[self.rows]
        if len(kept) == len(self.time_s) and self._even():
            return kept
        values = np.interp(self.time_s, self.row_time_s, kept)
        values[self._in_gaps()] = np.nan
        return values

    def _even(self) -> bool:
        return bool(np.abs(self.row_time_s - self.time_s).max() * self.rate_hz < EVEN)

    def _in_gaps(self) -> NDArray[np.bool_]:
        after = np.clip(np.searchsorted(self.row_time_s, self.time_s), 1, len(self.rows) - 1)
        before_s, after_s = self.row_time_s[after - 1], self.row_time_s[after]
        inside = (self.time_s > before_s) & (self.time_s < after_s)
        return np.asarray(inside & (after_s - before_s > gap_s(1.0 / self.rate_hz)))


def gap_s(period_s: float) -> float:
    """Seconds between rows from which on the log is taken to have paused."""
    return max(GAP_PERIODS * period_s, GAP_S)


def time_columns(names: Iterable[str]) -> list[str]:
    """Columns whose name says time, the likeliest first."""
    found = [(NAMES.index(_base_and_unit(n)[0]), n) for n in names if _base_and_unit(n)[0] in NAMES]
    return [name for _, name in sorted(found, key=lambda pair: pair[0])]


def read_clock(path: Path, table: LogTable, column: str = "", unit: str = "") -> LogClock:
    """The clock of a table, from the column and unit given or from what names and steps tell.

    InputError when there is no time column, or its times are not to be believed.
    """
    names = [*table.numbers, *table.texts]
    name = column or next(iter(time_columns(names)), "")
    if not name:
        raise InputError(
            f"{path}: no time column; wanted one called {', '.join(NAMES)}, perhaps with _s, _ms, "
            f"_us or _ns, found {', '.join(names)}"
        )
    stamps = table.numbers[name] if name in table.numbers else _dates(path, name, table.texts[name])
    told = unit or _base_and_unit(name)[1] or ("s" if name in table.texts else "")
    rows, notes = _believable(path, name, stamps)
    steps = np.diff(stamps[rows])
    unit = told or _unit_of(path, name, float(np.median(steps)))
    if not told and unit != "s":
        notes = (*notes, f"{name}: taken as {unit}, for the steps between rows would be too long")
    return _uniform(path, name, rows, stamps[rows] * UNITS_S[unit], notes)


def _base_and_unit(name: str) -> tuple[str, str]:
    """The plain name of a column and the unit of time it ends in, or ""."""
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word and word != "field"]
    unit = OTHER_UNITS.get(words[-1], words[-1]) if len(words) > 1 else ""
    return ("_".join(words[:-1]), unit) if unit in UNITS_S else ("_".join(words), "")


def _dates(path: Path, name: str, texts: NDArray[np.str_]) -> Floats:
    """Seconds since 1970 of ISO 8601 dates."""
    try:
        return np.array([datetime.fromisoformat(text.strip()).timestamp() for text in texts])
    except ValueError as error:
        raise InputError(f"{path}: column {name} holds no times ({error})") from None


def _believable(path: Path, name: str, stamps: Floats) -> tuple[Integers, tuple[str, ...]]:
    """Rows (N,) whose times increase, as many as possible, and what was left out."""
    known = np.flatnonzero(np.isfinite(stamps))
    steps = np.diff(stamps[known])
    rows = known if np.all(steps > 0) else known[_longest_rise(stamps[known])]
    if len(rows) < 2:
        raise InputError(f"{path}: needs two rows with different times; found {len(rows)}")
    without, back = len(stamps) - len(known), len(known) - len(rows)
    if without + back > max(1, MOST_BAD_TIMES * len(stamps)):
        where = int(known[int(np.argmax(steps <= 0)) + 1]) if back else int(np.argmin(stamps))
        raise InputError(
            f"{path}: column {name} is no clock: of {len(stamps)} rows {back} stand still or go "
            f"back and {without} have no time, first at row {where + 1}; a log is one recording"
        )
    notes = [f"{without} rows without a time were left out"] if without else []
    notes += [f"{back} rows whose time stands still or goes back were left out"] if back else []
    return rows, tuple(notes)


def _longest_rise(stamps: Floats) -> Integers:
    """Places of a longest strictly increasing subsequence (patience sorting)."""
    tops: list[float] = []
    last: list[int] = []
    before = np.full(len(stamps), -1)
    for place, stamp in enumerate(stamps.tolist()):
        length = bisect_left(tops, stamp)
        if tops[length : length + 1] == [stamp]:
            continue  # of equal stamps the first is the true one
        if length:
            before[place] = last[length - 1]
        tops[length : length + 1] = [stamp]
        last[length : length + 1] = [place]
    rise = np.zeros(len(last), dtype=np.int64)
    place = last[-1] if last else -1
    for at in range(len(rise) - 1, -1, -1):
        rise[at], place = place, int(before[place])
    return rise


def _unit_of(path: Path, name: str, step: float) -> str:
    for unit, seconds in UNITS_S.items():
        if step * seconds <= SLOWEST_PERIOD_S:
            return unit
    raise InputError(
        f"{path}: column {name} steps by {step:g} a row, too long in every unit; name the unit as "
        f"in {name}_ms, or in the file beside the log"
    )


def _uniform(
    path: Path, name: str, rows: Integers, time_s: Floats, notes: tuple[str, ...]
) -> LogClock:
    steps_s = np.diff(time_s)
    period_s = _period_s(steps_s)
    length_s = float(time_s[-1] - time_s[0])
    if length_s > MOST_GAPS * period_s * len(rows):
        raise InputError(
            f"{path}: its clock covers {length_s:.0f} s, but {len(rows)} rows {period_s:g} s apart "
            f"fill {period_s * len(rows):.0f} s; the longest step is {steps_s.max():.0f} s at row "
            f"{int(rows[np.argmax(steps_s)]) + 1}"
        )
    gaps = steps_s[steps_s > gap_s(period_s)]
    if len(gaps):
        at_s = float(time_s[np.argmax(steps_s)] - time_s[0])
        notes = (
            *notes,
            f"{len(gaps)} gaps, the longest {gaps.max():.2f} s at {at_s:.1f} s; unknown there",
        )
    steps = round(length_s / period_s) + 1
    uniform_s = time_s[0] + np.arange(steps) * period_s
    return LogClock(name, rows, time_s, uniform_s, 1.0 / period_s, notes)


def _period_s(steps_s: Floats) -> float:
    """The usual step; where none is off it is their mean, free of rounded stamps."""
    usual_s = float(np.median(steps_s))
    near = steps_s[np.abs(steps_s - usual_s) < 0.5 * usual_s]
    mean_s = float(np.mean(near)) if len(near) else usual_s
    round_s = 1.0 / max(round(1.0 / mean_s, 1), 0.1)
    return round_s if abs(round_s / mean_s - 1.0) < ROUNDING else mean_s
