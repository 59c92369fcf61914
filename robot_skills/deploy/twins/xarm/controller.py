"""The xArm family's TwinController: a control box and everything it serves on one address."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError
from robot_skills.deploy.twins.controller import Note, Order
from robot_skills.deploy.twins.gap import Gap
from robot_skills.deploy.twins.hub import Connection, DelayLine, Hub, Receive
from robot_skills.deploy.twins.physics import TwinPhysics
from robot_skills.deploy.twins.xarm.box import (
    BOUNDARY,
    COLLISION,
    EMERGENCY_BUTTON,
    TICK_S,
    ControlBox,
    limits_of,
)
from robot_skills.deploy.twins.xarm.commands import Commands
from robot_skills.deploy.twins.xarm.frames import Request, answer, frame_receiver
from robot_skills.deploy.twins.xarm.reports import TICKS_PER_FRAME, ReportServer
from robot_skills.deploy.twins.xarm.tool import ToolBus

COMMAND_PORT = 502
ASKED_FOR = "asked for on stdin"


class XArmController:
    """Commands on 502 and the four reports, with an xArm gripper on the tool."""

    def __init__(
        self, host: str, arm: ArmProfile, physics: TwinPhysics, gap: Gap, note: Note
    ) -> None:
        self.address = host
        self._box = ControlBox(physics, limits_of(arm), note)
        tool = ToolBus(self._box, physics, arm.gripper.width_max_m)
        self._commands = Commands(self._box, tool, physics)
        self._reports = [ReportServer(port, self._box, physics) for port in TICKS_PER_FRAME]
        self._requests: DelayLine[tuple[Connection, Request]] = DelayLine(gap.delay_in_s)
        self._answers: DelayLine[tuple[Connection, bytes]] = DelayLine(gap.delay_out_s)
        self._set_report_delay(gap.delay_out_s)
        self._time_s = 0.0
        self._drop_share = 0.0
        self._rng = np.random.default_rng(0)
        self.faults: Mapping[str, Order] = {
            "pstop": lambda code: self._box.fail(int(code or BOUNDARY), ASKED_FOR),
            "collision": lambda _: self._box.fail(COLLISION, ASKED_FOR),
            "estop": lambda _: self._box.fail(EMERGENCY_BUTTON, "button"),
            "drop": self._drop,
        }

    def listen(self, hub: Hub) -> None:
        """Open every port; raises InputError where the system keeps port 502 to itself."""
        try:
            hub.listen(COMMAND_PORT, self._greet)
        except PermissionError:
            raise InputError(
                f"port {COMMAND_PORT}, on which an xArm takes commands, is kept for the "
                "administrator here; allow it with: "
                f"sudo sysctl net.ipv4.ip_unprivileged_port_start={COMMAND_PORT}"
            ) from None
        for report in self._reports:
            hub.listen(report.port, report.greet)

    def set_delay(self, delay_s: float) -> None:
        """Hold commands, answers and reports back by this long, each way."""
        self._requests.delay_s = self._answers.delay_s = delay_s
        self._set_report_delay(delay_s)

    def tick(self, tick: int, linked: bool) -> None:
        """Take in what is due, move the arm, send what is due."""
        self._time_s = tick * TICK_S
        if linked:
            self._exchange()
        self._box.tick()
        for report in self._reports:
            if linked and self._kept():
                report.make(tick, self._time_s)
                report.send(self._time_s)

    def close(self) -> None:
        """All of it is the hub's."""

    def _greet(self, connection: Connection) -> Receive:
        def handle(request: Request) -> None:
            self._requests.push(self._time_s, (connection, request))
            self._exchange()

        return frame_receiver(handle)

    def _exchange(self) -> None:
        for connection, request in self._requests.due(self._time_s):
            status, data = self._commands.carry_out(request)
            if self._kept():
                self._answers.push(self._time_s, (connection, answer(request, status, data)))
        for connection, frame in self._answers.due(self._time_s):
            connection.send(frame)

    def _kept(self) -> bool:
        return self._drop_share == 0.0 or self._rng.random() >= self._drop_share

    def _drop(self, value: Any) -> None:
        self._drop_share = float(value["p"] if isinstance(value, Mapping) else value)

    def _set_report_delay(self, delay_s: float) -> None:
        for report in self._reports:
            report.outputs.delay_s = delay_s
