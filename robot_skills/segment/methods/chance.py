"""Cuts that know nothing of the recording: the floor that every figure must be read against."""

import zlib

import numpy as np

from robot_skills.segment.boundaries import Boundary
from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals

EQUAL_LENGTH_S = 5.0


def equal_boundaries(signals: Signals, config: SegmentConfig) -> list[Boundary]:
    """Cuts at equal distances."""
    edges = np.linspace(0, signals.samples, _number(signals, config) + 2)[1:-1]
    return [Boundary(round(float(edge)), 0.0, "equal") for edge in edges]


def random_boundaries(signals: Signals, config: SegmentConfig) -> list[Boundary]:
    """As many cuts as `equal` makes, anywhere; the seed and the demonstration's name decide."""
    rng = np.random.default_rng([config.seed, zlib.crc32(signals.name.encode())])
    inside = signals.samples - 1
    chosen = rng.choice(inside, min(_number(signals, config), inside), replace=False)
    return [Boundary(int(sample) + 1, 0.0, "random") for sample in np.sort(chosen)]


def _number(signals: Signals, config: SegmentConfig) -> int:
    if config.cuts is not None:
        return config.cuts
    length_s = max(EQUAL_LENGTH_S / config.finer, config.min_length_s)
    return max(0, round(signals.samples / SIGNAL_RATE_HZ / length_s) - 1)
