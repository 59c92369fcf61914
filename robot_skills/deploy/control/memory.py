"""Shared memory between the policy's process and the control process: records that never tear.

The memory has no name: a file that only its descriptors keep, handed down at the start. So it is
gone with the last process that maps it, however that ended.
"""

import mmap
import os
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import RobotFault
from robot_skills.deploy.control.watchdog import BEATS_SIZE, Beats

FORMAT = 1
CHUNK_MAX = 64  # targets in one chunk
_HEAD = np.dtype([("format", "<u4"), ("joints", "<u4")])
_GUARD = np.dtype([("sequence", "<u8"), ("checksum", "<u4"), ("unused", "<u4")])
_ATTEMPTS = 3


def reading_type(joints: int) -> np.dtype[Any]:
    """One reading, with what was sent for it; numbers that an arm does not tell are NaN."""
    return np.dtype(
        [
            ("robot_time_s", "<f8"),
            ("host_time_s", "<f8"),
            ("joint_position_rad", "<f8", joints),
            ("joint_velocity_rad_s", "<f8", joints),
            ("sent_rad", "<f8", joints),
            ("gripper_width_m", "<f8"),
            ("load", "<f8", joints),
            ("temperature_c", "<f8", joints),
            ("voltage_v", "<f8", joints),
            ("link_errors", "<i8"),
            ("mode", "S32"),
        ]
    )


def status_type(joints: int) -> np.dtype[Any]:
    """How the control process is doing, some times a second."""
    return np.dtype(
        [
            ("rate_hz", "<f8"),
            ("lateness_p50_ms", "<f8"),
            ("lateness_p99_ms", "<f8"),
            ("lateness_max_ms", "<f8"),
            ("late", "<i8"),
            ("overruns", "<i8"),
            ("dropped_chunks", "<i8"),
            ("aged_chunks", "<i8"),
            ("joint_margin_rad", "<f8", joints),
            ("nearest_m", "<f8"),
            ("speed_scale", "<f8"),
        ]
    )


def chunk_type(joints: int) -> np.dtype[Any]:
    """Joint targets with the robot times at which they are due; `count` of them hold."""
    return np.dtype(
        [
            ("number", "<u8"),
            ("written_s", "<f8"),
            ("count", "<i8"),
            ("robot_time_s", "<f8", CHUNK_MAX),
            ("joint_position_rad", "<f8", (CHUNK_MAX, joints)),
            ("gripper_width_m", "<f8", CHUNK_MAX),
        ]
    )


class Cell:
    """One record that one process writes and others read, whole or not at all.

    A sequence number is odd while a record is being written, and a checksum covers what a machine
    that orders its stores otherwise could still mix. Both sides work on `record`, their own copy.
    """

    def __init__(self, memory: memoryview, kind: np.dtype[Any]) -> None:
        self._head: NDArray[np.void] = np.frombuffer(memory, _GUARD, 1)
        self._sequence = self._head["sequence"]
        self._checksum = self._head["checksum"]
        self._shared = memory[_GUARD.itemsize : _GUARD.itemsize + kind.itemsize]
        self._copy = np.zeros(1, kind)
        self._bytes = memoryview(self._copy.view(np.uint8))  # type: ignore[arg-type]  # a buffer
        self._fetched = np.zeros(kind.itemsize, np.uint8)
        self._seen = 0
        self.record: NDArray[np.void] = self._copy[0]

    @staticmethod
    def size(kind: np.dtype[Any]) -> int:
        """Bytes that a cell takes, up to the next cache line."""
        return -(-(_GUARD.itemsize + kind.itemsize) // 64) * 64

    def write(self) -> None:
        """Publish `record`."""
        self._sequence[0] += 1
        self._shared[:] = self._bytes
        self._checksum[0] = zlib.crc32(self._bytes)
        self._sequence[0] += 1

    def fetch(self) -> bool:
        """Bring `record` up to date; False where nothing new could be had whole."""
        for _ in range(_ATTEMPTS):
            before = int(self._sequence[0])
            if before == self._seen:
                return False
            fetched = bytes(self._shared)
            checksum = int(self._checksum[0])
            if before % 2 or before != int(self._sequence[0]) or checksum != zlib.crc32(fetched):
                continue
            self._bytes[:] = fetched
            self._seen = before
            return True
        return False


class ArmMemory:
    """What the processes of one arm share; `descriptor` is the file that others map."""

    def __init__(self, descriptor: int, joints: int) -> None:
        self.descriptor = descriptor
        kinds = [reading_type(joints), status_type(joints), chunk_type(joints)]
        self._map = mmap.mmap(descriptor, 0)
        view, at = memoryview(self._map), 2 * BEATS_SIZE
        self.beats = Beats(self._map)
        self._head: NDArray[np.void] = np.frombuffer(view, _HEAD, 1, BEATS_SIZE)
        cells = []
        for kind in kinds:
            cells.append(Cell(view[at : at + Cell.size(kind)], kind))
            at += Cell.size(kind)
        self.reading, self.status, self.chunk = cells

    @classmethod
    def create(cls, joints: int) -> "ArmMemory":
        """New memory for an arm of so many joints."""
        kinds = [reading_type(joints), status_type(joints), chunk_type(joints)]
        descriptor = os.memfd_create("robot-skills-arm")
        os.ftruncate(descriptor, 2 * BEATS_SIZE + sum(map(Cell.size, kinds)))
        memory = cls(descriptor, joints)
        memory._head[0] = (FORMAT, joints)
        return memory

    @classmethod
    def attach(cls, descriptor: int, joints: int) -> "ArmMemory":
        """Map what another process created; raises RobotFault where its layout is another."""
        memory = cls(descriptor, joints)
        found = tuple(int(value) for value in memory._head[0])
        if found != (FORMAT, joints):
            raise RobotFault(
                f"shared memory has format and joints {found}; expected {(FORMAT, joints)}"
            )
        return memory

    def close(self) -> None:
        """Let go of the descriptor; the mapping goes when nothing uses it any more."""
        os.close(self.descriptor)
