"""Forward kinematics of one arm for many worlds at once, from constants of its model."""

from collections.abc import Callable

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.arm import ArmProfile
from robot_skills.core.arrays import Array, namespace
from robot_skills.core.control import POSE_SIZE
from robot_skills.core.errors import InputError
from robot_skills.sim.arm_names import EE_SITE, JOINT_PREFIX
from robot_skills.sim.kinematics import bare_model

Floats = NDArray[np.float64]

_UNTURNED = poses.IDENTITY_POSE[3:]


class BatchKinematics:
    """core.robot.Kinematics for joints (..., J) rad: poses (..., 7), Jacobians (..., 6, J).

    The chain is one constant transform before each joint and one to the end-effector; a joint
    turns by Rodrigues' formula. `numbers` makes arrays of the library and on the device asked
    for; the constants come from a `model` that has the arm, or from the arm's own.
    Raises InputError for an arm of fewer than six joints, whose control law is not batched, and
    for one whose joints do not turn.
    """

    def __init__(
        self,
        arm: ArmProfile,
        numbers: Callable[[Floats], Array] = np.asarray,
        model: mujoco.MjModel | None = None,
    ) -> None:
        if arm.dof < POSE_SIZE:
            raise InputError(
                f"{arm.name} has {arm.dof} joints; worlds in a batch take arms of {POSE_SIZE} and "
                "more (ur5e, panda, fr3, xarm6). Train it one world at a time, on the CPU"
            )
        links, axes, end = _chain(bare_model(arm) if model is None else model, arm)
        turns = np.array([_cross_matrix(axis) for axis in axes])
        self._links, self._axes, self._end = numbers(links), numbers(axes), numbers(end)
        self._sines, self._cosines = numbers(turns), numbers(turns @ turns)
        self._still = numbers(np.eye(4))

    def ee_pose(self, joint_position: Array) -> Array:
        """Poses (..., 7) of the end-effector in world at joints (..., J) rad."""
        end = self._frames(joint_position)[-1] @ self._end
        position, turn = end[..., :3, 3], poses.from_matrix(end[..., :3, :3])
        return namespace(end).concat([position, turn], axis=-1)

    def ee_jacobian(self, joint_position: Array) -> Array:
        """Geometric Jacobians (..., 6, J) in world at joints (..., J) rad."""
        frames = self._frames(joint_position)
        xp = namespace(joint_position)
        stacked = xp.stack(frames, axis=-3)
        axes = (stacked[..., :3, :3] @ self._axes[..., None])[..., 0]
        tip = (frames[-1] @ self._end)[..., None, :3, 3]
        moves = poses.cross(axes, tip - stacked[..., :3, 3])
        return xp.concat([moves, axes], axis=-1).mT

    def _frames(self, joint_position: Array) -> list[Array]:
        """Frames (..., 4, 4) in world of the joints, turned, from the base on."""
        xp = namespace(joint_position)
        angle = joint_position[..., None, None]
        turned = self._still + xp.sin(angle) * self._sines + (1.0 - xp.cos(angle)) * self._cosines
        local = self._links @ turned
        frames = [local[..., 0, :, :]]
        for joint in range(1, local.shape[-3]):
            frames.append(frames[-1] @ local[..., joint, :, :])
        return frames


def _chain(model: mujoco.MjModel, arm: ArmProfile) -> tuple[Floats, Floats, Floats]:
    """Transforms (J, 4, 4) before each joint, their axes (J, 3), and (4, 4) from the last on."""
    site = model.site(EE_SITE)
    numbers = [model.joint(JOINT_PREFIX + name).id for name in arm.joints]
    links, axes = [], []
    since: Floats = np.eye(4)
    for body in _bodies_down_to(model, int(site.bodyid[0])):
        since = since @ _transform(model.body_pos[body], model.body_quat[body])
        first = model.body_jntadr[body]
        for joint in range(first, first + model.body_jntnum[body]):
            if joint not in numbers or model.jnt_type[joint] != mujoco.mjtJoint.mjJNT_HINGE:
                raise InputError(
                    f"{arm.name}: {model.joint(joint).name} is no hinge of its profile; worlds in "
                    "a batch take arms whose joints all turn"
                )
            links.append(since @ _transform(model.jnt_pos[joint], _UNTURNED))
            axes.append(model.jnt_axis[joint])
            since = _transform(-model.jnt_pos[joint], _UNTURNED)
    return np.array(links), np.array(axes), since @ _transform(site.pos, site.quat)


def _bodies_down_to(model: mujoco.MjModel, body: int) -> list[int]:
    """A body and those that carry it, the first that the world carries in front."""
    found: list[int] = []
    while body != 0:
        found.insert(0, body)
        body = int(model.body_parentid[body])
    return found


def _transform(position: Floats, quaternion: Floats) -> Floats:
    transform = np.eye(4)
    transform[:3, :3], transform[:3, 3] = poses.matrix(quaternion), position
    return transform


def _cross_matrix(axis: Floats) -> Floats:
    """The matrix (4, 4) whose product with (v, 1) is (axis x v, 0)."""
    x, y, z = axis
    return np.array([[0, -z, y, 0], [z, 0, -x, 0], [-y, x, 0, 0], [0, 0, 0, 0]], dtype=float)
