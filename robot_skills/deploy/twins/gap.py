"""How a twin differs from the simulation a policy was trained in, drawn by seed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.sim.spreads import (
    DELAY_S,
    LARGEST_SCALE,
    POSITION_NOISE_M,
    RELATIVE_SPREAD,
    ROTATION_NOISE_RAD,
)

Floats = NDArray[np.float64]

BASE_OFFSET_M = 0.002
BASE_ROTATION_RAD = np.deg2rad(0.5)
SENSOR_RATE_HZ = 30.0


@dataclass(frozen=True)
class Gap:
    """One draw: factors on the model, delays of the link, noise of perception, error of the base.

    `base_offset` (7,) is where the arm's base truly is in the frame where it is believed to be.
    """

    friction: float
    mass: float
    servo_gain: float
    delay_in_s: float
    delay_out_s: float
    position_noise_m: float
    rotation_noise_rad: float
    base_offset: Floats


def draw_gap(scale: float, seed: int) -> Gap:
    """Draw the differences, `scale` times as large as by default; 0 is none.

    Raises InputError for a scale outside 0 to 4, where masses could turn negative.
    """
    if not 0.0 <= scale <= LARGEST_SCALE:
        raise InputError(f"gap must be from 0 (none) to 4; found {scale}")
    rng = np.random.default_rng([seed, 0x6761])
    factors = 1.0 + scale * RELATIVE_SPREAD * rng.uniform(-1.0, 1.0, 3)
    delays = scale * rng.uniform(*DELAY_S, 2)
    offset = scale * BASE_OFFSET_M * _direction(rng)
    turn = scale * BASE_ROTATION_RAD * _direction(rng)
    return Gap(
        friction=float(factors[0]),
        mass=float(factors[1]),
        servo_gain=float(factors[2]),
        delay_in_s=float(delays[0]),
        delay_out_s=float(delays[1]),
        position_noise_m=scale * POSITION_NOISE_M,
        rotation_noise_rad=scale * ROTATION_NOISE_RAD,
        base_offset=np.concatenate([offset, poses.from_rotation_vector(turn)]),
    )


class NoisyPoses:
    """Perturbs true poses as a camera would: a new error with every frame, of the drawn size."""

    def __init__(self, gap: Gap, seed: int) -> None:
        self._gap = gap
        self._rng = np.random.default_rng([seed, 0x6E6F])

    def see(self, pose: Floats) -> Floats:
        """The pose (7,) as seen: each axis off by a normal error in m and rad."""
        shift = self._rng.normal(0.0, 1.0, 3) * self._gap.position_noise_m
        turn = self._rng.normal(0.0, 1.0, 3) * self._gap.rotation_noise_rad / np.sqrt(3.0)
        turned = poses.multiply(poses.from_rotation_vector(turn), pose[3:])
        return np.concatenate([pose[:3] + shift / np.sqrt(3.0), turned])


def _direction(rng: np.random.Generator) -> Floats:
    vector = rng.normal(0.0, 1.0, 3)
    return np.asarray(vector / np.linalg.norm(vector))
