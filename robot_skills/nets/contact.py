"""What things do when a hand moves as it does: rows for the predictor that watches a skill.

As in cutting demonstrations, motion is given and things are predicted: an object in the hand moves
as the hand does, which is no news; one that moves by itself is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses

Floats = NDArray[np.float64]

AHEAD_STEPS = 4  # control steps over which motion is compared
STEP_M = 0.02  # unit of motions in m
STEP_RAD = 0.2  # unit of turns
STEP_JOINT = 0.05  # unit of a fixture's motion in m or rad
FAR_M, NEAR_M = 0.2, 0.03  # distances at which a position is resolved coarsely and finely
WIDTH_M = 0.04


@dataclass(frozen=True)
class ContactView:
    """T steps: `ee` and `thing` (T, 7) in world, `width_m` (T,) of the gripper and `told_m` (T,).

    `told_m` is the width that the gripper was told to have in the control step before.
    `thing` is what the skill is about; `others` (T, N, 3) m are all other things that move
    freely, `openings` (T, M) every fixture's joint in m or rad.
    """

    ee: Floats
    thing: Floats
    width_m: Floats
    told_m: Floats
    others: Floats
    openings: Floats


def contact_rows(view: ContactView) -> tuple[Floats, Floats]:
    """Inputs (R, 22) and targets (R, 8) of the R = T - 4 motions in a view, along the hand's axes.

    Targets are the motion of the thing (3), of the other that moves most (3), of the joint that
    does, and of the fingers.
    """
    steps = len(view.ee) - AHEAD_STEPS
    now, then = slice(0, steps), slice(AHEAD_STEPS, steps + AHEAD_STEPS)
    hand = poses.conjugate(view.ee[now, 3:])

    def along(vectors: Floats) -> Floats:
        return np.asarray(poses.rotate(hand, vectors))

    at = view.ee[now, :3]
    turned = poses.multiply(view.ee[then, 3:], poses.conjugate(view.ee[now, 3:]))
    inputs = [
        _two_scales(along(view.thing[now, :3] - at)),
        _two_scales(along(_nearest(view.others[now], at))),
        along(view.ee[then, :3] - at) / STEP_M,
        along(poses.rotation_vector(turned)) / STEP_RAD,
        np.tanh(at[:, 2:] / FAR_M),
        view.width_m[now, None] / WIDTH_M,
        view.told_m[now, None] / WIDTH_M,
        view.told_m[then, None] / WIDTH_M,
    ]
    targets = [
        along(view.thing[then, :3] - view.thing[now, :3]) / STEP_M,
        along(_largest(view.others[then] - view.others[now])) / STEP_M,
        _largest((view.openings[then] - view.openings[now])[..., None]) / STEP_JOINT,
        (view.width_m[then] - view.width_m[now])[:, None] / STEP_M,
    ]
    return np.concatenate(inputs, axis=1), np.concatenate(targets, axis=1)


def _two_scales(position: Floats) -> Floats:
    return np.concatenate([np.tanh(position / FAR_M), np.tanh(position / NEAR_M)], axis=1)


def _nearest(others: Floats, ee: Floats) -> Floats:
    """Offset (R, 3) m of the nearest of `others` (R, N, 3); far away where there is none."""
    if not others.shape[1]:
        return np.ones((len(others), 3))
    offsets = others - ee[:, None]
    return _pick(offsets, np.linalg.norm(offsets, axis=2).argmin(axis=1))


def _largest(motions: Floats) -> Floats:
    """The largest (R, D) of motions (R, N, D); none where N is 0."""
    if not motions.shape[1]:
        return np.zeros((len(motions), motions.shape[2]))
    return _pick(motions, np.linalg.norm(motions, axis=2).argmax(axis=1))


def _pick(values: Floats, which: NDArray[np.int64]) -> Floats:
    return np.asarray(np.take_along_axis(values, which[:, None, None], axis=1)[:, 0])
