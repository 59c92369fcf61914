"""The one control law: end-effector poses to joint targets, in simulation and on the arm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.arm import ArmProfile
from robot_skills.core.robot import Kinematics

Floats = NDArray[np.float64]

DAMPING = 1e-4  # lambda^2 of the damped least squares, on errors in m and rad
_DAMPING_MATRIX = DAMPING * np.eye(6)
POSE_SIZE = 6  # numbers in a pose error: an arm of fewer joints cannot bring all of them to 0
FEW_DAMPING = 1e-3  # the same for an arm of few joints, which is oftener near where one is lost
STRIDE = np.array([0.03, 0.03, 0.03, 0.3, 0.3, 0.3])  # m, rad: as far as a Jacobian is trusted
TURN_RAD = 0.05  # joint step up to which a turn leaves the position alone, arm straight or not
ITERATIONS = 3
LEASH_RAD = 0.1  # how far a target may run ahead of the measured joint, so contact winds nothing up
SPENT_RAD = 1e-3  # a leash that is shorter has run out
NULL_SPACE_GAIN = 0.02  # share of the way home a redundant arm takes per iteration


@dataclass(frozen=True)
class Workspace:
    """The box (3,) min and max in m, in world, that the end-effector stays in."""

    low: Floats
    high: Floats


def joint_step(jacobian: Floats, error: Floats) -> Floats:
    """Joint step (..., J) rad for a pose error (..., 6) [m, rad] by damped least squares.

    J^T (J J^T + lambda^2 I)^-1 e; Nakamura and Hanafusa 1986. Batched over leading dimensions.
    """
    transposed = np.swapaxes(jacobian, -1, -2)
    gram = jacobian @ transposed + _DAMPING_MATRIX
    solved = np.linalg.solve(gram, error[..., None])
    return np.asarray((transposed @ solved)[..., 0])


def pose_step(jacobian: Floats, error: Floats, low: Floats, high: Floats) -> Floats:
    """Joint step (J,) rad for a pose error (6,) [m, rad], for an arm of any number of joints.

    Six joints and more take `joint_step`. Fewer bring the position first and turn the hand as far
    as that leaves them free to (task priority; Nakamura, Hanafusa and Yoshikawa 1987): five keep
    the approach axis in the arm's upright plane and the turn about it, and a wanted tilt out of
    that plane moves nothing. A joint that would leave its room, steps `low` to `high` (J,) rad,
    goes to its end and the others make up for it.
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


class EndEffectorController:
    """Turns end-effector poses in world into joint targets (J,) that stay inside every limit."""

    def __init__(
        self, kinematics: Kinematics, arm: ArmProfile, rate_hz: float, workspace: Workspace
    ) -> None:
        self._kinematics = kinematics
        self._arm = arm
        self._period_s = 1.0 / rate_hz
        self._workspace = workspace
        self._target: Floats | None = None

    @property
    def target(self) -> Floats | None:
        """The last joint targets (J,) rad, from which the next step goes on."""
        return self._target

    def reset(self, target: Floats | None = None) -> None:
        """Go on from joint targets (J,) rad; without any, from the joints that are measured."""
        self._target = target

    def step(self, measured: Floats, ee_pose_in_world: Floats) -> Floats:
        """Joint targets (J,) rad that bring the end-effector towards a pose (7,) in world."""
        last = measured if self._target is None else self._target
        wanted = self._limit_pose(last, ee_pose_in_world)
        target = last
        for _ in range(ITERATIONS):
            target = target + self._correction(target, wanted)
        self._target = self._limit_joints(target, last, measured)
        return self._target

    def _correction(self, joints: Floats, wanted: Floats) -> Floats:
        pose = self._kinematics.ee_pose(joints)
        error = np.empty(6)
        error[:3] = wanted[:3] - pose[:3]
        error[3:] = _rotation_error(wanted[3:], pose[3:])
        jacobian = self._kinematics.ee_jacobian(joints)
        low, high = self._arm.position_min - joints, self._arm.position_max - joints
        step = pose_step(jacobian, error, low, high)
        if self._arm.dof > 6:
            home = NULL_SPACE_GAIN * (self._arm.home - joints)
            step = step + home - joint_step(jacobian, jacobian @ home)
        return step

    def _limit_pose(self, last: Floats, pose: Floats) -> Floats:
        start = self._kinematics.ee_pose(last)[:3]
        reachable = np.clip(pose[:3], self._workspace.low, self._workspace.high)
        move = reachable - start
        distance = float(np.sqrt(move @ move))
        most = self._arm.ee_speed_max_m_s * self._period_s
        if distance > most:
            reachable = start + move * (most / distance)
        if self._arm.reach_min_m > 0.0:
            reachable = self._off_the_base(reachable, start)
        return np.concatenate([reachable, pose[3:]])

    def _off_the_base(self, position: Floats, start: Floats) -> Floats:
        """A position (3,) no nearer to the base's upright axis than the arm's smallest reach.

        From a `start` (3,) that is nearer it comes no nearer.
        """
        base = self._arm.base_pose[:2]
        least = min(self._arm.reach_min_m, float(np.hypot(*(start[:2] - base))))
        out = position[:2] - base
        far = out * max(1.0, least / max(float(np.hypot(*out)), 1e-6))
        return np.array([*(base + far), position[2]])

    def _limit_joints(self, target: Floats, last: Floats, measured: Floats) -> Floats:
        low, high = self._arm.position_min, self._arm.position_max
        start = np.clip(last, measured - LEASH_RAD, measured + LEASH_RAD)
        step = np.clip(target, low, high) - start
        leash = LEASH_RAD - np.sign(step) * (start - measured)
        most = self._arm.speed_max * self._period_s
        return np.clip(start + whole_step(step, most, leash), low, high)


def whole_step(step: Floats, most: Floats, leash: Floats) -> Floats:
    """A joint step (J,) rad as short as its worst joint needs: no joint beyond `most` or `leash`.

    A step cut joint by joint leads off the path. A joint (J,) whose leash has run out does not move
    and does not hold up the others: what stands in its way may never yield.
    """
    step = np.where(leash < SPENT_RAD, 0.0, step)
    share = np.minimum(most, leash) / np.maximum(np.abs(step), 1e-12)
    return np.asarray(step * min(1.0, float(np.min(share, where=step != 0.0, initial=1.0))))


def _rotation_error(wanted: Floats, current: Floats) -> Floats:
    return np.asarray(poses.rotation_vector(poses.multiply(wanted, poses.conjugate(current))))
