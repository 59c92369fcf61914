"""What a skill's network sees: everything relative to the skill's reference frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.arrays import Array, namespace

Floats = NDArray[np.float64]

FAR_M, FAR_SCALE = 0.3, 3.0  # beyond this a distance says little more than its direction
FINE, FINE_LIMIT = 50.0, 2.0  # 1/m: the last centimetres
OPENING_SCALE = 10.0  # 1/m or 1/rad
WIDTH_SCALE = 20.0  # 1/m
HEIGHT_SCALE = 5.0  # 1/m


@dataclass(frozen=True)
class SkillView:
    """Steps, or worlds, as a skill sees them: poses (T, 7) in world, the rest (T,); NumPy or torch.

    `frame` is the reference frame, `thing` what is moved (or the frame where nothing is).
    `closing` is 1 where the last command was to close; `held` whether the thing is held;
    `opening` a fixture's joint in m or rad. `which` (T, K) is 1 for the one of K fixtures that is
    meant, where a skill was shown on several: they move on joints of their own. `reached` (T, 1)
    is 1 where what the skill shall bring about holds, (T, 0) for a skill that is not told.
    """

    ee: Array
    frame: Array
    thing: Array
    width_m: Array
    closing: Array
    held: Array
    opening: Array
    which: Array
    reached: Array


def skill_features(view: SkillView) -> Array:
    """Network inputs (T, F): positions at two scales, so that the last millimetres are seen."""
    xp = namespace(view.ee)
    ee = poses.relative(view.frame, view.ee)
    thing = poses.relative(view.frame, view.thing)
    scalars = xp.stack(
        [
            WIDTH_SCALE * view.width_m,
            view.closing,
            view.held,
            HEIGHT_SCALE * view.ee[:, 2],
            OPENING_SCALE * view.opening,
        ],
        axis=-1,
    )
    parts = [
        two_scales(ee),
        poses.six_dimensional(ee[:, 3:]),
        two_scales(thing),
        scalars,
        view.which,
        view.reached,
    ]
    return xp.concat(parts, axis=-1)


def two_scales(pose: Array) -> Array:
    """Positions of poses (T, 7): bounded far away, and the last centimetres enlarged: (T, 6)."""
    xp, position = namespace(pose), pose[..., :3]
    coarse = FAR_SCALE * xp.tanh(position / FAR_M)
    fine = xp.clip(FINE * position, -FINE_LIMIT, FINE_LIMIT)
    return xp.concat([coarse, fine], axis=-1)


def which_fixture(name: str, fixtures: Sequence[str]) -> Floats:
    """1 at the place of `name` among the K `fixtures` that a skill was shown on, else 0: (K,)."""
    return np.array([float(name == other) for other in fixtures])
