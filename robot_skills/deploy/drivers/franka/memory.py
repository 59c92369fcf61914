"""Memory that the driver shares with libfranka's processes: records that are never half new."""

import mmap
import os

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Layouts = tuple[np.dtype[np.void], ...]

JOINTS = 7

READING = np.dtype(
    [
        ("time_s", "<f8"),
        ("position", "<f8", JOINTS),
        ("velocity", "<f8", JOINTS),
        ("torque_nm", "<f8", JOINTS),
        ("mode", "S24"),
        ("fault_kind", "S24"),
        ("fault", "S400"),
        ("following", "?"),
        ("cycles", "<u8"),
        ("lost", "<u8"),
    ]
)
TARGET = np.dtype([("number", "<u8"), ("position", "<f8", JOINTS)])
ORDER = np.dtype([("number", "<u8"), ("kind", "S8")])
ANSWER = np.dtype([("number", "<u8"), ("error", "S400")])
HAND = np.dtype(
    [
        ("count", "<u8"),
        ("width_m", "<f8"),
        ("width_max_m", "<f8"),
        ("error", "S400"),
    ]
)
WISH = np.dtype([("number", "<u8"), ("width_m", "<f8")])


class Record:
    """One structured value with one writer; a reader gets it whole."""

    def __init__(self, memory: mmap.mmap, offset: int, layout: np.dtype[np.void]) -> None:
        self._turn = np.frombuffer(memory, "<u8", 1, offset)
        self._slot = np.frombuffer(memory, layout, 1, offset + 8)
        self.draft = np.zeros((), layout)

    def publish(self) -> None:
        """Show the draft to the readers."""
        self._turn[0] += 1  # odd: being written
        self._slot[0] = self.draft
        self._turn[0] += 1

    def read(self) -> np.void:
        """A copy of the newest value."""
        while True:
            before = int(self._turn[0])
            value: np.void = self._slot[0].copy()
            if before % 2 == 0 and int(self._turn[0]) == before:
                return value


def create(records: Layouts) -> int:
    """An anonymous file that is large enough; it goes when its last holder ends."""
    file_descriptor = os.memfd_create("robot_skills_franka", 0)
    os.ftruncate(file_descriptor, sum(8 + _aligned(layout) for layout in records))
    return file_descriptor


def attach(file_descriptor: int, records: Layouts) -> list[Record]:
    """The records in that file, one after another."""
    memory = mmap.mmap(file_descriptor, 0)
    views, offset = [], 0
    for layout in records:
        views.append(Record(memory, offset, layout))
        offset += 8 + _aligned(layout)
    return views


def _aligned(layout: np.dtype[np.void]) -> int:
    return -(-layout.itemsize // 8) * 8
