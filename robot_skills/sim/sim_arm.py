"""The simulated arm: a Robot whose clock is MuJoCo's."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.observation import Observation, PoseEstimate
from robot_skills.core.robot import Command
from robot_skills.sim.gripper_motion import slewed_width
from robot_skills.sim.render import Cameras
from robot_skills.sim.scene import Scene

Floats = NDArray[np.float64]

FULL_STATE = mujoco.mjtState.mjSTATE_INTEGRATION  # with warm start: replays to the bit


@dataclass(frozen=True)
class SensorNoise:
    """Standard deviations of what is sensed: joints rad, object position m and rotation rad."""

    joint_rad: float = 0.0
    position_m: float = 0.0
    rotation_rad: float = 0.0


NO_NOISE = SensorNoise()


class SimArm:
    """Implements core.robot.Robot on one scene; `act` advances one control period of physics."""

    def __init__(
        self,
        scene: Scene,
        seed: int = 0,
        noise: SensorNoise = NO_NOISE,
        cameras: Cameras | None = None,
    ) -> None:
        self.scene = scene
        self._cameras = cameras
        self.rate_hz = scene.task.rate_hz
        self.data = mujoco.MjData(scene.model)
        self._substeps = round(1.0 / (self.rate_hz * scene.model.opt.timestep))
        self._noise = noise
        self._rng = np.random.default_rng(seed)
        self._bodies = list(scene.bodies.items())
        self._width_command_m = scene.arm.gripper.width_max_m

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def observe(self) -> Observation:
        """Joints, gripper and every object as sensed now, with this arm's noise; and images."""
        scene, data = self.scene, self.data
        return Observation(
            time_s=float(data.time),
            joint_position=self._noisy(data.qpos[scene.arm_qpos]),
            joint_velocity=data.qvel[scene.arm_dofs],
            gripper_width_m=self.gripper_width_m,
            object_pose=self._object_poses(),
            fixture_position={n: float(data.qpos[i]) for n, i in scene.fixture_qpos.items()},
            images=self._cameras.images(data) if self._cameras else {},
        )

    def act(self, joint_position: Floats, gripper_width_m: float) -> Command:
        """Drive the servos for one control period; returns what was sent after limits."""
        scene, arm = self.scene, self.scene.arm
        target = np.clip(joint_position, arm.position_min, arm.position_max)
        self._width_command_m = self._slew(gripper_width_m)
        self.data.ctrl[scene.arm_actuators] = target
        self.data.ctrl[scene.gripper_actuator] = scene.driver_for(self._width_command_m)
        mujoco.mj_step(scene.model, self.data, self._substeps)
        mujoco.mj_kinematics(scene.model, self.data)  # a step leaves bodies where it began
        return Command(target, self._width_command_m)

    def stop(self) -> None:
        """Hold the joints where they are."""
        self.data.ctrl[self.scene.arm_actuators] = self.data.qpos[self.scene.arm_qpos]

    @property
    def gripper_width_m(self) -> float:
        """Width between the pads in m, from the driver joint."""
        return self.scene.width_of(float(self.data.qpos[self.scene.gripper_qpos]))

    @property
    def state(self) -> Floats:
        """Full simulator state (S,), warm start included."""
        size = mujoco.mj_stateSize(self.scene.model, FULL_STATE)
        state = np.empty(size)
        mujoco.mj_getState(self.scene.model, self.data, state, FULL_STATE)
        return state

    @property
    def gripper_command_m(self) -> float:
        """Width in m that the gripper was last told to have."""
        return self._width_command_m

    def set_state(self, state: Floats, gripper_command_m: float | None = None) -> None:
        """Restore a full simulator state (S,) taken from the same model.

        Without the gripper's command it is read back from the driver, right to rounding.
        """
        mujoco.mj_setState(self.scene.model, self.data, state, FULL_STATE)
        mujoco.mj_forward(self.scene.model, self.data)
        driver = float(self.data.ctrl[self.scene.gripper_actuator])
        read_back_m = self.scene.width_of(driver)
        self._width_command_m = read_back_m if gripper_command_m is None else gripper_command_m

    def place(
        self,
        joint_position: Floats,
        gripper_width_m: float,
        object_pose: Mapping[str, Floats],
        fixture_position: Mapping[str, float],
    ) -> None:
        """Put everything at rest: joints (J,) rad, width m, object poses (7,), fixture joints."""
        scene, data = self.scene, self.data
        mujoco.mj_resetData(scene.model, data)
        data.qpos[scene.arm_qpos] = joint_position
        driver = scene.driver_for(gripper_width_m)
        for index, ratio in scene.gripper_joints:
            data.qpos[index] = ratio * driver
        for name, pose in object_pose.items():
            data.qpos[scene.object_qpos[name] :][:7] = pose
        for name, position in fixture_position.items():
            data.qpos[scene.fixture_qpos[name]] = position
        data.ctrl[scene.arm_actuators] = joint_position
        data.act[: len(joint_position)] = joint_position
        data.ctrl[scene.gripper_actuator] = driver
        self._width_command_m = scene.width_of(driver)  # as set_state finds it
        mujoco.mj_forward(scene.model, data)

    def settle(self, seconds: float) -> None:
        """Let physics run with the servos holding."""
        mujoco.mj_step(self.scene.model, self.data, round(seconds / self.scene.model.opt.timestep))
        mujoco.mj_kinematics(self.scene.model, self.data)

    def _slew(self, width_m: float) -> float:
        gripper = self.scene.arm.gripper
        most = gripper.speed_m_s / self.rate_hz
        wanted = min(max(width_m, 0.0), gripper.width_max_m)
        return float(slewed_width(self._width_command_m, self.gripper_width_m, wanted, most))

    def _noisy(self, joints: Floats) -> Floats:
        if self._noise.joint_rad == 0.0:
            return joints
        return joints + self._rng.normal(0.0, self._noise.joint_rad, joints.shape)

    def _object_poses(self) -> dict[str, PoseEstimate]:
        data, noise = self.data, self._noise
        time_s = float(data.time)
        found = {}
        for name, body in self._bodies:
            pose = np.concatenate([data.xpos[body], data.xquat[body]])
            if noise.position_m > 0.0 and name in self.scene.object_qpos:
                pose = self._blurred(pose)
            found[name] = PoseEstimate(pose, time_s)
        return found

    def _blurred(self, pose: Floats) -> Floats:
        position = pose[:3] + self._rng.normal(0.0, self._noise.position_m, 3)
        turn = poses.from_rotation_vector(self._rng.normal(0.0, self._noise.rotation_rad, 3))
        return np.concatenate([position, poses.multiply(turn, pose[3:])])
