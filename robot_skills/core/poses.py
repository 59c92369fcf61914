"""Rotations and poses: quaternions wxyz, poses (..., 7) = position m + quaternion, NumPy or torch.

Every function broadcasts over leading dimensions and takes any array-API library, so that a real
arm, a recording and a batch of simulated worlds share the same arithmetic.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arrays import Array, namespace

Floats = NDArray[np.float64]

TINY = 1e-30  # keeps 0 / 0 away, in single precision as well

IDENTITY_POSE: Floats = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
IDENTITY_POSE.setflags(write=False)


def multiply(a: Array, b: Array) -> Array:
    """Hamilton product of quaternions a, b (..., 4) wxyz: rotate by b, then by a."""
    xp = namespace(a, b)
    alone = xp is np and a.shape == b.shape == (4,) and a.dtype == b.dtype == np.float64
    if alone:  # plain numbers are five times as fast, and as exact
        return np.array(_product(a.tolist(), b.tolist()))
    return xp.stack(_product(*([q[..., i] for i in range(4)] for q in (a, b))), axis=-1)


def _product(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return [
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    ]


def conjugate(quaternion: Array) -> Array:
    """Inverse of unit quaternions (..., 4) wxyz."""
    xp = namespace(quaternion)
    return xp.concat([quaternion[..., :1], -quaternion[..., 1:]], axis=-1)


def cross(a: Array, b: Array) -> Array:
    """Cross product of vectors (..., 3), broadcasting."""
    xp = namespace(a, b)
    a = xp.concat([a, a[..., :2]], axis=-1)  # x y z x y: a cyclic shift is then a slice
    b = xp.concat([b, b[..., :2]], axis=-1)
    return a[..., 1:4] * b[..., 2:5] - a[..., 2:5] * b[..., 1:4]


def rotate(quaternion: Array, vector: Array) -> Array:
    """Rotate vectors (..., 3) by unit quaternions (..., 4) wxyz."""
    axis = quaternion[..., 1:]
    twice = 2.0 * cross(axis, vector)
    return vector + quaternion[..., :1] * twice + cross(axis, twice)


def compose(pose_b_in_a: Array, pose_c_in_b: Array) -> Array:
    """Pose of c in a (..., 7), from b in a and c in b."""
    xp = namespace(pose_b_in_a, pose_c_in_b)
    position = pose_b_in_a[..., :3] + rotate(pose_b_in_a[..., 3:], pose_c_in_b[..., :3])
    return xp.concat([position, multiply(pose_b_in_a[..., 3:], pose_c_in_b[..., 3:])], axis=-1)


def invert(pose: Array) -> Array:
    """Inverse pose (..., 7): a in b from b in a."""
    xp = namespace(pose)
    inverse = conjugate(pose[..., 3:])
    return xp.concat([-rotate(inverse, pose[..., :3]), inverse], axis=-1)


def relative(pose_frame: Array, pose: Array) -> Array:
    """Express `pose` (..., 7) in the frame at `pose_frame` (..., 7); both given in one parent."""
    return compose(invert(pose_frame), pose)


def matrix(quaternion: Array) -> Array:
    """Rotation matrices (..., 3, 3) of unit quaternions (..., 4) wxyz."""
    xp = namespace(quaternion)
    w, x, y, z = (quaternion[..., i] for i in range(4))
    rows = [
        xp.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], axis=-1),
        xp.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], axis=-1),
        xp.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], axis=-1),
    ]
    return xp.stack(rows, axis=-2)


def six_dimensional(quaternion: Array) -> Array:
    """First two columns of the rotation matrix (..., 6): continuous, so networks can regress it.

    Source: Zhou et al., "On the Continuity of Rotation Representations", CVPR 2019.
    """
    xp = namespace(quaternion)
    columns = matrix(quaternion)
    return xp.concat([columns[..., :, 0], columns[..., :, 1]], axis=-1)


def from_six_dimensional(six: Array) -> Array:
    """Unit quaternions (..., 4) wxyz from 6-D rotations (..., 6) by Gram-Schmidt."""
    xp = namespace(six)
    first = _unit(six[..., :3])
    second = six[..., 3:] - xp.sum(first * six[..., 3:], axis=-1, keepdims=True) * first
    second = _unit(second)
    return from_matrix(xp.stack([first, second, cross(first, second)], axis=-1))


def _unit(vector: Array) -> Array:
    length = namespace(vector).linalg.vector_norm(vector, axis=-1, keepdims=True)
    return vector / length


def from_matrix(rotation: Array) -> Array:
    """Unit quaternions (..., 4) wxyz, w >= 0, from rotation matrices (..., 3, 3).

    Takes the largest of the four squared components for stability (Shepperd 1978).
    """
    xp = namespace(rotation)
    r = rotation
    trace = r[..., 0, 0] + r[..., 1, 1] + r[..., 2, 2]
    squared = xp.stack([trace] + [2 * r[..., i, i] - trace for i in range(3)], axis=-1) + 1.0
    wx, wy, wz = (
        r[..., 2, 1] - r[..., 1, 2],
        r[..., 0, 2] - r[..., 2, 0],
        r[..., 1, 0] - r[..., 0, 1],
    )
    xy, xz, yz = (
        r[..., 1, 0] + r[..., 0, 1],
        r[..., 0, 2] + r[..., 2, 0],
        r[..., 1, 2] + r[..., 2, 1],
    )
    ww, xx, yy, zz = (squared[..., i] for i in range(4))
    rows = [[ww, wx, wy, wz], [wx, xx, xy, xz], [wy, xy, yy, yz], [wz, xz, yz, zz]]
    candidates = xp.stack([xp.stack(row, axis=-1) for row in rows], axis=-2)
    best = xp.argmax(squared, axis=-1)[..., None, None]
    best = xp.broadcast_to(best, (*best.shape[:-1], 4))
    chosen = xp.take_along_axis(candidates, best, axis=-2)[..., 0, :]
    chosen = chosen / xp.linalg.vector_norm(chosen, axis=-1, keepdims=True)
    return xp.where(chosen[..., :1] < 0, -chosen, chosen)


def from_yaw(yaw: Array) -> Array:
    """Quaternions (..., 4) wxyz of rotations by `yaw` rad about the world's z axis."""
    xp = namespace(yaw)
    zero = xp.zeros_like(yaw)
    return xp.stack([xp.cos(yaw / 2), zero, zero, xp.sin(yaw / 2)], axis=-1)


def rotation_vector(quaternion: Array) -> Array:
    """Rotation vectors (..., 3) rad, shortest way, of unit quaternions (..., 4) wxyz."""
    xp = namespace(quaternion)
    shortest = xp.where(quaternion[..., :1] < 0, -quaternion, quaternion)
    axis = shortest[..., 1:]
    norm = xp.sqrt(xp.sum(axis**2, axis=-1, keepdims=True))
    angle = 2.0 * xp.atan2(norm, shortest[..., :1])
    return axis * (angle / (norm + TINY))


def from_rotation_vector(vector: Array) -> Array:
    """Unit quaternions (..., 4) wxyz of rotation vectors (..., 3) rad."""
    xp = namespace(vector)
    angle = xp.sqrt(xp.sum(vector**2, axis=-1, keepdims=True))
    small = angle < 1e-9
    scale = xp.where(small, 0.5, xp.sin(angle / 2) / xp.where(small, 1.0, angle))
    return xp.concat([xp.cos(angle / 2), vector * scale], axis=-1)


def fold_yaw(yaw: Array, symmetry: int, centre: float = 0.0) -> Array:
    """Bring angles (rad) within half a symmetry period (2 pi / symmetry) of `centre`.

    A cube looks the same every quarter turn (symmetry 4): its frame is the one nearest `centre`.
    """
    xp = namespace(yaw)
    period = 2 * np.pi / symmetry
    return yaw - period * xp.round((yaw - centre) / period)


def upright_yaw(quaternion: Array) -> Array:
    """Yaw (...,) rad of the body axis that lies flattest, so a tipped cube has one as well.

    Exact up to the quarter turns that `fold_yaw(..., symmetry=4)` removes; for a body that
    stands upright with its x axis level it is the ordinary yaw.
    """
    xp = namespace(quaternion)
    columns = matrix(quaternion)
    x_axis, y_axis = columns[..., :, 0], columns[..., :, 1]
    level = xp.abs(x_axis[..., 2]) <= 0.5
    heading_x = xp.atan2(x_axis[..., 1], x_axis[..., 0])
    heading_y = xp.atan2(y_axis[..., 1], y_axis[..., 0])
    return xp.where(level, heading_x, heading_y)
