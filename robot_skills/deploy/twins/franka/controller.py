"""The Franka family's TwinController: the arm's interface and its hand on one address."""

from collections.abc import Mapping
from typing import Any

from robot_skills.core.arm import ArmProfile
from robot_skills.deploy.twins.controller import Note, Order
from robot_skills.deploy.twins.franka import gripper, wire
from robot_skills.deploy.twins.franka.arm import FrankaArm
from robot_skills.deploy.twins.franka.gripper import GripperService
from robot_skills.deploy.twins.franka.link import StateLink
from robot_skills.deploy.twins.franka.service import RobotService
from robot_skills.deploy.twins.franka.urdf import robot_model
from robot_skills.deploy.twins.franka.wire import TICK_S, Error
from robot_skills.deploy.twins.gap import Gap
from robot_skills.deploy.twins.hub import Hub
from robot_skills.deploy.twins.physics import TwinPhysics


class FrankaController:
    """An FR3 with its hand; the gap's delays lie between controller and servos.

    The interface itself allows no delay: commands that are a cycle late count as lost, and 20 of
    them end the motion. Its own faults: pstop {name of an Error, or none}, estop and then enable,
    drop {share of packets that are lost, each way}.
    """

    def __init__(
        self,
        host: str,
        arm: ArmProfile,
        physics: TwinPhysics,
        gap: Gap,
        note: Note,
        lockstep: bool = False,
    ) -> None:
        self.address = host
        delay_ticks = round((gap.delay_in_s + gap.delay_out_s) / TICK_S)
        self._arm = FrankaArm(physics, arm.speed_max, delay_ticks, note)
        self._link = StateLink(host, lockstep, seed=0)
        self._service = RobotService(self._arm, robot_model(), self._link.subscribe)
        self._gripper = GripperService(host, self._arm, physics, arm.gripper.width_max_m)
        self.faults: Mapping[str, Order] = {
            "pstop": self._reflex,
            "estop": lambda _: self._arm.user_stop(),
            "enable": lambda _: self._arm.enable(),
            "drop": self._drop,
        }

    def listen(self, hub: Hub) -> None:
        """Open every port."""
        self._link.open()
        self._gripper.open()
        hub.listen(wire.PORT, self._service.greet)
        hub.listen(gripper.PORT, self._gripper.greet)

    def set_delay(self, delay_s: float) -> None:
        """Hold states and commands back by this long, each; a cycle is enough to lose them all."""
        self._link.set_delay(delay_s)

    def tick(self, tick: int, linked: bool) -> None:
        """Take in the command that is due, move the arm, send its state."""
        time_s = tick * TICK_S
        command = self._link.command(time_s, self._arm.moving) if linked else None
        self._arm.tick(*(command or (None, False)))
        if linked:
            self._link.send(time_s, tick, self._arm.state(tick))
        self._gripper.tick(tick, linked)

    def close(self) -> None:
        """Let go of the sockets that are not the hub's."""
        self._link.close()
        self._gripper.close()

    def _reflex(self, name: object) -> None:
        error = Error.JOINT_REFLEX if name is None else Error[str(name).upper()]
        self._arm.reflex(error, "asked for on stdin")

    def _drop(self, value: Any) -> None:
        self._link.drop_share = float(value["p"])
