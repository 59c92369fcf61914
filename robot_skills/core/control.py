"""The one control law: end-effector poses to joint targets, in simulation and on the arm.

Everything broadcasts over leading dimensions and takes NumPy or torch, so that one arm and
thousands of simulated ones share the same arithmetic; `pose_step` alone is for one arm where it
has fewer than six joints.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.arm import ArmProfile
from robot_skills.core.arrays import Array, namespace
from robot_skills.core.robot import Kinematics

Floats = NDArray[np.float64]

DAMPING = 1e-4  # lambda^2 of the damped least squares, on errors in m and rad
POSE_SIZE = 6  # numbers in a pose error: an arm of fewer joints cannot bring all of them to 0
FEW_DAMPING = 1e-3  # the same for an arm of few joints, which is oftener near where one is lost
STRIDE = np.array([0.03, 0.03, 0.03, 0.3, 0.3, 0.3])  # m, rad: as far as a Jacobian is trusted
TURN_RAD = 0.05  # joint step up to which a turn leaves the position alone, arm straight or not
ITERATIONS = 3
SPENT_RAD = 1e-3  # a leash that is shorter has run out
NULL_SPACE_GAIN = 0.02  # share of the way home a redundant arm takes per iteration


@dataclass(frozen=True)
class Workspace:
    """The box (3,) min and max in m, in world, that the end-effector stays in."""

    low: Floats
    high: Floats


def joint_step(jacobian: Array, error: Array) -> Array:
    """Joint step (..., J) rad for a pose error (..., 6) [m, rad] by damped least squares.

    J^T (J J^T + lambda^2 I)^-1 e; Nakamura and Hanafusa 1986. Batched over leading dimensions.
    """
    transposed = jacobian.mT
    gram = jacobian @ transposed + _damping_matrix(jacobian)
    return (transposed @ _solved(gram, error[..., None]))[..., 0]


def _solved(matrix: Array, right: Array) -> Array:
    """x (..., 6, 1) of matrix x = right, for a matrix (..., 6, 6) that is positive definite."""
    xp = namespace(matrix, right)
    if xp is np:
        return np.linalg.solve(matrix, right)
    # Gauss-Jordan, which needs no pivots here: plain arithmetic can be recorded as a CUDA graph,
    # where a library of solvers may look at how it went, or ask for memory.
    rows = xp.concat([matrix, right], axis=-1)
    for k, is_pivot in enumerate(_pivots_of(xp, matrix.device)):
        pivot = rows[..., k : k + 1, 1:] / rows[..., k : k + 1, :1]
        rows = xp.where(is_pivot, pivot, rows[..., 1:] - rows[..., :1] * pivot)
    return rows


@cache
def _pivots_of(xp: Any, device: Any) -> Array:
    """Which of 6 rows is the pivot's in each of 6 turns, (6, 6, 1)."""
    return xp.eye(POSE_SIZE, dtype=xp.bool, device=device)[..., None]


def _damping_matrix(like: Array) -> Array:
    return _damping_of(namespace(like), like.dtype, like.device)


@cache
def _damping_of(xp: Any, dtype: Any, device: Any) -> Array:
    return DAMPING * xp.eye(POSE_SIZE, dtype=dtype, device=device)


def pose_step(jacobian: Array, error: Array, low: Array, high: Array) -> Array:
    """Joint step (..., J) rad for a pose error (..., 6) [m, rad], for any number of joints.

    Six joints and more take `joint_step`. Fewer, of one arm in NumPy, bring the position first and
    turn the hand as far as that leaves them free to (task priority; Nakamura, Hanafusa and
    Yoshikawa 1987): five keep the approach axis in the arm's upright plane and the turn about it,
    and a wanted tilt out of that plane moves nothing. A joint that would leave its room, steps
    `low` to `high` (J,) rad, goes to its end and the others make up for it.
    """
    joints = jacobian.shape[-1]
    if joints >= POSE_SIZE:
        return joint_step(jacobian, error)
    size = float(np.max(np.abs(error) / STRIDE))
    error = error / max(size, 1.0)
    free, step = np.ones(joints, dtype=bool), np.zeros(joints)
    for _ in range(joints):
        left = error - jacobian @ np.where(free, 0.0, step)
        step = np.where(free, _position_first(jacobian * free, left), step)
        beyond = (step < low) | (step > high)
        step = np.clip(step, low, high)
        free &= ~beyond
        if not beyond.any() or not free.any():
            break
    return step


def _position_first(jacobian: Floats, error: Floats) -> Floats:
    along, turning = jacobian[:3], jacobian[3:]
    step = _damped(along, error[:3])
    holding = np.linalg.svd(along)[2][3:].T  # joint steps (J, J - 3) that leave the position alone
    turn = holding @ _damped(turning @ holding, error[3:] - turning @ step)
    return np.asarray(step + turn * min(1.0, TURN_RAD / (float(np.max(np.abs(turn))) + 1e-12)))


def _damped(jacobian: Floats, error: Floats) -> Floats:
    gram = jacobian @ jacobian.T + FEW_DAMPING * np.eye(len(error))
    return np.asarray(jacobian.T @ np.linalg.solve(gram, error))


@dataclass(frozen=True)
class _Limits:
    """What holds of one arm at one rate, as arrays of one library: joints (J,), positions (3,)."""

    position_min: Array
    position_max: Array
    step_max: Array
    home: Array
    workspace_low: Array
    workspace_high: Array
    base: Array
    move_max_m: float
    reach_min_m: float
    leash_rad: float


class EndEffectorController:
    """Turns end-effector poses in world into joint targets (..., J) that stay inside every limit.

    `numbers` makes arrays of the library and on the device that it is asked with: NumPy for one
    arm, as it is, or torch for a batch of N, whose kinematics then take (N, J).
    """

    def __init__(
        self,
        kinematics: Kinematics,
        arm: ArmProfile,
        rate_hz: float,
        workspace: Workspace,
        numbers: Callable[[Floats], Array] = np.asarray,
    ) -> None:
        self._kinematics = kinematics
        self._redundant = arm.dof > POSE_SIZE
        self._limits = _Limits(
            position_min=numbers(arm.position_min),
            position_max=numbers(arm.position_max),
            step_max=numbers(arm.speed_max / rate_hz),
            home=numbers(arm.home),
            workspace_low=numbers(workspace.low),
            workspace_high=numbers(workspace.high),
            base=numbers(arm.base_pose[:2]),
            move_max_m=arm.ee_speed_max_m_s / rate_hz,
            reach_min_m=arm.reach_min_m,
            leash_rad=arm.leash_rad,
        )
        self._target: Array | None = None

    @property
    def target(self) -> Array | None:
        """The last joint targets (..., J) rad, from which the next step goes on."""
        return self._target

    def reset(self, target: Array | None = None) -> None:
        """Go on from joint targets (..., J) rad; without any, from the joints that are measured."""
        self._target = target

    def step(self, measured: Array, ee_pose_in_world: Array) -> Array:
        """Joint targets (..., J) rad that bring the end-effector towards a pose (..., 7)."""
        last = measured if self._target is None else self._target
        self._target = self.next_target(last, measured, ee_pose_in_world)
        return self._target

    def step_to_joints(self, measured: Array, joints: Array) -> Array:
        """Joint targets (..., J) rad that bring the joints towards others, however it is folded.

        Each joint goes straight; neither joints nor end-effector are faster than they may be.
        """
        xp = namespace(measured)
        last = measured if self._target is None else self._target
        reached = self._limit_joints(joints, last, measured)
        move = self._kinematics.ee_pose(reached)[..., :3] - self._kinematics.ee_pose(last)[..., :3]
        distance = xp.sqrt(xp.sum(move * move, axis=-1, keepdims=True))
        share = _at_most(self._limits.move_max_m / (distance + poses.TINY), 1.0)
        self._target = last + share * (reached - last)
        return self._target

    def next_target(self, last: Array, measured: Array, ee_pose_in_world: Array) -> Array:
        """What `step` returns where the last joint targets (..., J) were `last`; keeps nothing."""
        wanted = self._limit_pose(last, ee_pose_in_world)
        target = last
        for _ in range(ITERATIONS):
            target = target + self._correction(target, wanted)
        return self._limit_joints(target, last, measured)

    def _correction(self, joints: Array, wanted: Array) -> Array:
        limits = self._limits
        error = pose_error(wanted, self._kinematics.ee_pose(joints))
        jacobian = self._kinematics.ee_jacobian(joints)
        low, high = limits.position_min - joints, limits.position_max - joints
        step = pose_step(jacobian, error, low, high)
        if self._redundant:
            home = NULL_SPACE_GAIN * (limits.home - joints)
            step = step + home - joint_step(jacobian, (jacobian @ home[..., None])[..., 0])
        return step

    def _limit_pose(self, last: Array, pose: Array) -> Array:
        xp, limits = namespace(pose), self._limits
        start = self._kinematics.ee_pose(last)[..., :3]
        wanted = _between(pose[..., :3], limits.workspace_low, limits.workspace_high)
        reachable = shorter_move(start, wanted, limits.move_max_m)
        if limits.reach_min_m > 0.0:
            reachable = off_the_base(reachable, start, limits.base, limits.reach_min_m)
        return xp.concat([reachable, pose[..., 3:]], axis=-1)

    def _limit_joints(self, target: Array, last: Array, measured: Array) -> Array:
        xp, limits = namespace(target), self._limits
        low, high = limits.position_min, limits.position_max
        start = _between(last, measured - limits.leash_rad, measured + limits.leash_rad)
        step = _between(target, low, high) - start
        ahead = xp.where(step < 0.0, measured - start, start - measured)
        leash = limits.leash_rad - ahead
        return _between(start + whole_step(step, limits.step_max, leash), low, high)


def pose_error(wanted: Array, current: Array) -> Array:
    """What is between two poses (..., 7): (..., 6), in m and as a rotation vector in rad."""
    turn = poses.multiply(wanted[..., 3:], poses.conjugate(current[..., 3:]))
    parts = [wanted[..., :3] - current[..., :3], poses.rotation_vector(turn)]
    return namespace(wanted).concat(parts, axis=-1)


def shorter_move(start: Array, wanted: Array, most_m: float) -> Array:
    """Positions (..., 3) that are wanted, or `most_m` from the start on the way there."""
    xp = namespace(start, wanted)
    move = wanted - start
    distance = xp.sqrt(xp.sum(move * move, axis=-1, keepdims=True))
    share = most_m / (distance + poses.TINY)
    return xp.where(distance > most_m, start + move * share, wanted)


def off_the_base(position: Array, start: Array, base: Array, reach_min_m: float) -> Array:
    """Positions (..., 3) no nearer to the upright axis at `base` (2,) than the smallest reach.

    From a `start` (..., 3) that is nearer they come no nearer.
    """
    xp = namespace(position, start)
    before, out = start[..., :2] - base, position[..., :2] - base
    least = _at_most(xp.hypot(before[..., :1], before[..., 1:]), reach_min_m)
    distance = xp.hypot(out[..., :1], out[..., 1:]) + poses.TINY
    far = out * xp.where(distance < least, least / distance, 1.0)
    return xp.concat([base + far, position[..., 2:]], axis=-1)


def whole_step(step: Array, most: Array, leash: Array) -> Array:
    """Joint steps (..., J) rad as short as the worst joint needs: none beyond `most` or `leash`.

    A step cut joint by joint leads off the path. A joint whose leash (..., J) has run out does not
    move and does not hold up the others: what stands in its way may never yield.
    """
    xp = namespace(step, leash)
    step = xp.where(leash < SPENT_RAD, 0.0, step)
    share = xp.minimum(most, leash) / (xp.abs(step) + poses.TINY)
    share = xp.where(step == 0.0, 1.0, share)
    return step * _at_most(xp.min(share, axis=-1, keepdims=True), 1.0)


def _between(values: Array, low: Array, high: Array) -> Array:
    xp = namespace(values)
    return xp.minimum(xp.maximum(values, low), high)


def _at_most(values: Array, most: float) -> Array:
    """The values, no larger than one number, which never has to be sent to a device."""
    return namespace(values).where(values > most, most, values)
