"""The nearest of many rows, exactly, where there are too many columns for a tree to help."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
Ints = NDArray[np.int64]

BLOCK = 64  # queries answered at once
CREW = 16  # rows that are looked at together, at most


@dataclass(frozen=True)
class Nearest:
    """Rows (N, D), and the same about their mean with half their squared length (N, D + 1)."""

    rows: Rows
    mean: Floats
    keyed: Rows

    @staticmethod
    def among(rows: Floats) -> "Nearest":
        """Among rows (N, D), at least one."""
        mean = rows.mean(axis=0)
        about = rows - mean
        half = 0.5 * (about**2).sum(axis=1, keepdims=True)
        keyed = np.concatenate([-about, half], axis=1)
        return Nearest(rows.astype(np.float32), mean, keyed.astype(np.float32))

    def find(self, queries: Floats, count: int) -> tuple[Floats, Ints]:
        """Distances and places (Q, K) of the K = min(count, N) nearest to each query (Q, D).

        In no order; what is equally near but for single precision may be exchanged.
        """
        count = min(count, len(self.rows))
        distance = np.empty((len(queries), count))
        place = np.empty((len(queries), count), dtype=np.int64)
        for block in _blocks(len(queries)):
            some = queries[block]
            found = self._places(some, count)
            apart = self.rows[found] - some[:, None].astype(np.float32)
            distance[block] = np.sqrt(np.einsum("qkd,qkd->qk", apart, apart))
            place[block] = found
        return distance, place

    def _places(self, queries: Floats, count: int) -> Ints:
        ones = np.ones((len(queries), 1))
        about = np.concatenate([queries - self.mean, ones], axis=1).astype(np.float32)
        return smallest(about @ self.keyed.T, count)


def smallest(values: Rows, count: int) -> Ints:
    """Places (Q, count) of the smallest of each row of values (Q, N), in no order.

    Of crews of rows those with the smallest leaders hold them all, so that few are compared.
    """
    queries, size = values.shape
    crews = size // CREW
    if crews <= 2 * count:
        return np.argpartition(values, count - 1, axis=1)[:, :count]
    even = values[:, : crews * CREW].reshape(queries, CREW, crews)
    first = np.argpartition(even.min(axis=1), count - 1, axis=1)[:, :count]
    members = first[:, :, None] + crews * np.arange(CREW)
    rest = np.broadcast_to(np.arange(crews * CREW, size), (queries, size - crews * CREW))
    looked_at = np.concatenate([members.reshape(queries, -1), rest], axis=1)
    near = np.take_along_axis(values, looked_at, axis=1)
    best = np.argpartition(near, count - 1, axis=1)[:, :count]
    return np.take_along_axis(looked_at, best, axis=1)


def _blocks(size: int) -> Iterator[slice]:
    return (slice(first, first + BLOCK) for first in range(0, size, BLOCK))
