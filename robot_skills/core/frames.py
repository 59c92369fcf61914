"""Reference frames of skills: upright, at a thing or at where it shall go, for a step or a path."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses

Floats = NDArray[np.float64]


def upright_frame(pose: Floats, symmetry: int, centre_yaw: float = 0.0) -> Floats:
    """Frame (7,) at a thing's position, z up, turned by its yaw folded nearest `centre_yaw` rad."""
    yaw = poses.fold_yaw(poses.upright_yaw(pose[3:]), symmetry, centre_yaw)
    return np.concatenate([pose[:3], poses.from_yaw(np.asarray(yaw))])


def yaw_of(frame: Floats) -> float:
    """Yaw in rad of an upright frame (7,)."""
    return 2.0 * float(np.arctan2(frame[6], frame[3]))


class FollowedFrame:
    """The upright frame of a thing: follows it until it is held, then stays where it was taken.

    The yaw is folded once, nearest the world's x axis, and followed from there, so that noise
    cannot turn the frame by a quarter.
    """

    def __init__(self, symmetry: int) -> None:
        self._symmetry = symmetry
        self._frame: Floats | None = None

    def update(self, pose: Floats, held: bool) -> Floats:
        """Frame (7,) in world, from the thing's pose (7,) and whether it is held now."""
        if self._frame is None:
            self._frame = upright_frame(pose, self._symmetry)
        elif not held:
            self._frame = upright_frame(pose, self._symmetry, yaw_of(self._frame))
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

    SETTLE_STEPS = 8

    def __init__(self) -> None:
        self._in_hand: Floats | None = None
        self._count = 0

    def update(self, pose: Floats, ee: Floats, held: bool) -> Floats:
        """Pose (7,) in world, from what is sensed (7,), the end-effector (7,), whether held."""
        if not held:
            self._in_hand, self._count = None, 0
            return pose
        sensed = np.asarray(poses.relative(ee, pose))
        if self._in_hand is None:
            self._in_hand = sensed
        if self._count < self.SETTLE_STEPS:
            self._count += 1
            self._in_hand[:3] += (sensed[:3] - self._in_hand[:3]) / self._count
        return np.asarray(poses.compose(ee, self._in_hand))
