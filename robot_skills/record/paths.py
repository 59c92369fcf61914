"""Paths a hand takes: smooth in time, rounded at the corners, never twice the same."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses

Floats = NDArray[np.float64]

TURN_M_RAD = 0.08  # path length in m that a turn of the hand counts for


@dataclass(frozen=True)
class Manner:
    """How one person moves on one day: speed m/s, detours m, odds of a pause a step, slips."""

    speed_m_s: float
    slow_m_s: float
    detour_m: float
    pause_probability: float
    pause_s: tuple[float, float]
    fumble_probability: float
    width_m: float
    carry_m: float
    grasp_wait_s: float


def sample_manner(rng: np.random.Generator, scale: float = 1.0) -> Manner:
    """Draw a manner; a pause is as likely at any step as at any other.

    Among things of `scale` times the usual size, all lengths are that much shorter.
    """
    return Manner(
        speed_m_s=scale * float(rng.uniform(0.16, 0.30)),
        slow_m_s=scale * float(rng.uniform(0.07, 0.12)),
        detour_m=scale * float(rng.uniform(0.0, 0.02)),
        pause_probability=float(rng.uniform(0.0, 0.008)),
        pause_s=(0.2, 0.9),
        fumble_probability=0.1,
        width_m=scale * float(rng.uniform(0.068, 0.085)),
        carry_m=scale * float(rng.uniform(0.12, 0.17)),
        grasp_wait_s=float(rng.uniform(0.25, 0.5)),
    )


def minimum_jerk(share: Floats) -> Floats:
    """Position share 0..1 at time share 0..1 (Flash and Hogan 1985)."""
    return np.asarray(share**3 * (10 - 15 * share + 6 * share**2))


def sweep(
    start: Floats, pivot: Floats, angle_rad: float, speed_m_s: float, rate_hz: float
) -> Iterator[Floats]:
    """Poses (7,) on a level arc about `pivot` (3,) m in world; the hand turns along with it."""
    arm = start[:3] - pivot
    length = abs(angle_rad) * max(float(np.hypot(arm[0], arm[1])), TURN_M_RAD)
    steps = max(2, round(length / speed_m_s * rate_hz))
    for share in minimum_jerk(np.arange(1, steps + 1) / steps):
        turn = poses.from_yaw(np.asarray(share * angle_rad))
        yield np.concatenate([pivot + poses.rotate(turn, arm), poses.multiply(turn, start[3:])])


def reach(
    start: Floats, stop: Floats, speed_m_s: float, bend: Floats, rate_hz: float
) -> Iterator[Floats]:
    """Poses (7,) from `start` to `stop` at a mean speed, bent sideways by `bend` (3,) m midway."""
    turn = poses.rotation_vector(poses.multiply(stop[3:], poses.conjugate(start[3:])))
    length = float(np.linalg.norm(stop[:3] - start[:3])) + TURN_M_RAD * float(np.linalg.norm(turn))
    steps = max(2, round(length / speed_m_s * rate_hz))
    for share in minimum_jerk(np.arange(1, steps + 1) / steps):
        position = start[:3] + share * (stop[:3] - start[:3])
        position = position + bend * 16 * share**2 * (1 - share) ** 2
        rotation = poses.multiply(poses.from_rotation_vector(share * turn), start[3:])
        yield np.concatenate([position, rotation])
