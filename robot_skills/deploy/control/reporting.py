"""What the control process writes for others to read: each reading, and how it is doing."""

import time

import numpy as np
from numpy.typing import NDArray

from robot_skills.deploy.control.chunk import ChunkFollower
from robot_skills.deploy.control.memory import ArmMemory
from robot_skills.deploy.control.pace import Pace
from robot_skills.deploy.driver import ArmState
from robot_skills.deploy.safety.layer import SafetyLayer

Floats = NDArray[np.float64]

STATUS_S = 0.25  # between two looks at the statistics, which cost more than a reading


class Reporter:
    """Writes readings to shared memory every cycle, statistics four times a second."""

    def __init__(
        self, memory: ArmMemory, pace: Pace, chunks: ChunkFollower, safety: SafetyLayer
    ) -> None:
        self._reading, self._status = memory.reading, memory.status
        self._pace, self._chunks, self._safety = pace, chunks, safety
        self._next_s = 0.0

    def report(self, state: ArmState, sent: Floats) -> None:
        """Publish one reading and the target (J,) rad that was sent for it."""
        record = self._reading.record
        record["robot_time_s"] = state.robot_time_s
        record["host_time_s"] = now_s = time.monotonic()
        record["joint_position_rad"] = state.joint_position_rad
        record["joint_velocity_rad_s"] = state.joint_velocity_rad_s
        record["sent_rad"] = sent
        record["gripper_width_m"] = _told(state.gripper_width_m)
        record["load"] = _told(state.load)
        record["temperature_c"] = _told(state.temperature_c)
        record["voltage_v"] = _told(state.voltage_v)
        record["link_errors"] = state.link_errors
        record["mode"] = state.mode.encode()[:32]
        self._reading.write()
        if now_s >= self._next_s:
            self._next_s = now_s + STATUS_S
            self._report_status(state, now_s)

    def _report_status(self, state: ArmState, now_s: float) -> None:
        record = self._status.record
        p50, p99, most = 1000 * self._pace.lateness_s(0.5, 0.99, 1.0)
        record["rate_hz"] = self._pace.rate_hz(now_s)
        record["lateness_p50_ms"], record["lateness_p99_ms"] = p50, p99
        record["lateness_max_ms"] = most
        record["late"], record["overruns"] = self._safety.late, self._pace.overruns
        record["dropped_chunks"] = self._chunks.dropped
        record["aged_chunks"] = self._chunks.aged
        margins = self._safety.margins(state)
        record["joint_margin_rad"] = margins.joint_rad
        record["nearest_m"], record["speed_scale"] = margins.nearest_m, margins.speed_share
        self._status.write()


def _told(value: Floats | float | None) -> Floats | float:
    return np.nan if value is None else value
