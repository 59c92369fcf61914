"""When an object begins to go with the hand, and when it is left behind."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from robot_skills.segment.evidence.columns import object_speed
from robot_skills.segment.evidence.sticky import change_probability
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals, derivative

Floats = NDArray[np.float64]

SLOW_M_S = 0.02  # slower motion says little about what goes with what
SPREAD = 0.3  # of the relative speed: 0 goes along, 1 stays behind
SUREST = 3.0  # nats a sample can say
TEMPER = 0.2
STAY_S = 4.0
BROAD = 3.0  # samples
REACH_S = 0.8  # a change is told where the object's speed changes most, this near
SHARP = 2.0  # samples
LEAST = 0.25 / (BROAD * np.sqrt(2 * np.pi))  # a change less probable than 1 in 4 is noise


def holding_changes(signals: Signals) -> Floats:
    """Evidence (S,) that a hand took or let go of an object at each sample.

    An object is held or not, and stays so while nothing moves. While something moves, the speed
    of the object relative to the hand tells. Every pair of hand and object is watched.
    """
    pairs = [
        _evidence(velocity_of_object, signals.velocity[:, a : a + 3])
        for velocity_of_object in map(derivative, np.moveaxis(signals.objects, 1, 0))
        for a in range(0, signals.velocity.shape[1] - 2, 3)
    ]
    if not pairs or signals.samples < 2:
        return np.zeros(signals.samples)
    held = np.stack(pairs)
    changed = change_probability(np.stack([-held, held], axis=2) / 2, STAY_S * SIGNAL_RATE_HZ)
    return _placed(gaussian_filter1d(changed.sum(axis=0), BROAD), object_speed(signals))


def _evidence(thing: Floats, hand: Floats) -> Floats:
    """Nats (S,) for the object being held rather than not, of two velocities (S, 3) m/s."""
    faster = np.maximum(np.linalg.norm(hand, axis=1), np.linalg.norm(thing, axis=1))
    relative = np.linalg.norm(thing - hand, axis=1) / (faster + 1e-6)
    certain = faster**2 / (faster**2 + SLOW_M_S**2)
    nats = ((relative - 1) ** 2 - relative**2) / (2 * SPREAD**2)
    return np.asarray(TEMPER * certain * np.clip(nats, -SUREST, SUREST))


def _placed(changed: Floats, speed: Floats) -> Floats:
    """Each crest moved to where the object's speed changes most."""
    jerky = np.abs(np.gradient(gaussian_filter1d(speed, BROAD)))
    reach = round(REACH_S * SIGNAL_RATE_HZ)
    placed = np.zeros(len(changed))
    for crest in find_peaks(changed, height=LEAST, distance=2 * round(BROAD))[0]:
        first = max(0, crest - reach)
        at = first + int(np.argmax(jerky[first : crest + reach + 1]))
        placed[at] = max(placed[at], changed[crest])
    return np.asarray(gaussian_filter1d(placed, SHARP))
