"""When each frame of a video was on screen, from time stamps as files really have them."""

from collections import Counter
from fractions import Fraction

GAP_S = 1.0  # a picture that stands longer is worth a note
RESTART_S = 1.0  # a step back beyond this is a clock that started again, not a frame out of order
LEAP_S = 600.0  # a step ahead beyond this is a broken time stamp, not a picture that stood

MISSING = "frames without a time stamp, taken one period apart"
REPEATED = "frames with the time stamp of the one before, the later one shown"
LATE = "frames out of order, left out"
RESTARTED = "times the clock went back, continued"
LEAPT = f"times the clock leapt by over {LEAP_S:g} s, the leap closed"


class FrameClock:
    """Time stamps -> seconds from the first frame that never go back; `notes` tells the repairs."""

    def __init__(self, time_base: Fraction, period_s: float) -> None:
        self._time_base = time_base
        self._period_s = period_s
        self._zero_s: float | None = None
        self._last_s = -period_s
        self._repairs: Counter[str] = Counter()
        self._pauses = 0
        self._longest_s, self._longest_at_s = 0.0, 0.0

    def time_s(self, stamp: int | None) -> float | None:
        """Seconds at which the next decoded frame appears; None when it comes too late to show."""
        if stamp is None:
            self._repairs[MISSING] += 1
            return self._advance(self._period_s)
        stamp_s = float(stamp * self._time_base)
        if self._zero_s is None:
            return self._join(stamp_s)
        step_s = stamp_s - self._zero_s - self._last_s
        if step_s < -RESTART_S or step_s > LEAP_S:
            self._repairs[RESTARTED if step_s < 0 else LEAPT] += 1
            return self._join(stamp_s)
        if step_s < 0:
            self._repairs[LATE] += 1
            return None
        if step_s == 0:
            self._repairs[REPEATED] += 1
        self._watch_pause(step_s)
        return self._advance(step_s)

    def _join(self, stamp_s: float) -> float:
        """Let `stamp_s` mean one period after the last frame."""
        time_s = self._advance(self._period_s)
        self._zero_s = stamp_s - time_s
        return time_s

    def _advance(self, step_s: float) -> float:
        self._last_s += step_s
        return self._last_s

    def _watch_pause(self, step_s: float) -> None:
        if step_s <= GAP_S:
            return
        self._pauses += 1
        if step_s > self._longest_s:
            self._longest_s, self._longest_at_s = step_s, self._last_s

    def notes(self) -> tuple[str, ...]:
        """What was repaired so far, a sentence each."""
        notes = [f"{repair}: {count}" for repair, count in self._repairs.items()]
        if self._pauses:
            notes.append(
                f"pauses of over {GAP_S:g} s between frames: {self._pauses}, the longest "
                f"{self._longest_s:.1f} s at {self._longest_at_s:.1f} s"
            )
        return tuple(notes)
