"""Records of shared memory as the types that the caller's side hands out."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.deploy.control.status import RobotStatus
from robot_skills.deploy.driver import ArmState, Fault, Floats

Record = NDArray[np.void]


def read_state(record: Record) -> ArmState:
    """The reading in a record, as copies; faults do not travel this way."""
    width_m = float(record["gripper_width_m"])
    return ArmState(
        robot_time_s=float(record["robot_time_s"]),
        joint_position_rad=np.array(record["joint_position_rad"]),
        joint_velocity_rad_s=np.array(record["joint_velocity_rad_s"]),
        mode=bytes(record["mode"]).decode(errors="replace"),
        fault=None,
        gripper_width_m=None if np.isnan(width_m) else width_m,
        load=_told(record["load"]),
        temperature_c=_told(record["temperature_c"]),
        voltage_v=_told(record["voltage_v"]),
        link_errors=int(record["link_errors"]),
    )


def read_status(reading: Record, status: Record, fault: Fault | None) -> RobotStatus:
    """The status in two records."""
    return RobotStatus(
        mode=bytes(reading["mode"]).decode(errors="replace"),
        robot_time_s=float(reading["robot_time_s"]),
        rate_hz=float(status["rate_hz"]),
        lateness_p50_ms=float(status["lateness_p50_ms"]),
        lateness_p99_ms=float(status["lateness_p99_ms"]),
        lateness_max_ms=float(status["lateness_max_ms"]),
        late=int(status["late"]),
        overruns=int(status["overruns"]),
        dropped_chunks=int(status["dropped_chunks"]),
        aged_chunks=int(status["aged_chunks"]),
        joint_margin_rad=tuple(map(float, status["joint_margin_rad"])),
        nearest_m=float(status["nearest_m"]),
        speed_scale=float(status["speed_scale"]),
        fault="" if fault is None else str(fault),
    )


def _told(values: Floats) -> Floats | None:
    return None if np.isnan(values).all() else np.array(values)
