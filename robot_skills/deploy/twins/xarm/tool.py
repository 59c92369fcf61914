"""The xArm gripper on the tool's RS485 line: Modbus RTU, passed through the controller.

Registers as the vendor's client uses them; a position counts 0 (closed) to 850 (open).
"""

import struct

from robot_skills.deploy.drivers.xarm.gripper import PULSES_OPEN
from robot_skills.deploy.twins.physics import TwinPhysics
from robot_skills.deploy.twins.xarm.box import ControlBox

TOOL_HOST, GRIPPER_ID = 9, 8
READ, WRITE = 0x03, 0x10
TARGET, POSITION, FAULT, STATUS = 0x0700, 0x0702, 0x000F, 0x0000
MOVING_M = 0.0005
BAUD_2M = 11  # index of 2,000,000 among the tool's baud rates
BAUD_REGISTER = 0x0A0B


class ToolBus:
    """Answers for a gripper of `stroke_m` whose fingers are the physics' own."""

    def __init__(self, box: ControlBox, physics: TwinPhysics, stroke_m: float) -> None:
        self._box = box
        self._physics = physics
        self._stroke_m = stroke_m
        self._registers: dict[int, int] = {}

    def relay(self, data: bytes) -> bytes:
        """One Modbus exchange: host id, device id, Modbus function, data; and the answer."""
        host, device, function = data[0], data[1], data[2]
        if device != GRIPPER_ID or host != TOOL_HOST:
            return b""
        address, count = struct.unpack_from(">HH", data, 3)
        if function == READ:
            values = b"".join(struct.pack(">H", self._read(address + i)) for i in range(count))
            return bytes([host, device, function, len(values)]) + values
        if function == WRITE:
            self._write(address, struct.unpack_from(f">{count}H", data, 8))
            return bytes([host, device, function]) + struct.pack(">HH", address, count)
        return b""

    def module_register(self, address: int) -> int:
        """A register of the tool's own board."""
        return BAUD_2M if address == BAUD_REGISTER else 0

    def _read(self, address: int) -> int:
        if address in (POSITION, POSITION + 1):
            return _words(round(self._physics.gripper_width_m / self._stroke_m * PULSES_OPEN))[
                address - POSITION
            ]
        if address == STATUS:
            wanted = self._box.gripper_width_m
            return int(abs(wanted - self._physics.gripper_width_m) > MOVING_M)
        return self._registers.get(address, 0)

    def _write(self, address: int, values: tuple[int, ...]) -> None:
        self._registers.update({address + index: value for index, value in enumerate(values)})
        if address == TARGET and len(values) == 2:
            (pulses,) = struct.unpack(">i", struct.pack(">HH", *values))
            share = min(max(pulses / PULSES_OPEN, 0.0), 1.0)
            self._box.gripper_width_m = share * self._stroke_m


def _words(value: int) -> tuple[int, int]:
    high, low = struct.unpack(">HH", struct.pack(">i", value))
    return high, low
