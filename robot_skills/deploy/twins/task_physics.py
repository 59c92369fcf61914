"""A task's whole scene behind a twin: servos, gripper, and blocks that really move."""

from collections.abc import Mapping
from dataclasses import replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.arm import ArmProfile
from robot_skills.core.facts import State, format_facts
from robot_skills.core.observation import Observation
from robot_skills.core.predicates import FactObserver
from robot_skills.core.task import Task
from robot_skills.deploy.twins.gap import Gap
from robot_skills.sim.gripper_motion import slewed_width
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import Scene, build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import reset, situation_of

Floats = NDArray[np.float64]


BLOCKED_NMS_RAD = 1e6  # damping of a joint that something holds fast


class TaskPhysics:
    """Implements TwinPhysics on MuJoCo, one step a tick, with one draw of the gap in its model."""

    def __init__(
        self, task: Task, arm: ArmProfile, goal: str, gap: Gap, seed: int, tick_s: float
    ) -> None:
        rng = np.random.default_rng([seed, 0x73])
        situation = situation_of(task, goal, rng)
        true_arm = replace(arm, base_pose=poses.compose(arm.base_pose, gap.base_offset))
        self._scene = build_scene(task, true_arm, situation.objects, visual=False)
        _apply_gap(self._scene, gap)
        self._scene.model.opt.timestep = tick_s
        self._free_damping = self._scene.model.dof_damping.copy()
        self._blocked = np.zeros(len(self._scene.arm_dofs), dtype=bool)
        self._force_range = self._scene.model.actuator_forcerange[self._scene.arm_actuators]
        self._sim = SimArm(self._scene)
        reset(self._sim, MujocoKinematics(true_arm), situation.goal, rng)
        self._goal = situation.goal
        self._observer = FactObserver(task, situation.objects)
        self._width_m = self.gripper_width_m
        self._width_step_m = arm.gripper.speed_m_s * tick_s

    @property
    def joint_position(self) -> Floats:
        """Joints (J,) rad."""
        return np.asarray(self._sim.data.qpos[self._scene.arm_qpos])

    @property
    def joint_velocity(self) -> Floats:
        """Joint speeds (J,) rad/s."""
        return np.asarray(self._sim.data.qvel[self._scene.arm_dofs])

    @property
    def gripper_width_m(self) -> float:
        """Distance between the fingers."""
        return self._sim.gripper_width_m

    @property
    def joint_reference(self) -> Floats:
        """What the servos were told last (J,) rad."""
        return np.asarray(self._sim.data.ctrl[self._scene.arm_actuators])

    @property
    def joint_torque(self) -> Floats:
        """Torques (J,) Nm that the arm's servos exert."""
        return np.asarray(self._sim.data.qfrc_actuator[self._scene.arm_dofs])

    @property
    def external_torque(self) -> Floats:
        """Torques (J,) Nm of loads, contacts, and what holds a blocked joint."""
        data, dofs = self._sim.data, self._scene.arm_dofs
        held = np.where(self._blocked, data.qfrc_damper[dofs], 0.0)
        return np.asarray(data.qfrc_applied[dofs] + data.qfrc_constraint[dofs] + held)

    def push(self, joint: int, torque_nm: float) -> None:
        """From now on load one joint from outside; 0 takes the load away."""
        self._sim.data.qfrc_applied[self._scene.arm_dofs[joint]] = torque_nm

    def block(self, joint: int) -> None:
        """From now on keep one joint where it is: it creeps by microradians."""
        self._scene.model.dof_damping[self._scene.arm_dofs[joint]] = BLOCKED_NMS_RAD
        self._blocked[joint] = True

    def release(self) -> None:
        """Take every load and block away."""
        self._sim.data.qfrc_applied[:] = 0.0
        self._scene.model.dof_damping[:] = self._free_damping
        self._blocked[:] = False

    def step(self, joint_reference: Floats, gripper_width_m: float) -> None:
        """Let one tick pass with these servo references."""
        data, scene = self._sim.data, self._scene
        measured, most = self.gripper_width_m, self._width_step_m
        self._width_m = slewed_width(self._width_m, measured, gripper_width_m, most)
        data.ctrl[scene.arm_actuators] = joint_reference
        data.ctrl[scene.gripper_actuator] = scene.driver_for(self._width_m)
        mujoco.mj_step(scene.model, data, 1)

    def limit_torque(self, share: Floats) -> None:
        """From now on servos use at most this share (J,) of their torque; 0 is a loose joint."""
        actuators = self._scene.arm_actuators
        self._scene.model.actuator_forcerange[actuators] = self._force_range * share[:, None]

    def ee_pose(self) -> Floats:
        """Pose (7,) of the end-effector in world."""
        data, site = self._sim.data, self._scene.ee_site
        pose = np.empty(7)
        pose[:3] = data.site_xpos[site]
        mujoco.mju_mat2Quat(pose[3:], data.site_xmat[site])
        return pose

    def object_poses(self) -> Mapping[str, Floats]:
        """Pose (7,) in world of every object and fixture's moving part, by name."""
        return {name: seen.pose for name, seen in self._observe().object_pose.items()}

    def outcome(self) -> Mapping[str, object]:
        """Goal, whether it holds in truth, and all facts that do."""
        facts: State = self._observer.facts(self._observe(), self.ee_pose())
        return {
            "goal": format_facts(self._goal.facts),
            "goal_held": self._goal.facts <= facts,
            "facts": format_facts(facts),
        }

    def _observe(self) -> Observation:
        return self._sim.observe()


def _apply_gap(scene: Scene, gap: Gap) -> None:
    model = scene.model
    model.geom_friction[:] *= gap.friction
    bodies = list(scene.bodies.values())
    model.body_mass[bodies] *= gap.mass
    model.body_inertia[bodies] *= gap.mass
    model.actuator_gainprm[scene.arm_actuators, 0] *= gap.servo_gain
    model.actuator_biasprm[scene.arm_actuators, 1] *= gap.servo_gain
