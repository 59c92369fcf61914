"""A UR control box: modes, safety, the running program, and the arm's reference."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.deploy.drivers.ur import NM_PER_A
from robot_skills.deploy.twins.hub import Connection, Receive
from robot_skills.deploy.twins.physics import TwinPhysics
from robot_skills.deploy.twins.reference import JointReference
from robot_skills.deploy.twins.ur.program import SCRIPT_START, ControlProgram
from robot_skills.deploy.twins.ur.rtde import TICK_S, Value

Floats = NDArray[np.float64]

SCRIPT_PORTS = (30001, 30002, 30003)
ROBOT_MODE_RUNNING = 7
SAFETY_NORMAL, SAFETY_PROTECTIVE, SAFETY_EMERGENCY = 1, 3, 7
SAFETY_BITS = {SAFETY_NORMAL: 1 << 0, SAFETY_PROTECTIVE: 1 << 2, SAFETY_EMERGENCY: 1 << 7}
RUNTIME_STOPPED, RUNTIME_PLAYING = 1, 2
POWER_ON_BIT, PROGRAM_RUNNING_BIT = 1, 2
SPEED_TOLERANCE_RAD_S = np.deg2rad(1.15)  # UR e-Series user manual, functional safety table
PROTECTIVE_DECELERATION = 40.0  # rad/s^2; the manual's stop within 50 ms from ordinary speeds


class UrCabinet:
    """One arm's control box, moved forward tick by tick; notes what happens through `note`."""

    def __init__(
        self, physics: TwinPhysics, speed_max: Floats, note: Callable[[str, str], None]
    ) -> None:
        self._physics = physics
        self._note = note
        self._speed_max = speed_max
        self.reference = JointReference(physics.joint_position, speed_max, TICK_S)
        self.program = ControlProgram(self.reference, self.protective_stop, note, TICK_S)
        self.safety_mode = SAFETY_NORMAL
        self.gripper_width_m = physics.gripper_width_m

    def tick(self) -> None:
        """Let one tick pass: program, reference, physics, then the controller's own safety."""
        self.program.tick()
        self._physics.step(self.reference.advance(), self.gripper_width_m)
        speed = np.abs(self._physics.joint_velocity)
        if (speed > self._speed_max + SPEED_TOLERANCE_RAD_S).any():
            self.protective_stop(f"joint speed {speed.max():.2f} rad/s")

    def protective_stop(self, why: str) -> None:
        """Stop category 2: the program ends, the arm slows to rest and holds."""
        self._halt(SAFETY_PROTECTIVE, "protective_stop", why)

    def emergency_stop(self) -> None:
        """Somebody has pressed the button."""
        self._halt(SAFETY_EMERGENCY, "emergency_stop", "button")

    def unlock(self) -> None:
        """Release a protective or emergency stop."""
        self.safety_mode = SAFETY_NORMAL
        self._note("unlocked", "")

    def greet_script_client(self, _connection: Connection) -> Receive:
        """Take up a client that uploads URScript."""
        buffer = bytearray()

        def receive(data: bytes) -> None:
            buffer.extend(data)
            if SCRIPT_START in buffer and not buffer.rstrip().endswith(b"end"):
                return
            self._load(bytes(buffer))
            buffer.clear()

        return receive

    def variables(self, robot_time_s: float) -> dict[str, Value]:
        """RTDE outputs by name; temperatures, voltages and the like are not modelled."""
        position = self._physics.joint_position.tolist()
        velocity = self._physics.joint_velocity.tolist()
        playing = self.program.running
        return {
            "timestamp": robot_time_s,
            "actual_q": position,
            "actual_qd": velocity,
            "actual_current": (self._physics.joint_torque / NM_PER_A).tolist(),
            "target_q": self.reference.position.tolist(),
            "actual_TCP_pose": self._tool_pose(),
            "robot_mode": ROBOT_MODE_RUNNING,
            "safety_mode": self.safety_mode,
            "safety_status_bits": SAFETY_BITS[self.safety_mode],
            "robot_status_bits": POWER_ON_BIT | (PROGRAM_RUNNING_BIT if playing else 0),
            "runtime_state": RUNTIME_PLAYING if playing else RUNTIME_STOPPED,
            "speed_scaling": 1.0,
            "target_speed_fraction": 1.0,
            "output_int_register_0": self.program.status,
        }

    def _load(self, script: bytes) -> None:
        if self.safety_mode == SAFETY_NORMAL:
            self.program.load(script)

    def _halt(self, mode: int, kind: str, why: str) -> None:
        if self.safety_mode == mode:
            return
        self.safety_mode = mode
        self.program.end(kind)
        self.reference.stop(PROTECTIVE_DECELERATION)
        self._note(kind, why)

    def _tool_pose(self) -> list[float]:
        pose = self._physics.ee_pose()
        return [*pose[:3].tolist(), *poses.rotation_vector(pose[3:]).tolist()]
