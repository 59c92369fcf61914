"""Reference frames of skills: upright, at a thing or at where it shall go, for a step or a path."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.arrays import Array, namespace

Floats = NDArray[np.float64]

SETTLE_STEPS = 8  # looks after which where a thing is in the hand is known


def upright_frame(pose: Array, symmetry: Array, centre_yaw: Array = 0.0) -> Array:
    """Frames (..., 7) at things' positions, z up, turned by their yaw folded nearest `centre_yaw`.

    `symmetry` and `centre_yaw` rad are numbers or (...,).
    """
    xp = namespace(pose)
    yaw = poses.fold_yaw(poses.upright_yaw(pose[..., 3:]), symmetry, centre_yaw)
    return xp.concat([pose[..., :3], poses.from_yaw(xp.asarray(yaw))], axis=-1)


def yaw_of(frame: Array) -> Array:
    """Yaws (...,) in rad of upright frames (..., 7)."""
    return 2.0 * namespace(frame).atan2(frame[..., 6], frame[..., 3])


def followed(frame: Array, pose: Array, held: Array, symmetry: Array) -> Array:
    """Frames (..., 7) as they go on: things at poses (..., 7) are followed unless `held` (...,).

    The yaw is folded nearest the one before, so that noise cannot turn a frame by a quarter.
    """
    moved = upright_frame(pose, symmetry, yaw_of(frame))
    return namespace(pose).where(held[..., None], frame, moved)


def settled(in_hand: Array, count: Array, sensed: Array) -> tuple[Array, Array]:
    """Where things are in the hand (..., 7) after one more look, and how often they were looked at.

    Positions are averaged over the first `SETTLE_STEPS` looks and kept; rotations stay.
    """
    xp = namespace(sensed)
    more = count < SETTLE_STEPS
    count = xp.where(more, count + 1, count)
    mean = in_hand[..., :3] + (sensed[..., :3] - in_hand[..., :3]) / count[..., None]
    position = xp.where(more[..., None], mean, in_hand[..., :3])
    return xp.concat([position, in_hand[..., 3:]], axis=-1), count


class FollowedFrame:
    """The upright frame of a thing: follows it until it is held, then stays where it was taken.

    The yaw is folded once, nearest the world's x axis, and followed from there.
    """

    def __init__(self, symmetry: int) -> None:
        self._symmetry = symmetry
        self._frame: Floats | None = None

    def update(self, pose: Floats, held: bool) -> Floats:
        """Frame (7,) in world, from the thing's pose (7,) and whether it is held now."""
        if self._frame is None:
            self._frame = upright_frame(pose, self._symmetry)
        elif not held:
            self._frame = followed(self._frame, pose, np.asarray(held), self._symmetry)
        return self._frame


def followed_frames(path: Floats, held: NDArray[np.bool_], symmetry: int) -> Floats:
    """Frames (T, 7) of a thing along its path (T, 7), as `FollowedFrame` gives them one by one."""
    steps = np.arange(len(path))
    seen_at = np.maximum.accumulate(np.where(held, 0, steps))
    yaw = np.asarray(poses.upright_yaw(path[seen_at, 3:]))
    yaw = np.unwrap(yaw, period=2 * np.pi / symmetry)
    yaw = yaw - yaw[0] + float(poses.fold_yaw(yaw[:1], symmetry)[0])
    return np.concatenate([path[seen_at, :3], poses.from_yaw(yaw)], axis=-1)


class HeldThing:
    """Where a held thing is: it moves with the hand, whatever a late or noisy sensor says of it.

    Its position in the hand is averaged over the first `SETTLE_STEPS` steps of being held and kept;
    its rotation in the hand is that of the first.
    """

    def __init__(self) -> None:
        self._in_hand: Floats | None = None
        self._count = np.asarray(0)

    def update(self, pose: Floats, ee: Floats, held: bool) -> Floats:
        """Pose (7,) in world, from what is sensed (7,), the end-effector (7,), whether held."""
        if not held:
            self._in_hand, self._count = None, np.asarray(0)
            return pose
        sensed = np.asarray(poses.relative(ee, pose))
        if self._in_hand is None:
            self._in_hand = sensed
        self._in_hand, self._count = settled(self._in_hand, self._count, sensed)
        return np.asarray(poses.compose(ee, self._in_hand))
