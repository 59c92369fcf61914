"""Training rows of one skill: what it saw at a step, and the poses the expert then meant."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.task import Task
from robot_skills.nets.features import SkillView, skill_features
from robot_skills.nets.skill_policy import OPEN_THRESHOLD_M
from robot_skills.train.grouping import SkillGroup, frame_path, held_path
from robot_skills.train.lifting import Instance

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

IDLE_M = 0.0006  # a wish that moves less than this in IDLE_STEPS stands still
IDLE_STEPS = 3
IDLE_WIDTH_M = 0.0015  # and the gripper moves less than this
DONE_STEPS = 3  # the last steps of a segment in which the skill counts as ended


@dataclass(frozen=True)
class SkillPath:
    """One segment without its idle steps: what was seen (T,), what was meant (T, 7) and (T,)."""

    view: SkillView
    wanted: Floats
    wanted_closed: Flags


def skill_paths(group: SkillGroup, task: Task) -> list[SkillPath]:
    """The segments of a skill as paths in its reference frame."""
    return [_path(instance, group, task) for instance in group.instances]


def _path(instance: Instance, group: SkillGroup, task: Task) -> SkillPath:
    transition = instance.transition
    history, span = transition.history, slice(transition.start, transition.stop)
    name = instance.binding["?x"]
    frames = frame_path(instance, group.frame, task)
    wanted_closed = history.wanted_width_m < OPEN_THRESHOLD_M
    closing = np.concatenate([wanted_closed[:1], wanted_closed[:-1]])[span]
    steps = span.stop - span.start
    busy = ~idle_steps(history.wanted_ee[span], history.width_m[span], wanted_closed[span])
    opening = history.openings.get(name, np.zeros(history.steps))[span]
    view = SkillView(
        ee=history.ee[span][busy],
        frame=frames[busy],
        thing=history.things[name][span][busy],
        width_m=history.width_m[span][busy],
        closing=closing.astype(float)[busy],
        held=held_path(transition, name).astype(float)[busy],
        opening=opening[:steps][busy],
    )
    return SkillPath(view, history.wanted_ee[span][busy], wanted_closed[span][busy])


def idle_steps(wanted_ee: Floats, width_m: Floats, wanted_closed: Flags) -> Flags:
    """Steps (T,) in which the expert waits: neither the wish nor the gripper changes soon.

    A network that saw them would learn to wait as well, and not know how long.
    """
    steps = len(wanted_ee)
    ahead = np.minimum(np.arange(steps) + IDLE_STEPS, steps - 1)
    still = np.linalg.norm(wanted_ee[ahead, :3] - wanted_ee[:, :3], axis=1) < IDLE_M
    turned = np.abs(np.sum(wanted_ee[ahead, 3:] * wanted_ee[:, 3:], axis=1)) > 1 - 1e-5
    behind = np.maximum(np.arange(steps) - IDLE_STEPS, 0)
    steady = np.abs(width_m - width_m[behind]) < IDLE_WIDTH_M
    same = wanted_closed[ahead] == wanted_closed[behind]
    idle = still & turned & steady & same
    idle[-1] = False
    return np.asarray(idle)


@dataclass(frozen=True)
class Rows:
    """B rows to learn from: inputs (B, F), poses (B, H, 9), closing (B, H), done (B,)."""

    inputs: Floats
    poses: Floats
    closing: Floats
    done: Floats


def build_rows(paths: Sequence[SkillPath], chunk: int) -> Rows:
    """One row a step of every path; a chunk that runs past the end repeats the last wish."""
    inputs, targets, closing, done = [], [], [], []
    for path in paths:
        steps = len(path.wanted)
        ahead = np.minimum(np.arange(steps)[:, None] + np.arange(chunk), steps - 1)
        relative = poses.relative(path.view.frame[:, None], path.wanted[ahead])
        six = poses.six_dimensional(relative[..., 3:])
        inputs.append(skill_features(path.view))
        targets.append(np.concatenate([relative[..., :3], six], axis=-1))
        closing.append(path.wanted_closed[ahead].astype(float))
        done.append((np.arange(steps) >= steps - DONE_STEPS).astype(float))
    return Rows(
        np.concatenate(inputs),
        np.concatenate(targets),
        np.concatenate(closing),
        np.concatenate(done),
    )


def jitter(path: SkillPath, rng: np.random.Generator, position_m: float) -> SkillPath:
    """The same path seen from slightly beside it: what was meant stays, so errors are corrected."""
    view = path.view
    ee = view.ee.copy()
    ee[:, :3] += rng.normal(0.0, position_m, ee[:, :3].shape)
    moved = SkillView(
        ee, view.frame, view.thing, view.width_m, view.closing, view.held, view.opening
    )
    return SkillPath(moved, path.wanted, path.wanted_closed)
