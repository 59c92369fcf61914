"""When a control cycle is due, how late it came, and how far it may move the path."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SOON_PERIODS = 0.9  # after the last cycle; what is nearer to a whole period is timing noise
WINDOW = 2048  # cycles over which lateness is told
ROUNDING = 1e-6  # of a slot
SPARE_PERIODS = 0.25  # of robot time that may be saved up, against timestamps that jitter


class Pace:
    """Slots one period apart on the host's monotonic clock; a slot that was missed is left out.

    Two cycles never begin closer than half a period: an arm that has a period to reach each target
    would have to hurry through targets that come in a bunch.
    """

    def __init__(self, period_s: float, window: int = WINDOW) -> None:
        self._period_s = period_s
        self._lateness_s = np.zeros(window)
        self._start_s = self._begun_s = self.due_s = 0.0
        self.cycles = 0
        self.overruns = 0
        self.overran = self._skipped = False

    @property
    def earliest_s(self) -> float:
        """When the next cycle may begin at the earliest: half a period after the last."""
        return self._begun_s + self._period_s / 2

    def restart(self, host_time_s: float) -> None:
        """The first cycle is due now."""
        self._start_s = self.due_s = host_time_s

    def begin(self, host_time_s: float, own_time: bool = False) -> None:
        """A cycle begins: note how late it is. An arm with `own_time` says when the next is due."""
        late_s = host_time_s - self.due_s
        self._lateness_s[self.cycles % len(self._lateness_s)] = late_s
        self._skipped = own_time and late_s > self._period_s
        self.cycles += 1
        self._begun_s = host_time_s
        if own_time:
            self.due_s = host_time_s

    def end(self, host_time_s: float) -> None:
        """A cycle has ended: say when the next is due, and whether this one overran its period."""
        self.overran = self._skipped or host_time_s - self.due_s > self._period_s
        self.overruns += self.overran
        half_s = self._period_s / 2
        earliest_s = max(self.earliest_s, host_time_s - half_s)
        slots = np.ceil((earliest_s - self.due_s) / self._period_s - ROUNDING)
        self.due_s += max(1, int(slots)) * self._period_s

    def lateness_s(self, *shares: float, newest: int = WINDOW) -> Floats:
        """Quantiles in s of lateness over the newest cycles, such as 0.5, 0.99 and 1."""
        first = max(self.cycles - min(newest, len(self._lateness_s)), 0)
        known = self._lateness_s.take(range(first, max(self.cycles, 1)), mode="wrap")
        return np.asarray(np.quantile(known, shares))

    def rate_hz(self, host_time_s: float) -> float:
        """Cycles a second since the start."""
        return self.cycles / max(host_time_s - self._start_s, self._period_s)


class Allowance:
    """How much time the path may advance by in one cycle: what passed at the robot, evenly.

    One period as a rule. A reading that shows no time passed allows none; time saved up is never
    spent at once; and a cycle that follows sooner than a period, because the last was late, moves
    the path by as much less. So no target asks for more than the path's own speed, however cycles
    and readings bunch.
    """

    def __init__(self, period_s: float, robot_time_s: float) -> None:
        self._period_s = period_s
        self._robot_time_s = robot_time_s
        self._host_time_s = -np.inf
        self._saved_s = 0.0

    def take(self, robot_time_s: float, host_time_s: float) -> float:
        """Time in s to advance by at a reading of `robot_time_s`, taken at `host_time_s`."""
        most = (1 + SPARE_PERIODS) * self._period_s
        self._saved_s = min(self._saved_s + robot_time_s - self._robot_time_s, most)
        since_s = host_time_s - self._host_time_s
        self._robot_time_s, self._host_time_s = robot_time_s, host_time_s
        taken = min(max(self._saved_s, 0.0), self._period_s)
        if since_s < SOON_PERIODS * self._period_s:
            taken = min(taken, since_s)
        self._saved_s -= taken
        return taken
