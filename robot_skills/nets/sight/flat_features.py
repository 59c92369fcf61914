"""What a policy without skills or plans sees: the whole scene and the whole goal at once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.facts import Fact, State
from robot_skills.core.task import Task
from robot_skills.nets.sight.features import (
    FAR_M,
    FAR_SCALE,
    FINE,
    FINE_LIMIT,
    HEIGHT_SCALE,
    OPENING_SCALE,
    WIDTH_SCALE,
)

Floats = NDArray[np.float64]

JOINT_PREDICATES = ("open", "closed", "turned_on", "turned_off", "lit", "dark")
GOAL_PREDICATES = ("on", "in", *JOINT_PREDICATES)


@dataclass(frozen=True)
class FlatView:
    """One control step: end-effector pose (7,) in world, things by name, goal and facts now."""

    ee: Floats
    width_m: float
    closing: bool
    things: Mapping[str, Floats]
    openings: Mapping[str, float]
    facts: State
    goal: State


def goal_facts(task: Task) -> list[Fact]:
    """Every fact a goal of this task can ask for, in a fixed order."""
    things, fixtures = list(task.objects), task.fixtures.values()
    spots = [f.name for f in fixtures if f.spot_m is not None]
    containers = [f.name for f in fixtures if f.interior_m is not None]
    containers += [name for name in things if task.objects[name].interior_m is not None]
    jointed = [f.name for f in fixtures if f.joint is not None]
    pairs = [("on", a, b) for a in things for b in (*things, *spots) if a != b]
    pairs += [("in", a, c) for a in things for c in containers if a != c]
    states = [(p, c) for p in JOINT_PREDICATES for c in jointed]
    facts = [Fact(name, tuple(rest)) for name, *rest in (*pairs, *states)]
    return [fact for fact in facts if task.allows(fact)]


def flat_features(view: FlatView, task: Task) -> Floats:
    """Network inputs (F,): every thing relative to the hand at two scales, facts, and the goal."""
    own = np.concatenate(
        [
            HEIGHT_SCALE * view.ee[:3],
            poses.six_dimensional(view.ee[3:]),
            [WIDTH_SCALE * view.width_m, float(view.closing)],
        ]
    )
    things = [_thing(view, name) for name in (*task.objects, *task.fixtures)]
    openings = OPENING_SCALE * np.array(list(view.openings.values()))
    known = goal_facts(task)
    wanted = np.array([float(fact in view.goal) for fact in known])
    held = np.array([float(fact in view.facts) for fact in known])
    return np.concatenate([own, *things, openings, wanted, held])


def _thing(view: FlatView, name: str) -> Floats:
    if name not in view.things:
        return np.zeros(10)
    away = view.things[name][:3] - view.ee[:3]
    yaw = 4.0 * float(poses.upright_yaw(view.things[name][3:]))  # cubes repeat every quarter turn
    coarse = FAR_SCALE * np.tanh(away / FAR_M)
    fine = np.clip(FINE * away, -FINE_LIMIT, FINE_LIMIT)
    held = float(Fact("holding", (name,)) in view.facts)
    return np.concatenate([coarse, fine, [np.sin(yaw), np.cos(yaw), held, 1.0]])
