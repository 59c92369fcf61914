"""An arm simulated by MuJoCo in this very process, behind the interface of a real one.

Its clock is simulated: a period passes with each command, or with each reading while it is not
started. So what is built on drivers can be tried without a twin, and the same way every time.
"""

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills import paths
from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import RobotFault
from robot_skills.core.task_file import load_task
from robot_skills.deploy.driver import ArmInfo, ArmState, Fault, FaultKind, StopKind
from robot_skills.deploy.settings import ControlSettings
from robot_skills.sim.gripper_motion import slewed_width
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm

Floats = NDArray[np.float64]

FINEST_STEP_S = 0.002


class MujocoDriver:
    """Implements ArmDriver; `address` is the environment around the arm, by name or folder.

    Its objects are left out: they would have to be placed.
    """

    def __init__(self, address: str, arm: ArmProfile, settings: ControlSettings) -> None:
        self._address = address
        self._arm = arm
        rate_hz = settings.for_arm(arm).rate_hz
        self._period_s = 1.0 / rate_hz
        self._sim: SimArm | None = None
        self._fault: Fault | None = None
        self._started = False
        self.info = ArmInfo(arm.name, arm.joints, rate_hz, robot_watchdog=True)

    def connect(self, timeout_s: float) -> None:
        """Build the scene with the arm at home; InputError for an environment that is none."""
        task = load_task(paths.find("envs", self._address))
        scene = build_scene(task, self._arm, objects=(), visual=False)
        self._steps = max(1, round(self._period_s / FINEST_STEP_S))
        scene.model.opt.timestep = self._period_s / self._steps
        self._sim = SimArm(scene)
        self._width_m = self._slewed_m = self._arm.gripper.width_max_m
        self._sim.place(self._arm.home, self._width_m, {}, {})

    def read(self) -> ArmState:
        """State after the newest command."""
        sim = self._connected()
        if not self._started:
            self._pass()
        return ArmState(
            robot_time_s=float(sim.data.time),
            joint_position_rad=sim.data.qpos[sim.scene.arm_qpos],
            joint_velocity_rad_s=sim.data.qvel[sim.scene.arm_dofs],
            mode="running" if self._started else "idle",
            fault=self._fault,
            gripper_width_m=sim.gripper_width_m,
            load=self._load(sim),
        )

    def start(self) -> None:
        """Take commands from now on; RobotFault where a fault was not cleared."""
        if self._fault is not None:
            raise RobotFault(str(self._fault))
        self._connected()
        self._started = True

    def command(self, joint_position_rad: Floats, gripper_width_m: float | None) -> Floats:
        """Drive the servos to a target (J,) rad for one period; RobotFault unless started."""
        sim = self._connected()
        if not self._started:
            raise RobotFault("the arm refused a joint target: it was not started")
        if gripper_width_m is not None:
            self._width_m = min(max(gripper_width_m, 0.0), self._arm.gripper.width_max_m)
        low, high = self._arm.position_min, self._arm.position_max
        target = np.clip(joint_position_rad, low, high)
        sim.data.ctrl[sim.scene.arm_actuators] = target
        self._pass()
        return target

    def stop(self, kind: StopKind) -> None:
        """Hold where the arm is; with POWER_OFF nothing starts it before `clear_fault`."""
        sim = self._connected()
        if self._started:
            sim.stop()
        self._started = False
        if kind is StopKind.POWER_OFF:
            self._fault = Fault(FaultKind.NOT_READY, "the power was taken away; clear the fault")

    def clear_fault(self) -> None:
        """Give the power back."""
        self._fault = None

    def close(self) -> None:
        """Stop and forget the scene."""
        if self._sim is not None:
            self.stop(StopKind.SMOOTH)
        self._sim = None

    def _pass(self) -> None:
        sim, gripper = self._connected(), self._arm.gripper
        most_m = gripper.speed_m_s * self._period_s
        measured_m = sim.gripper_width_m
        self._slewed_m = slewed_width(self._slewed_m, measured_m, self._width_m, most_m)
        sim.data.ctrl[sim.scene.gripper_actuator] = sim.scene.driver_for(self._slewed_m)
        mujoco.mj_step(sim.scene.model, sim.data, self._steps)

    def _load(self, sim: SimArm) -> Floats | None:
        deploy = self._arm.deploy
        if deploy is None or deploy.torque_max_nm is None:
            return None
        torque = sim.data.qfrc_actuator[sim.scene.arm_dofs]
        return np.asarray(np.abs(torque) / deploy.torque_max_nm)

    def _connected(self) -> SimArm:
        if self._sim is None:
            raise RobotFault("there is no link to the arm; connect first")
        return self._sim


def halt(_address: str, _arm: ArmProfile) -> None:
    """A simulated arm ends with the process that simulates it: there is nothing to stop."""
