"""The server's side of the Robotiq URCap's gripper socket (TCP 63352): ASCII GET and SET.

Source: the socket protocol documented with Robotiq's Universal Robots URCap.
"""

from robot_skills.deploy.drivers.robotiq import position_of, width_of
from robot_skills.deploy.twins.hub import Connection, Receive, line_receiver
from robot_skills.deploy.twins.physics import TwinPhysics
from robot_skills.deploy.twins.ur.cabinet import UrCabinet

STATUS_ACTIVE = 3
STILL_MOVING, ARRIVED = 0, 3
ARRIVED_WITHIN = 3  # of 255


class GripperServer:
    """A two-finger gripper of `stroke_m` whose fingers are the physics' own."""

    def __init__(self, cabinet: UrCabinet, physics: TwinPhysics, stroke_m: float) -> None:
        self._cabinet = cabinet
        self._physics = physics
        self._stroke_m = stroke_m
        self._registers = {"ACT": 0, "GTO": 0, "POS": 0, "SPE": 255, "FOR": 0, "FLT": 0}

    def greet(self, connection: Connection) -> Receive:
        """Take up a client."""
        return line_receiver(lambda line: connection.send(self.answer(line).encode() + b"\n"))

    def answer(self, line: str) -> str:
        """The gripper's line for `SET NAME VALUE ...` or `GET NAME`."""
        words = line.split()
        if words[0] == "SET" and len(words) % 2 == 1:
            return self._set(dict(zip(words[1::2], words[2::2], strict=True)))
        if words[0] == "GET" and len(words) == 2:
            return f"{words[1]} {self._get(words[1])}"
        return "?"

    def _set(self, values: dict[str, str]) -> str:
        if not all(
            v.isdigit() and int(v) <= 255 and k in self._registers for k, v in values.items()
        ):
            return "?"
        self._registers.update({name: int(value) for name, value in values.items()})
        if self._registers["ACT"] and self._registers["GTO"] and "POS" in values:
            width = width_of(self._registers["POS"], self._stroke_m)
            self._cabinet.gripper_width_m = width
        return "ack"

    def _get(self, name: str) -> int:
        position = position_of(self._physics.gripper_width_m, self._stroke_m)
        if name == "POS":
            return position
        if name == "PRE":
            return self._registers["POS"]
        if name == "STA":
            return STATUS_ACTIVE if self._registers["ACT"] else 0
        if name == "OBJ":
            near = abs(position - self._registers["POS"]) <= ARRIVED_WITHIN
            return ARRIVED if near else STILL_MOVING
        return self._registers.get(name, 0)
