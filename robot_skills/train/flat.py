"""The control without skills: one goal-conditioned policy cloned from whole demonstrations."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.facts import State
from robot_skills.core.progress import Track, quiet
from robot_skills.core.task import Task
from robot_skills.nets.chunk_mlp import Weights
from robot_skills.nets.flat_features import GOAL_PREDICATES, FlatView, flat_features
from robot_skills.nets.skill_sight import OPEN_THRESHOLD_M
from robot_skills.train.augmentation import AugmentationConfig
from robot_skills.train.cloning import CloningConfig, fit
from robot_skills.train.dataset import DONE_STEPS, Rows, busy_steps
from robot_skills.train.history import History

Floats = NDArray[np.float64]


def train_flat(
    histories: Sequence[History],
    task: Task,
    config: CloningConfig,
    seed: int,
    track: Track = quiet,
) -> tuple[Weights, int]:
    """Weights of the flat policy and its number of inputs.

    Its goal is what each demonstration brought about (hindsight); network, loss, chunk and the
    small errors of the end-effector's position are those of the skills. Without segments there is
    no part of a motion that could be bent to begin elsewhere.
    """
    rng = np.random.default_rng(seed)
    errors = AugmentationConfig()
    parts = [_rows(history, task, config.chunk, None, errors) for history in histories]
    parts += [_rows(h, task, config.chunk, rng, errors) for h in histories]
    rows = Rows(*(np.concatenate([getattr(p, f) for p in parts]) for f in Rows.__annotations__))
    return fit(rows, config, seed, track), rows.inputs.shape[1]


def hindsight_goal(history: History) -> State:
    """Facts that a goal could have asked for and that the demonstration brought about."""
    gained = history.facts[-1] - history.facts[0]
    return frozenset(f for f in gained if f.predicate in GOAL_PREDICATES)


def _rows(
    history: History,
    task: Task,
    chunk: int,
    rng: np.random.Generator | None,
    errors: AugmentationConfig,
) -> Rows:
    closed = history.wanted_width_m < OPEN_THRESHOLD_M
    busy = np.flatnonzero(busy_steps(history.ee, history.wanted_ee, history.width_m, closed))
    if rng is not None:
        moved = history.ee.copy()
        moved[:, :3] += rng.normal(0.0, errors.error_m, moved[:, :3].shape)
        history = replace(history, ee=moved)
    goal = hindsight_goal(history)
    inputs = np.array([flat_features(_view(history, int(t), closed, goal), task) for t in busy])
    count = len(busy)
    ahead = busy[np.minimum(np.arange(count)[:, None] + np.arange(chunk), count - 1)]
    wanted = history.wanted_ee[ahead]
    moves = wanted[..., :3] - history.ee[busy][:, None, :3]
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
