"""Chunks of joint targets: what the policy's process writes, and which target is due when."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.deploy.control.memory import CHUNK_MAX, Cell

Floats = NDArray[np.float64]

AGED_S = 0.1  # a chunk whose last target was due longer ago than this when it came is not followed


@dataclass(frozen=True)
class JointChunk:
    """Targets in order: when each is due in robot time (K,) s, joints (K, J) rad, widths (K,) m."""

    robot_time_s: Floats
    joint_position: Floats
    gripper_width_m: Floats

    def __post_init__(self) -> None:
        count = len(self.robot_time_s)
        if not 1 <= count <= CHUNK_MAX:
            raise InputError(f"a chunk has 1 to {CHUNK_MAX} targets; found {count}")
        shapes = np.shape(self.joint_position)[:1], np.shape(self.gripper_width_m)
        if shapes != ((count,), (count,)):
            raise InputError(f"a chunk's arrays must agree; found {count} times and {shapes}")
        if (np.diff(self.robot_time_s) <= 0).any():
            raise InputError(f"a chunk's times must rise; found {self.robot_time_s}")


def write_chunk(cell: Cell, chunk: JointChunk, host_time_s: float) -> None:
    """Publish a chunk, with the host's monotonic time of writing."""
    record, count = cell.record, len(chunk.robot_time_s)
    record["number"] += 1
    record["written_s"], record["count"] = host_time_s, count
    record["robot_time_s"][:count] = chunk.robot_time_s
    record["joint_position_rad"][:count] = chunk.joint_position
    record["gripper_width_m"][:count] = chunk.gripper_width_m
    cell.write()


@dataclass(frozen=True)
class DueTarget:
    """Where to be next: joints (J,) rad in `left_s`, a width in m; `age_s` past the chunk's end."""

    joint_position: Floats
    gripper_width_m: float
    left_s: float
    age_s: float


class ChunkFollower:
    """The control process's view of the newest chunk; counts those that it never saw or refused."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._number = 0
        self._chunk: JointChunk | None = None
        self.dropped = 0
        self.aged = 0

    def due(self, robot_time_s: float) -> DueTarget | None:
        """The target to be at next; None while no chunk has come."""
        if self._cell.fetch():
            self._take(robot_time_s)
        chunk = self._chunk
        if chunk is None:
            return None
        last = len(chunk.robot_time_s) - 1
        index = min(int(np.searchsorted(chunk.robot_time_s, robot_time_s, "right")), last)
        left_s = float(chunk.robot_time_s[index]) - robot_time_s
        return DueTarget(
            chunk.joint_position[index],
            float(chunk.gripper_width_m[index]),
            max(left_s, 0.0),
            max(-left_s, 0.0),
        )

    def _take(self, robot_time_s: float) -> None:
        record = self._cell.record
        number, count = int(record["number"]), int(record["count"])
        self.dropped += number - self._number - 1
        self._number = number
        times = record["robot_time_s"][:count].copy()
        if times[-1] < robot_time_s - AGED_S:
            self.aged += 1
            return
        self._chunk = JointChunk(
            times,
            record["joint_position_rad"][:count].copy(),
            record["gripper_width_m"][:count].copy(),
        )
