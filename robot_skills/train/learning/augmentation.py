"""The same segment from elsewhere: starts that were not shown, and errors on the way.

What an expert does on the way to a thing does not depend on where it came from, so the free part
of a segment is bent to begin somewhere else; the part near the thing stays as it was shown. After
MimicGen (Mandlekar et al., CoRL 2023), which moves whole segments with their object.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.frames import SETTLE_STEPS
from robot_skills.nets.sight.features import SkillView
from robot_skills.train.learning.dataset import STRIDE_M, SkillPath

Floats = NDArray[np.float64]

MOVED_M = 0.004  # beyond what sensors blur
OPEN_M, SHUT_M = (0.04, 0.08), (0.0, 0.015)  # widths between fingers that hold nothing
LENGTHS = ("near_m", "clear_m", "floor_m", "error_m", "thing_error_m")
BRISK = 0.75  # of the steps of a path are slower than its stride: it stops, turns and grips


@dataclass(frozen=True)
class AugmentationConfig:
    """Where copies of a segment start and how large errors on the way are; `copies` of each.

    Sideways a segment is free until its end-effector is within `near_m` of where the thing begins
    to move (or, if it is carried, where it is let go); a copy starts anywhere that an end-effector
    was seen, raised by up to `raised_m` down to the last `near_m`, never below `floor_m` in world.
    The end-effector errs by `error_m` and `error_rad`, the thing's pose by `thing_error_m`; what is
    carried errs with the hand, and by what is left of `thing_error_m` once it was averaged there.
    A share `from_below` of the copies, where they start further than `clear_m` from there, start as
    low as an end-effector was seen and rise first: where an earlier skill left the hand. A share
    `other_grip` of those with an empty hand start with fingers that an earlier skill left open or
    shut, as they move to where they were seen over the first `grip_steps`.
    """

    copies: int = 6
    raised_m: tuple[float, float] = (-0.03, 0.10)
    turn_rad: float = 0.9  # a cube is taken at up to an eighth of a turn, 0.79, give or take
    near_m: float = 0.03
    clear_m: float = 0.10
    from_below: float = 0.3
    other_grip: float = 0.5
    grip_steps: int = 8
    floor_m: float = 0.10
    error_m: float = 0.003
    error_rad: float = 0.02
    thing_error_m: float = 0.002

    def scaled(self, scale: float) -> "AugmentationConfig":
        """The same among things of `scale` times the usual size: all lengths that much shorter."""
        low_m, high_m = self.raised_m
        named = {name: scale * value for name, value in vars(self).items() if name in LENGTHS}
        return replace(self, raised_m=(scale * low_m, scale * high_m), **named)


def augment(
    path: SkillPath, region_m: Floats, rng: np.random.Generator, config: AugmentationConfig
) -> SkillPath:
    """A copy of a path with another start and small errors of what is sensed on the way.

    It starts in or over `region_m` (2, 3), the least and greatest x, y and z in world.
    """
    copy = _with_start(path, region_m[:, :2], rng, config)
    if rng.random() < config.from_below:
        copy = _from_below(copy, float(region_m[0, 2]), rng, config)
    if path.view.held[0] == 0 and rng.random() < config.other_grip:
        copy = _with_other_grip(copy, rng, config)
    return _with_errors(copy, rng, config)


def _with_start(
    path: SkillPath, region_m: Floats, rng: np.random.Generator, config: AugmentationConfig
) -> SkillPath:
    contact = _contact_step(path)
    start = path.view.ee[0, :3]
    shift = np.zeros(3)
    shift[:2] = rng.uniform(*region_m) - start[:2]
    raised = rng.uniform(*config.raised_m)
    shift[2] = max(raised, min(config.floor_m - start[2], 0.0))
    turn = rng.uniform(-config.turn_rad, config.turn_rad)
    sideways = _share_left(path.view.ee[:, :2], contact, config.near_m)
    above = _share_left(path.view.ee[:, :3], contact, config.near_m)
    bend = _Bend(np.column_stack([sideways, sideways, above]) * shift, sideways * turn)
    ee = bend.apply(path.view.ee)
    carried = path.view.held[:, None] > 0
    thing = np.where(carried, _carried(path, ee), path.view.thing)
    bent = replace(
        path, view=replace(path.view, ee=ee, thing=thing), wanted=bend.apply(path.wanted)
    )
    return _paced(bent, int(np.sum(np.cumprod(sideways > 0))), _stride_m(path))


def _from_below(
    path: SkillPath, lowest_m: float, rng: np.random.Generator, config: AugmentationConfig
) -> SkillPath:
    """The path with a straight way up to its start, from a height drawn above `lowest_m`."""
    start = path.view.ee[0]
    there = path.view.ee[_contact_step(path)]
    climb = start[2] - rng.uniform(lowest_m, max(lowest_m, start[2]))
    steps = round(climb / _stride_m(path))
    if steps < 1 or np.linalg.norm(start[:2] - there[:2]) < config.clear_m:
        return path
    below = np.zeros((steps, 7))
    below[:, 2] = -climb * (1 - np.arange(steps) / steps)
    view = {f: np.concatenate([v[:1].repeat(steps, 0), v]) for f, v in vars(path.view).items()}
    view["ee"][:steps] += below
    if path.view.held[0] > 0:
        view["thing"][:steps] += below
    ahead_m = max(float(np.linalg.norm(path.wanted[0, :3] - start[:3])), _stride_m(path))
    wanted = path.wanted[:1].repeat(steps, 0)
    wanted[:, :3] = view["ee"][:steps, :3] + [0.0, 0.0, ahead_m]
    closed = path.wanted_closed
    return SkillPath(
        SkillView(**view),
        np.concatenate([wanted, path.wanted]),
        np.concatenate([closed[:1].repeat(steps), closed]),
        path.effect + steps,
    )


def _with_other_grip(
    path: SkillPath, rng: np.random.Generator, config: AugmentationConfig
) -> SkillPath:
    """The path with fingers that were last told something else, open or shut."""
    shut = bool(rng.random() < 0.5)
    left_m = rng.uniform(*(SHUT_M if shut else OPEN_M))
    there = np.minimum((np.arange(len(path.wanted)) + 1) / config.grip_steps, 1.0)
    closing = path.view.closing.copy()
    closing[0] = float(shut)
    width_m = left_m + there * (path.view.width_m - left_m)
    return replace(path, view=replace(path.view, closing=closing, width_m=width_m))


def _stride_m(path: SkillPath) -> float:
    """How far the end-effector of a path goes in a step when it is on its way."""
    strides = np.linalg.norm(np.diff(path.view.ee[:, :3], axis=0), axis=1)
    return max(float(np.quantile(strides, BRISK)), STRIDE_M)


@dataclass(frozen=True)
class _Bend:
    """Moves (T, 3) m and turns (T,) rad about z, applied to a path."""

    moves: Floats
    turns_rad: Floats

    def apply(self, path: Floats) -> Floats:
        turned = poses.multiply(poses.from_yaw(self.turns_rad), path[:, 3:])
        return np.concatenate([path[:, :3] + self.moves, turned], axis=-1)


def _share_left(positions: Floats, contact: int, near_m: float) -> Floats:
    """How much of a moved start is left at each step (T,): 1 at the start, 0 once near."""
    distance = np.linalg.norm(positions - positions[contact], axis=1)
    near = int(np.argmax(distance < near_m)) if np.any(distance < near_m) else contact
    share = np.zeros(len(distance))
    first = max(float(distance[0]), near_m + 1e-6)
    share[:near] = np.clip((distance[:near] - near_m) / (first - near_m), 0.0, 1.0)
    return np.minimum.accumulate(share)


def _paced(path: SkillPath, free: int, stride_m: float) -> SkillPath:
    """The free steps drawn out or thinned, so that a bent way is gone at the speed shown."""
    if free < 3:
        return path
    way = np.linalg.norm(np.diff(path.view.ee[:free, :3], axis=0), axis=1).sum()
    count = max(2, round(way / stride_m))
    moments = np.concatenate(
        [np.linspace(0, free - 1, count), np.arange(free, len(path.wanted), dtype=float)]
    )
    nearest = moments.round().astype(int)
    view = {name: values[nearest] for name, values in vars(path.view).items()}
    for name in ("ee", "frame", "thing"):
        view[name] = _poses_at(getattr(path.view, name), moments)
    effect = path.effect + count - free
    wanted = _poses_at(path.wanted, moments)
    return SkillPath(SkillView(**view), wanted, path.wanted_closed[nearest], effect)


def _poses_at(path: Floats, moments: Floats) -> Floats:
    """Poses (M, 7) between those of a path (T, 7), at moments (M,) counted in steps."""
    before = np.floor(moments).astype(int)
    share = (moments - before)[:, None]
    after = path[np.minimum(before + 1, len(path) - 1)]
    alike = np.sign(np.sum(path[before, 3:] * after[:, 3:], axis=1, keepdims=True))
    after = np.concatenate([after[:, :3], alike * after[:, 3:]], axis=1)
    found = (1 - share) * path[before] + share * after
    found[:, 3:] /= np.linalg.norm(found[:, 3:], axis=1, keepdims=True)
    return np.asarray(found)


def _contact_step(path: SkillPath) -> int:
    if path.view.held[0] > 0:
        return path.effect
    way = np.linalg.norm(path.view.thing[:, :3] - path.view.thing[0, :3], axis=1)
    return int(np.argmax(way > MOVED_M)) if np.any(way > MOVED_M) else path.effect


def _carried(path: SkillPath, ee: Floats) -> Floats:
    """Where the thing is when it is held in a hand that is elsewhere."""
    return np.asarray(poses.compose(ee, poses.relative(path.view.ee, path.view.thing)))


def _with_errors(
    path: SkillPath, rng: np.random.Generator, config: AugmentationConfig
) -> SkillPath:
    ee = path.view.ee.copy()
    ee[:, :3] += rng.normal(0.0, config.error_m, ee[:, :3].shape)
    turns = poses.from_rotation_vector(rng.normal(0.0, config.error_rad, ee[:, :3].shape))
    ee[:, 3:] = poses.multiply(turns, ee[:, 3:])
    in_hand = rng.normal(0.0, config.thing_error_m / np.sqrt(SETTLE_STEPS), 3)
    seen = rng.normal(0.0, config.thing_error_m, 3)
    seen = seen + rng.normal(0.0, config.thing_error_m, path.view.thing[:, :3].shape)
    carried = path.view.held[:, None] > 0
    thing = np.where(carried, _carried(path, ee), path.view.thing)
    thing[:, :3] += np.where(carried, in_hand, seen)
    return replace(path, view=replace(path.view, ee=ee, thing=thing))
