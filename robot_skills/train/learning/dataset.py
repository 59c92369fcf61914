"""Training rows of one skill: what it saw at a step, and the poses the expert then meant."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.skill import Operator
from robot_skills.core.task import Task
from robot_skills.nets.sight.features import SkillView, skill_features, which_fixture
from robot_skills.nets.sight.memory import with_history
from robot_skills.nets.sight.skill_sight import OPEN_THRESHOLD_M
from robot_skills.train.discovery.grouping import SkillGroup, frame_path, held_path
from robot_skills.train.discovery.lifting import Instance

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

STRIDE_M = 0.0025  # steps over which nothing moves this far are waits; 0.05 m/s at 20 Hz
STRIDE_RAD = 0.02
GRIP_STEPS = 3  # the gripper is at work while its width has changed this recently
GRIP_M = 0.0015
DONE_STEPS = 3  # the last steps of a segment in which the skill counts as ended


@dataclass(frozen=True)
class SkillPath:
    """One segment without its idle steps: what was seen (T,), what was meant (T, 7) and (T,).

    `effect` is the step at which the facts changed.
    """

    view: SkillView
    wanted: Floats
    wanted_closed: Flags
    effect: int


def skill_paths(group: SkillGroup, task: Task) -> list[SkillPath]:
    """The segments of a skill as paths in its reference frame."""
    return [
        _path(instance, member.operator, group, task)
        for member in group.members
        for instance in member.instances
    ]


def fixtures_shown(group: SkillGroup, task: Task) -> tuple[str, ...]:
    """The fixtures that a skill was shown on, where these are several: each moves on its own."""
    names = {instance.binding["?x"] for instance in group.instances} & task.fixtures.keys()
    return tuple(sorted(names)) if len(names) > 1 else ()


def _path(instance: Instance, operator: Operator, group: SkillGroup, task: Task) -> SkillPath:
    transition = instance.transition
    history, span = transition.history, slice(transition.start, transition.stop)
    name = instance.binding["?x"]
    frames = frame_path(instance, group.frame, task)
    wanted_closed = history.wanted_width_m < OPEN_THRESHOLD_M
    closing = np.concatenate([wanted_closed[:1], wanted_closed[:-1]])[span]
    steps = span.stop - span.start
    wanted = history.wanted_ee[span]
    busy = busy_steps(history.ee[span], wanted, history.width_m[span], wanted_closed[span])
    opening = history.openings.get(name, np.zeros(history.steps))[span]
    view = SkillView(
        ee=history.ee[span][busy],
        frame=frames[busy],
        thing=history.things[name][span][busy],
        width_m=history.width_m[span][busy],
        closing=closing.astype(float)[busy],
        held=held_path(transition, name).astype(float)[busy],
        opening=opening[:steps][busy],
        which=np.repeat(which_fixture(name, fixtures_shown(group, task))[None], busy.sum(), axis=0),
        reached=_reached(instance, operator)[busy, None],
    )
    effect = int(np.sum(busy[: transition.effect - transition.start]))
    effect = min(effect, int(busy.sum()) - 1)
    return SkillPath(view, wanted[busy], wanted_closed[span][busy], effect)


def _reached(instance: Instance, operator: Operator) -> Floats:
    """1 at each step (T,) at which everything that the operator adds holds, else 0."""
    added = frozenset(fact.bind(dict(instance.binding)) for fact in operator.add)
    transition = instance.transition
    facts = transition.history.facts[transition.start : transition.stop]
    return np.array([float(added <= state) for state in facts])


def busy_steps(ee: Floats, wanted_ee: Floats, width_m: Floats, wanted_closed: Flags) -> Flags:
    """Steps (T,) worth learning from: something moved since the last one, or the gripper works.

    A network that saw the waits would learn to wait as well, and not know how long; one that saw
    the slow beginning of a motion would come to rest there for good.
    """
    steps = np.arange(len(ee))
    behind = np.maximum(steps - GRIP_STEPS, 0)
    gripping = (np.abs(width_m - width_m[behind]) > GRIP_M) | (
        wanted_closed != wanted_closed[np.maximum(steps - 1, 0)]
    )
    busy = gripping.copy()
    busy[[0, -1]] = True
    last = 0
    for step in steps[1:]:
        far = _apart(wanted_ee[last], wanted_ee[step]) or _apart(ee[last], ee[step])
        if far or busy[step]:
            busy[step], last = True, step
    return np.asarray(busy)


def _apart(a: Floats, b: Floats) -> bool:
    moved = float(np.linalg.norm(a[:3] - b[:3])) >= STRIDE_M
    return moved or 2 * float(np.arccos(min(1.0, abs(float(a[3:] @ b[3:]))))) >= STRIDE_RAD


@dataclass(frozen=True)
class Rows:
    """B rows to learn from: inputs (B, F), poses (B, H, 9), closing (B, H), done (B,)."""

    inputs: Floats
    poses: Floats
    closing: Floats
    done: Floats


def build_rows(paths: Sequence[SkillPath], chunk: int, observations: int = 1) -> Rows:
    """One row a step of every path; a chunk that runs past the end repeats the last wish.

    So does one that runs past the step at which the effects are first seen: what comes after them
    is not for a hand that has yet to see them. Inputs hold as many `observations` as the policy
    sees at once.
    """
    inputs, targets, closing, done = [], [], [], []
    for path in paths:
        steps = len(path.wanted)
        last = _last_steps(path.view.reached[:, 0] > 0)
        ahead = np.minimum(np.arange(steps)[:, None] + np.arange(chunk), last[:, None])
        relative = poses.relative(path.view.frame[:, None], path.wanted[ahead])
        here = poses.relative(path.view.frame, path.view.ee)[:, None, :3]
        six = poses.six_dimensional(relative[..., 3:])
        inputs.append(with_history(skill_features(path.view), observations))
        targets.append(np.concatenate([relative[..., :3] - here, six], axis=-1))
        closing.append(path.wanted_closed[ahead].astype(float))
        done.append((np.arange(steps) >= steps - DONE_STEPS).astype(float))
    return Rows(
        np.concatenate(inputs),
        np.concatenate(targets),
        np.concatenate(closing),
        np.concatenate(done),
    )


def _last_steps(reached: Flags) -> Ints:
    """For each step (T,) the last one to plan for: the next with the effects, else the end."""
    steps = np.arange(len(reached))
    coming = np.where(reached, steps, len(reached) - 1)[::-1]
    coming = np.minimum.accumulate(coming)[::-1]
    return np.where(reached, len(reached) - 1, coming)
