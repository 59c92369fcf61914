"""The UR family's TwinController: a control box and everything it serves on one address."""

from collections.abc import Mapping
from typing import Any

from robot_skills.core.arm import ArmProfile
from robot_skills.deploy.drivers import robotiq
from robot_skills.deploy.twins.controller import Note, Order
from robot_skills.deploy.twins.gap import Gap
from robot_skills.deploy.twins.hub import Hub
from robot_skills.deploy.twins.physics import TwinPhysics
from robot_skills.deploy.twins.ur import dashboard, rtde
from robot_skills.deploy.twins.ur.cabinet import SCRIPT_PORTS, UrCabinet
from robot_skills.deploy.twins.ur.dashboard import UrDashboard
from robot_skills.deploy.twins.ur.gripper import GripperServer
from robot_skills.deploy.twins.ur.rtde import TICK_S, RtdeServer


class UrController:
    """RTDE, script upload and dashboard of an e-Series, with a Robotiq gripper's socket."""

    def __init__(
        self, host: str, arm: ArmProfile, physics: TwinPhysics, gap: Gap, note: Note
    ) -> None:
        self.address = host
        self._cabinet = UrCabinet(physics, arm.speed_max, note)
        self._rtde = RtdeServer(self._cabinet.program.receive, gap.delay_in_s, gap.delay_out_s)
        self._gripper = GripperServer(self._cabinet, physics, arm.gripper.width_max_m)
        self.faults: Mapping[str, Order] = {
            "pstop": lambda _: self._cabinet.protective_stop("asked for on stdin"),
            "drop": self._drop,
            "estop": lambda _: self._cabinet.emergency_stop(),
        }

    def listen(self, hub: Hub) -> None:
        """Open every port."""
        hub.listen(rtde.PORT, self._rtde.greet)
        for port in SCRIPT_PORTS:
            hub.listen(port, self._cabinet.greet_script_client)
        hub.listen(dashboard.PORT, UrDashboard(self._cabinet).greet)
        hub.listen(robotiq.PORT, self._gripper.greet)

    def set_delay(self, delay_s: float) -> None:
        """Hold RTDE back by this long, each way."""
        self._rtde.inputs.delay_s = self._rtde.outputs.delay_s = delay_s

    def _drop(self, value: Any) -> None:
        self._rtde.drop_share = float(value["p"])

    def tick(self, tick: int, linked: bool) -> None:
        """Take in what is due, move the arm, send what is due."""
        time_s = tick * TICK_S
        if linked:
            self._rtde.deliver(time_s)
        self._cabinet.tick()
        if linked:
            self._rtde.publish(tick, self._cabinet.variables(time_s))

    def close(self) -> None:
        """All of it is the hub's."""
