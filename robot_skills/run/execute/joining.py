"""Where in a new action chunk the motion under way goes on."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arrays import Array, namespace

Floats = NDArray[np.float64]


def joining_index(targets: Floats, last_target: Floats | None, used: int) -> int:
    """Index in a chunk's poses (H, 7) from which to carry out the next `used` of them.

    An arm trails its target by its servo's lag and the link's delay. A chunk that was always begun
    at its first pose would call the target back each time, by however much this arm trails more
    than the one that was recorded; so it is begun at the pose nearest to the last target (7,).
    """
    last = max(len(targets) - used, 0)
    if last_target is None or last == 0:
        return 0
    return int(nearest_index(targets, last_target, last))


def nearest_index(targets: Array, last_target: Array, last: int) -> Array:
    """Index (...,) up to `last` of the poses (..., H, 7) that is nearest to one (..., 7)."""
    xp = namespace(targets)
    away = targets[..., : last + 1, :3] - last_target[..., None, :3]
    return xp.argmin(xp.linalg.vector_norm(away, axis=-1), axis=-1)
