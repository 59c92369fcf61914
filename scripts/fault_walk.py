"""Long walks of an arm at its twin with nothing wrong: whatever stops one is spurious."""

from contextlib import suppress
from typing import Any

import numpy as np
from fault_rig import Rig, rig_at, twin_of
from numpy.typing import NDArray

from robot_skills.core.errors import RobotFault
from robot_skills.deploy.safety.body import ArmBody
from robot_skills.deploy.safety.settings import safety_settings

Floats = NDArray[np.float64]

AROUND_RAD = 0.4  # of home, for the places that are walked to
SPEED_RAD_S = (0.2, 0.8)
LOOKS = 12  # on the way to a place
ROOM_M = 0.03  # inside the task's box
LOWEST = 0.4  # of the box's height: what stands on the table is lower


def walk(arm: str, minutes: float) -> dict[str, Any]:
    """Walk from place to place for so long in robot time; after a stop go on with another twin.

    Places and the ways between them are free: inside the upper part of the task's box, where
    nothing stands, and farther from the arm itself and the table than where it slows.
    """
    trips: list[str] = []
    walked_s, protective_stops = 0.0, 0
    rng = np.random.default_rng(0)
    while walked_s < 60 * minutes:
        with twin_of(arm, seed=len(trips)) as twin, rig_at(twin, arm) as rig:
            with suppress(RobotFault):
                _wander(rig, rng, 60 * minutes - walked_s)
            latched = rig.robot.fault
            stats = twin.stats()
        walked_s += float(stats["robot_time_s"])
        protective_stops += int(stats["protective_stops"])
        if latched is not None:
            trips.append(str(latched))
    return {"minutes": walked_s / 60, "trips": trips, "protective_stops": protective_stops}


def _wander(rig: Rig, rng: np.random.Generator, seconds: float) -> None:
    body = ArmBody(rig.arm, safety_settings(rig.arm).table_m, _slow_m(rig))
    begun_s = rig.robot.state().robot_time_s
    rig.go(rig.start, 0.5)
    while not rig.latched and rig.robot.state().robot_time_s < begun_s + seconds:
        place = _free_place(rig, body, rng)
        rig.pace(place, float(rng.uniform(*SPEED_RAD_S)))
        rig.start = place


def _free_place(rig: Rig, body: ArmBody, rng: np.random.Generator) -> Floats:
    """Joints (J,) rad that can be walked to in a straight line; where the arm is, at worst."""
    for _ in range(LOOKS):
        place = rig.arm.home + rng.uniform(-AROUND_RAD, AROUND_RAD, rig.arm.dof)
        on_way = (rig.start + share * (place - rig.start) for share in np.linspace(0, 1, LOOKS))
        if all(_is_free(rig, body, joints) for joints in on_way):
            return place
    return rig.start


def _is_free(rig: Rig, body: ArmBody, joints: Floats) -> bool:
    body.place(joints)
    low, high = rig.task.workspace_m
    lowest = low + np.array([ROOM_M, ROOM_M, LOWEST * (high[2] - low[2])])
    ee = np.array(body.ee())
    inside = (ee > lowest).all() and (ee < high - ROOM_M).all()
    return bool(inside) and body.near().distance_m > _slow_m(rig)


def _slow_m(rig: Rig) -> float:
    return safety_settings(rig.arm).distance_slow_m
