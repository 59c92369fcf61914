"""Every way to cut one demonstration at its candidates, summed up exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SKIPS = 6  # a segment passes over fewer candidates than this
SUREST = 1e-3  # no candidate is certain either way, or nothing could ever change that


@dataclass(frozen=True)
class Lattice:
    """Segments between any two near edges: the recording's ends and its candidates.

    edges (E,) samples; first and last (N,) are the edges that each segment begins and ends at,
    sorted by `first`.
    """

    edges: Ints
    first: Ints
    last: Ints

    @staticmethod
    def between(candidates: Sequence[int], samples: int) -> "Lattice":
        """Lattice of candidates; ValueError unless they ascend between 0 and `samples`."""
        edges = np.array([0, *candidates, samples], dtype=np.int64)
        if (np.diff(edges) <= 0).any():
            raise ValueError(
                f"candidates must ascend between 0 and {samples}; found {[*candidates][:10]}"
            )
        reach = np.arange(len(edges))[:, None] + np.arange(1, SKIPS + 1)
        first, step = np.nonzero(reach < len(edges))
        return Lattice(edges, first, first + 1 + step)

    @property
    def starts(self) -> Ints:
        """First sample (N,) of each segment."""
        return self.edges[self.first]

    @property
    def stops(self) -> Ints:
        """Sample (N,) after the last one of each segment."""
        return self.edges[self.last]

    def posteriors(self, probability: Floats, worth: Floats) -> tuple[Floats, Floats]:
        """How probable each candidate (C,) and each segment (N,) is, all cuttings considered.

        probability (C,) of the candidates alone; worth (N,) of the segments in nats. The forward
        and backward sums of a semi-Markov model (Sarawagi and Cohen, NeurIPS 2004).
        """
        score = worth + self._cut(probability)
        ahead = self._forward(score)
        behind = self._backward(score)
        segment = np.exp(ahead[self.first] + score + behind[self.last] - ahead[-1])
        return np.exp(ahead + behind - ahead[-1])[1:-1], segment

    def _cut(self, probability: Floats) -> Floats:
        """Log odds (N,) of cutting where a segment ends and nowhere inside it."""
        clipped = np.clip(probability, SUREST, 1 - SUREST)
        ends = np.concatenate([[0.0], np.log(clipped), [0.0]])
        passed = np.cumsum(np.concatenate([[0.0], np.log1p(-clipped), [0.0]]))
        return np.asarray(ends[self.last] + passed[self.last - 1] - passed[self.first])

    def _forward(self, score: Floats) -> Floats:
        total = np.full(len(self.edges), -np.inf)
        total[0] = 0.0
        for at, start, stop in self._fans():
            ends = self.last[start:stop]
            total[ends] = np.logaddexp(total[ends], total[at] + score[start:stop])
        return total

    def _backward(self, score: Floats) -> Floats:
        total = np.full(len(self.edges), -np.inf)
        total[-1] = 0.0
        for at, start, stop in reversed(self._fans()):
            total[at] = np.logaddexp.reduce(score[start:stop] + total[self.last[start:stop]])
        return total

    def _fans(self) -> list[tuple[int, int, int]]:
        """For every edge but the last the rows [start, stop) of segments that begin at it."""
        rows = np.searchsorted(self.first, np.arange(len(self.edges)))
        return [(at, int(rows[at]), int(rows[at + 1])) for at in range(len(self.edges) - 1)]
