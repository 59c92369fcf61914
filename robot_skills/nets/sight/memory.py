"""What a policy remembers: some observations, spaced alike when it learns and when it runs."""

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STRIDE = 6  # control steps between two remembered observations: neighbours hardly differ


def with_history(features: Floats, observations: int) -> Floats:
    """Rows (T, K F) of features (T, F): what came before beside each step, oldest first.

    Before the beginning stands the first step.
    """
    steps = np.arange(len(features))
    ago = STRIDE * np.arange(observations)[::-1]
    chosen = np.maximum(steps[:, None] - ago, 0)
    return np.asarray(features[chosen].reshape(len(features), -1))


class Memory:
    """The same at run time, over what was seen since the skill began, whenever that was."""

    def __init__(self, observations: int, rate_hz: float) -> None:
        self._ago_s = STRIDE / rate_hz * np.arange(observations)[::-1]
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._times_s: list[float] = []
        self._rows: list[Floats] = []

    def add(self, time_s: float, features: Floats) -> Floats:
        """Inputs (K F,) now that features (F,) were seen at `time_s`."""
        self._times_s.append(time_s)
        self._rows.append(features)
        return np.concatenate([self._rows[self._nearest(time_s - ago)] for ago in self._ago_s])

    def _nearest(self, time_s: float) -> int:
        after = min(bisect_left(self._times_s, time_s), len(self._times_s) - 1)
        before = max(after - 1, 0)
        late, early = self._times_s[after] - time_s, time_s - self._times_s[before]
        return after if late <= early else before
