"""What an xArm controller reports unasked: frames of fixed layout, length first.

Port 30000 has the robot's clock and measured joints, 250 times a second; port 30002 errors,
temperatures and voltages, 5 times. Source: UFACTORY, "Data Description of TCP port"; what later
firmware appends is ignored. Lengths, times, counts and voltages are big-endian, floats little.
"""

import queue
from collections.abc import Sequence
from typing import Any

import numpy as np

from robot_skills.deploy.driver import Floats

REALTIME_PORT, RICH_PORT = 30000, 30002
AXES = 7  # always reported, whatever the arm has

_Field = tuple[str, str, int]


def _layout(fields: Sequence[_Field], size: int) -> np.dtype[np.void]:
    names, formats, offsets = zip(*fields, strict=True)
    table = {"names": names, "formats": formats, "offsets": offsets, "itemsize": size}
    layout: np.dtype[np.void] = np.dtype(table)  # type: ignore[call-overload]  # tuples, not lists
    return layout


REALTIME = _layout(
    [
        ("size", ">u4", 0),
        ("time_us", ">u8", 4),
        ("state_mode", "u1", 12),
        ("commands", ">u2", 13),
        ("target_position_rad", f"({AXES},)<f4", 32),
        ("position_rad", f"({AXES},)<f4", 116),
        ("velocity_rad_s", f"({AXES},)<f4", 144),
        ("torque_nm", f"({AXES},)<f4", 228),
        ("pose_mm_rad", "(6,)<f4", 472),
    ],
    804,
)
REALTIME_NEEDED = 256  # bytes up to the last field that the driver uses

RICH = _layout(
    [
        ("size", ">u4", 0),
        ("state_mode", "u1", 4),
        ("commands", ">u2", 5),
        ("position_rad", f"({AXES},)<f4", 7),
        ("pose_mm_rad", "(6,)<f4", 35),
        ("torque_nm", f"({AXES},)<f4", 59),
        ("brakes", "u1", 87),
        ("enabled", "u1", 88),
        ("error", "u1", 89),
        ("warning", "u1", 90),
        ("gravity", "(3,)<f4", 133),
        ("kind", "u1", 145),
        ("axes", "u1", 146),
        ("controller_id", "u1", 147),
        ("arm_id", "u1", 148),
        ("version", "S30", 151),
        ("temperature_c", f"({AXES},)i1", 245),
        ("velocity_rad_s", f"({AXES},)<f4", 256),
        ("voltage_cv", f"({AXES},)>u2", 341),
    ],
    587,
)
RICH_NEEDED = 355


class ReportPort:
    """One report's newest frame, received by a thread of the vendor's client."""

    def __init__(self, port: Any, layout: np.dtype[np.void], needed: int) -> None:
        self._port = port
        self._layout = layout
        self._needed = needed
        self._newest: np.void | None = None

    def wait(self, timeout_s: float) -> np.void | None:
        """The next frame, or None where none comes in time."""
        try:
            self._take(self._port.rx_que.get(timeout_s > 0.0, timeout_s))
        except queue.Empty:
            return None
        return self._newest

    def newest(self) -> np.void | None:
        """The newest frame that came, at once."""
        while True:
            try:
                self._take(self._port.rx_que.get_nowait())
            except queue.Empty:
                return self._newest

    def close(self) -> None:
        """Let go of the link."""
        self._port.close()

    def _take(self, frame: bytes) -> None:
        if len(frame) >= self._needed:
            whole = frame[: self._layout.itemsize].ljust(self._layout.itemsize, b"\0")
            self._newest = np.frombuffer(whole, self._layout)[0]


def joints(frame: np.void, field: str, count: int) -> Floats:
    """The first `count` joints of a field, as floats (J,)."""
    return np.asarray(frame[field][:count], dtype=float)
