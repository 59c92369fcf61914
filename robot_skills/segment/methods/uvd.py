"""UVD: subgoals found backwards from the last frame."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import argrelextrema

from robot_skills.segment.boundaries import Boundary
from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.methods.embedding import standardised
from robot_skills.segment.signals import Signals

Floats = NDArray[np.float64]

GAMMA = 0.08  # published: a frame d away weighs exp(-gamma d^2)
APART_FRAMES = 18  # published: shortest distance between two subgoals
NEGLIGIBLE = 1e-12  # weight below which a frame is out of the smoothing's sight
FIRST_WINDOW = 128  # frames looked back through at first; doubled until a subgoal is found


def uvd_boundaries(signals: Signals, config: SegmentConfig) -> list[Boundary]:
    """Subgoals: where, seen from the next subgoal, the distance last stops growing.

    From the last frame backwards: the distance to the goal's embedding is smoothed (Nadaraya and
    Watson), its last local maximum more than 18 frames from the goal and from the start is the next
    goal, and so on. The embedding is the standardised signals; the published 18 frames hold at
    the default `min_length_s` and grow with it. Source: Zhang et al., "Universal visual decomposer:
    long-horizon manipulation made easy", ICRA 2024.
    """
    apart = max(1, round(APART_FRAMES * config.stretch))
    subgoals = find_subgoals(standardised(signals), apart, GAMMA * config.finer)
    return [Boundary(goal, 0.5, "distance") for goal in subgoals]


def find_subgoals(embedding: Floats, apart: int, gamma: float = GAMMA) -> list[int]:
    """Frames of an embedding (S, D), in order, at which one subgoal gives way to the next."""
    found: list[int] = []
    goal = _previous_goal(embedding, len(embedding) - 1, apart, gamma)
    while goal is not None:
        found.append(goal)
        goal = _previous_goal(embedding, goal, apart, gamma)
    return found[::-1]


def smoothed(values: Floats, gamma: float) -> Floats:
    """Kernel regression of values (S,) on their own frames; Nadaraya 1964, Watson 1964."""
    offsets = np.arange(-_sight(gamma), _sight(gamma) + 1)
    weights = np.exp(-gamma * offsets**2)
    middle = slice(_sight(gamma), _sight(gamma) + len(values))
    total = np.convolve(values, weights)[middle]
    return np.asarray(total / np.convolve(np.ones(len(values)), weights)[middle])


def _previous_goal(embedding: Floats, goal: int, apart: int, gamma: float) -> int | None:
    """Last maximum of the distance to the goal; it is looked for in ever longer stretches."""
    if not embedding.shape[1]:
        return None
    window = FIRST_WINDOW
    while goal > apart:
        start = max(0, goal - window)
        blind = _sight(gamma) + 1 if start else 0  # frames whose smoothing the stretch cuts short
        distance = np.linalg.norm(embedding[start : goal + 1] - embedding[goal], axis=1)
        peaks = argrelextrema(smoothed(distance, gamma), np.greater)[0]
        peaks = peaks[peaks >= blind] + start
        good = peaks[(goal - peaks > apart) & (peaks > apart)]
        if len(good):
            return int(good[-1])
        if not start:
            return None
        window *= 2
    return None


def _sight(gamma: float) -> int:
    return int(np.ceil(np.sqrt(-np.log(NEGLIGIBLE) / gamma)))
