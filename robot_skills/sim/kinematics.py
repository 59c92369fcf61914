"""Forward kinematics of one arm by MuJoCo, without geometry or dynamics."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.sim.arm_model import arm_spec
from robot_skills.sim.arm_names import EE_SITE, JOINT_PREFIX

Floats = NDArray[np.float64]


def bare_model(arm: ArmProfile) -> mujoco.MjModel:
    """The arm where it stands, its joints and bodies without geometry."""
    spec = arm_spec(arm, visual=False)
    for geom in list(spec.geoms):
        spec.delete(geom)
    for mesh in list(spec.meshes):
        spec.delete(mesh)
    base = spec.worldbody.bodies[0]
    base.pos, base.quat = arm.base_pose[:3], arm.base_pose[3:]
    return spec.compile()


class MujocoKinematics:
    """Implements core.robot.Kinematics; joints (J,) rad, poses (7,) in world."""

    def __init__(self, arm: ArmProfile) -> None:
        self._model = bare_model(arm)
        self._data = mujoco.MjData(self._model)
        joints = [self._model.joint(JOINT_PREFIX + name) for name in arm.joints]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._dofs = np.array([joint.dofadr[0] for joint in joints])
        self._site = self._model.site(EE_SITE).id
        self._jacobian = np.zeros((6, self._model.nv))
        self._placed = b""

    def ee_pose(self, joint_position: Floats) -> Floats:
        """Pose (7,) of the end-effector in world at joints (J,) rad."""
        self._place(joint_position)
        pose = np.empty(7)
        pose[:3] = self._data.site_xpos[self._site]
        mujoco.mju_mat2Quat(pose[3:], self._data.site_xmat[self._site])
        return pose

    def ee_jacobian(self, joint_position: Floats) -> Floats:
        """Geometric Jacobian (6, J) in world at joints (J,) rad."""
        self._place(joint_position)
        mujoco.mj_comPos(self._model, self._data)
        jacobian = self._jacobian
        mujoco.mj_jacSite(self._model, self._data, jacobian[:3], jacobian[3:], self._site)
        return np.asarray(jacobian[:, self._dofs])

    def _place(self, joint_position: Floats) -> None:
        wanted = joint_position.tobytes()  # a pose and a Jacobian are asked for the same joints
        if wanted == self._placed:
            return
        self._data.qpos[self._qpos] = joint_position
        mujoco.mj_kinematics(self._model, self._data)
        self._placed = wanted
