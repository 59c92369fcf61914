"""The controller's reports: 250 Hz on 30000, 5 Hz on 30001 and 30002, 100 Hz on 30003."""

import numpy as np

from robot_skills.core import poses
from robot_skills.deploy.drivers.xarm.reports import REALTIME, RICH
from robot_skills.deploy.twins.hub import Connection, DelayLine, Receive
from robot_skills.deploy.twins.physics import TwinPhysics
from robot_skills.deploy.twins.xarm.box import ControlBox
from robot_skills.deploy.twins.xarm.commands import DOF, VERSION, padded
from robot_skills.deploy.twins.xarm.kinematics import flange_pose, roll_pitch_yaw

TICKS_PER_FRAME = {30000: 2, 30001: 100, 30002: 100, 30003: 5}
REST_TEMPERATURE_C, SUPPLY_CV = 30, 4800  # of every joint; neither is modelled
SHORT_SIZES = {30001: 145, 30003: 135}  # both begin as the rich report does
BOX_ID, ARM_ID = 0xAA, 0x55
ALL_JOINTS = 0x7F


class ReportServer:
    """Frames of one port for all its clients, late by a delay."""

    def __init__(self, port: int, box: ControlBox, physics: TwinPhysics) -> None:
        self.port = port
        self._box = box
        self._physics = physics
        self._clients: list[Connection] = []
        self.outputs: DelayLine[bytes] = DelayLine(0.0)

    def greet(self, connection: Connection) -> Receive:
        """Take up a client; what it sends is ignored."""
        self._clients.append(connection)
        return lambda _data: None

    def make(self, tick: int, time_s: float) -> None:
        """Take a frame where it is time for one and somebody listens."""
        if tick % TICKS_PER_FRAME[self.port] == 0 and self._clients:
            realtime = self.port == 30000
            self.outputs.push(time_s, self._realtime(time_s) if realtime else self._rich())

    def send(self, time_s: float) -> None:
        """Send what is due."""
        for frame in self.outputs.due(time_s):
            self._clients = [client for client in self._clients if client.open]
            for client in self._clients:
                client.send(frame)

    def _realtime(self, time_s: float) -> bytes:
        physics = self._physics
        frame = np.zeros((), REALTIME)
        frame["size"] = REALTIME.itemsize
        frame["time_us"] = round(time_s * 1e6)
        frame["state_mode"] = self._state_mode()
        frame["target_position_rad"] = padded(self._box.reference.position)
        frame["position_rad"] = padded(physics.joint_position)
        frame["velocity_rad_s"] = padded(physics.joint_velocity)
        frame["torque_nm"] = padded(physics.joint_torque)
        position, rotation = flange_pose(physics.joint_position)
        turn = poses.rotation_vector(poses.from_matrix(rotation))
        frame["pose_mm_rad"] = [*(1000.0 * position), *turn]
        return frame.tobytes()

    def _rich(self) -> bytes:
        physics, box = self._physics, self._box
        position, rotation = flange_pose(physics.joint_position)
        frame = np.zeros((), RICH)
        frame["state_mode"] = self._state_mode()
        frame["position_rad"] = padded(physics.joint_position)
        frame["pose_mm_rad"] = [*(1000.0 * position), *roll_pitch_yaw(rotation)]
        frame["torque_nm"] = padded(physics.joint_torque)
        frame["brakes"] = frame["enabled"] = ALL_JOINTS if box.enabled else 0
        frame["error"] = box.error
        frame["gravity"] = [0.0, 0.0, -1.0]
        frame["kind"], frame["axes"] = DOF, DOF
        frame["controller_id"], frame["arm_id"] = BOX_ID, ARM_ID
        frame["version"] = VERSION.encode()[:30]
        frame["temperature_c"] = REST_TEMPERATURE_C
        frame["velocity_rad_s"] = padded(physics.joint_velocity)
        frame["voltage_cv"] = SUPPLY_CV
        size = SHORT_SIZES.get(self.port, RICH.itemsize)
        frame["size"] = size
        return frame.tobytes()[:size]

    def _state_mode(self) -> int:
        return self._box.mode << 4 | self._box.state
