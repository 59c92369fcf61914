"""The SO-101 family's TwinController: six servos on a pseudo terminal."""

from collections.abc import Mapping
from typing import Any

from robot_skills.core.arm import ArmProfile
from robot_skills.deploy.drivers.so101 import registers
from robot_skills.deploy.twins.controller import Note, Order
from robot_skills.deploy.twins.gap import Gap
from robot_skills.deploy.twins.hub import DelayLine, Hub
from robot_skills.deploy.twins.physics import TwinPhysics
from robot_skills.deploy.twins.so101.bank import ServoBank, servo_index
from robot_skills.deploy.twins.so101.bus import ServoBus
from robot_skills.deploy.twins.so101.line import PseudoLine
from robot_skills.deploy.twins.so101.packets import Request, RequestParser

TICK_S = 0.002
SWAPPED_STEPS = 37


class So101Controller:
    """Answers requests as they come, and moves the arm tick by tick."""

    def __init__(
        self, host: str, arm: ArmProfile, physics: TwinPhysics, gap: Gap, note: Note
    ) -> None:
        self._note = note
        self._bank = ServoBank(arm, physics, gap, note, TICK_S)
        self._bus = ServoBus(self._bank.servos, self._bank.dead, self._bank.refresh)
        self._line = PseudoLine(f"so101-{host}")
        self._parser = RequestParser()
        self._requests: DelayLine[Request] = DelayLine(0.0)
        self._replies: DelayLine[bytes] = DelayLine(0.0)
        self._time_s = 0.0
        self.address = str(self._line.path)
        self.faults: Mapping[str, Order] = {
            "drop": self._drop,
            "corrupt": self._corrupt,
            "dead": lambda value: self._bank.dead.add(self._index(value)),
            "alive": lambda value: self._bank.dead.discard(self._index(value)),
            "overload": lambda value: self._trip(self._index(value)),
            "overheat": self._heat,
            "undervolt": self._undervolt,
            "swap": lambda _: self._bank.remount(SWAPPED_STEPS),
            "pstop": lambda _: self._trip(*range(len(self._bank.servos))),
            "estop": lambda _: self._cut_power(),
            "power": lambda _: self._restore_power(),
        }

    def listen(self, hub: Hub) -> None:
        """Answer on the line."""
        hub.watch(self._line.file_descriptor, self._receive)

    def set_delay(self, delay_s: float) -> None:
        """Hold back requests and replies by this long, each."""
        self._requests.delay_s = self._replies.delay_s = delay_s

    def tick(self, tick: int, linked: bool) -> None:
        """Answer what is due, then move the arm."""
        self._time_s = tick * TICK_S
        if linked:
            self._answer()
        self._bank.advance(self._time_s)

    def close(self) -> None:
        """Take the line away."""
        self._line.close()

    def _receive(self) -> None:
        for request in self._parser.feed(self._line.receive()):
            self._requests.push(self._time_s, request)
        self._answer()

    def _answer(self) -> None:
        for request in self._requests.due(self._time_s):
            reply = self._bus.answer(request)
            if reply:
                self._replies.push(self._time_s, reply)
        for reply in self._replies.due(self._time_s):
            self._line.send(reply)

    def _index(self, value: Any) -> int:
        return servo_index(self._bank.servos, int(value["id"]))

    def _drop(self, value: Any) -> None:
        self._bus.drop = float(value["p"])

    def _corrupt(self, value: Any) -> None:
        self._bus.corrupt = float(value["p"])

    def _trip(self, *servos: int) -> None:
        for index in servos:
            self._bank.protection.trip(index, registers.OVERLOAD_BIT, "asked for on stdin")

    def _heat(self, value: Any) -> None:
        self._bank.protection.held_c[self._index(value)] = float(value["c"])

    def _undervolt(self, value: Any) -> None:
        self._bank.protection.supply_v = float(value["v"])

    def _cut_power(self) -> None:
        self._bank.dead.update(range(len(self._bank.servos)))
        self._note("emergency_stop", "the supply is cut")

    def _restore_power(self) -> None:
        self._bank.dead.clear()
        self._bank.power_up()
        self._note("power", "the supply is back")
