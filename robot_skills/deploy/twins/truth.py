"""A twin's own record of what really happened, against which every claim is checked."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.deploy.twins.physics import TwinPhysics

Floats = NDArray[np.float64]

FORMAT = 1
ROW_S = 0.008  # of robot time between two rows: 125 Hz
STANDSTILL_RAD_S = 0.01


class TruthLog:
    """Largest joint speed, acceleration and lead over all ticks, and the path at 125 Hz.

    The lead is how far the servos' reference runs ahead of a joint.
    """

    def __init__(self, joint_position: Floats, tick_s: float) -> None:
        self._tick_s = tick_s
        self._ticks_per_row = max(1, round(ROW_S / tick_s))
        self._first = self._position = joint_position.copy()
        self._last_velocity = np.zeros_like(joint_position)
        self._speed = np.zeros_like(joint_position)
        self._acceleration = np.zeros_like(joint_position)
        self._excursion = np.zeros_like(joint_position)
        self._lead = np.zeros_like(joint_position)
        self._last_motion_s = 0.0
        self._rows: list[tuple[float, ...]] = []
        self._events: list[dict[str, object]] = []

    def tick(self, tick: int, physics: TwinPhysics) -> None:
        """Take in the state after one tick of physics."""
        position, velocity = physics.joint_position, physics.joint_velocity
        change = np.abs(velocity - self._last_velocity) / self._tick_s
        self._speed = np.maximum(self._speed, np.abs(velocity))
        self._acceleration = np.maximum(self._acceleration, change)
        self._excursion = np.maximum(self._excursion, np.abs(position - self._first))
        self._lead = np.maximum(self._lead, np.abs(physics.joint_reference - position))
        self._position, self._last_velocity = position.copy(), velocity.copy()
        if float(np.abs(velocity).max()) > STANDSTILL_RAD_S:
            self._last_motion_s = tick * self._tick_s
        if tick % self._ticks_per_row == 0:
            self._rows.append((tick * self._tick_s, *position, *velocity, *physics.ee_pose()[:3]))

    def event(self, time_s: float, kind: str, detail: str = "") -> None:
        """Note something that happened, such as a protective stop."""
        self._events.append({"robot_time_s": round(time_s, 4), "kind": kind, "detail": detail})

    def summary(self) -> dict[str, object]:
        """Largest values over the whole run, per joint, and the events in order."""
        ee = np.array([row[-3:] for row in self._rows]).reshape(-1, 3)
        return {
            "robot_time_s": self._rows[-1][0] if self._rows else 0.0,
            "rows": len(self._rows),
            "joint_position_rad": _rounded(self._position),
            "largest_joint_speed_rad_s": _rounded(self._speed),
            "largest_joint_acceleration_rad_s2": _rounded(self._acceleration),
            "largest_joint_excursion_rad": _rounded(self._excursion),
            "largest_joint_lead_rad": _rounded(self._lead),
            "largest_ee_speed_m_s": round(self._ee_speed_m_s(ee), 4),
            "ee_low_m": _rounded(ee.min(axis=0, initial=np.inf)),
            "ee_high_m": _rounded(ee.max(axis=0, initial=-np.inf)),
            "last_motion_s": round(self._last_motion_s, 4),
            "protective_stops": sum(e["kind"] == "protective_stop" for e in self._events),
            "events": self._events,
        }

    def _ee_speed_m_s(self, ee: Floats) -> float:
        steps = np.linalg.norm(np.diff(ee, axis=0), axis=1)
        return float(steps.max(initial=0.0) / (self._ticks_per_row * self._tick_s))

    def write(self, path: Path, extra: Mapping[str, object]) -> None:
        """Write the whole log as JSON; a row is time, joints, joint speeds, end-effector xyz."""
        log = {
            "format": FORMAT,
            **self.summary(),
            **extra,
            "path": [_rounded(r) for r in self._rows],
        }
        partial = path.with_suffix(path.suffix + ".partial")
        partial.write_text(json.dumps(log))
        partial.replace(path)


def _rounded(values: Floats | tuple[float, ...]) -> list[float]:
    return [round(float(v), 5) for v in values]
