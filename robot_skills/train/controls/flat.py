"""The controls without skills: one goal-conditioned policy cloned from unsegmented recordings.

Its goal is what a stretch of a recording brought about (hindsight). The stretches are whole
demonstrations, or random windows of them, as in Lynch et al., "Learning Latent Plans from Play",
CoRL 2019.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.facts import State
from robot_skills.core.progress import Track, quiet
from robot_skills.core.task import Task
from robot_skills.nets.networks.learning import Weights
from robot_skills.nets.sight.flat_features import GOAL_PREDICATES, FlatView, flat_features
from robot_skills.nets.sight.skill_sight import OPEN_THRESHOLD_M
from robot_skills.train.history import History
from robot_skills.train.learning.augmentation import AugmentationConfig
from robot_skills.train.learning.cloning import CloningConfig, fit
from robot_skills.train.learning.dataset import DONE_STEPS, Rows, busy_steps

Floats = NDArray[np.float64]

SHORTEST_WINDOW_S = 2.0

Stretches = Callable[[History, np.random.Generator], list[slice]]


def whole(history: History, rng: np.random.Generator) -> list[slice]:
    """The demonstration from its first step to its last."""
    return [slice(0, history.steps)]


def random_windows(history: History, rng: np.random.Generator) -> list[slice]:
    """Windows of random length anywhere, overlapping, with as many steps together as there are.

    Only windows that bring something about: without a goal there is nothing to be told.
    """
    shortest = min(round(SHORTEST_WINDOW_S * history.rate_hz), history.steps)
    windows: list[slice] = []
    steps = tries = 0
    while steps < history.steps and tries < history.steps:
        length = int(rng.integers(shortest, history.steps + 1))
        start = int(rng.integers(0, history.steps - length + 1))
        tries += 1
        if hindsight_goal(history, slice(start, start + length)):
            windows.append(slice(start, start + length))
            steps += length
    return windows


def train_flat(
    histories: Sequence[History],
    task: Task,
    config: CloningConfig,
    seed: int,
    track: Track = quiet,
    stretches: Stretches = whole,
) -> Weights:
    """Weights of the flat policy, from the stretches of each history and as many bent ones.

    Network, loss, chunk and the small errors of the end-effector's position are those of the
    skills. Without segments there is no part of a motion that could be bent to begin elsewhere.
    """
    rng = np.random.default_rng(seed)
    parts = [
        _rows(history, span, task, config.chunk, error)
        for history in track(histories, "reading stretches")
        for error in (np.zeros((history.steps, 3)), _errors_m(history.steps, rng))
        for span in stretches(history, rng)
    ]
    rows = Rows(*(np.concatenate([getattr(p, f) for p in parts]) for f in Rows.__annotations__))
    return fit(rows, config, seed, track)


def hindsight_goal(history: History, span: slice | None = None) -> State:
    """Facts that a goal could have asked for, that hold at the end, and that did not all along."""
    facts = history.facts[span or slice(None)]
    kept = frozenset.intersection(*facts)
    return frozenset(f for f in facts[-1] - kept if f.predicate in GOAL_PREDICATES)


def _errors_m(steps: int, rng: np.random.Generator) -> Floats:
    return rng.normal(0.0, AugmentationConfig().error_m, (steps, 3))


def _rows(history: History, span: slice, task: Task, chunk: int, errors_m: Floats) -> Rows:
    """Rows of a stretch, seen with errors (T, 3) of the end-effector's position."""
    goal = hindsight_goal(history, span)
    closed = history.wanted_width_m < OPEN_THRESHOLD_M
    steps = np.arange(history.steps)[span]
    moving = busy_steps(
        history.ee[span], history.wanted_ee[span], history.width_m[span], closed[span]
    )
    busy = steps[moving]
    ee = history.ee.copy()
    ee[:, :3] += errors_m
    seen = replace(history, ee=ee)
    inputs = np.array([flat_features(_view(seen, int(t), closed, goal), task) for t in busy])
    count = len(busy)
    ahead = busy[np.minimum(np.arange(count)[:, None] + np.arange(chunk), count - 1)]
    wanted = history.wanted_ee[ahead]
    moves = wanted[..., :3] - ee[busy][:, None, :3]
    targets = np.concatenate([moves, poses.six_dimensional(wanted[..., 3:])], axis=-1)
    done = (np.arange(count) >= count - DONE_STEPS).astype(float)
    return Rows(inputs, targets, closed[ahead].astype(float), done)


def _view(history: History, step: int, closed: NDArray[np.bool_], goal: State) -> FlatView:
    return FlatView(
        ee=history.ee[step],
        width_m=float(history.width_m[step]),
        closing=bool(closed[max(step - 1, 0)]),
        things={name: path[step] for name, path in history.things.items()},
        openings={name: float(path[step]) for name, path in history.openings.items()},
        facts=history.facts[step],
        goal=goal,
    )
