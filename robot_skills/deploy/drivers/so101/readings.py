"""What all servos last said of themselves, and how long ago each of them did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.deploy.drivers.so101 import registers
from robot_skills.deploy.drivers.so101.bus import Reply

Integers = NDArray[np.int64]

END = registers.PRESENT_CURRENT.address + registers.PRESENT_CURRENT.size
WANTED = registers.TORQUE_ENABLE.address
_FIELDS = (
    registers.PRESENT_POSITION,
    registers.PRESENT_VELOCITY,
    registers.PRESENT_LOAD,
    registers.PRESENT_VOLTAGE,
    registers.PRESENT_TEMPERATURE,
    registers.STATUS,
    registers.TORQUE_ENABLE,
    registers.GOAL_POSITION,
)


@dataclass(frozen=True)
class Block:
    """A piece of memory with all that is wanted, begun `lead` bytes before it.

    Replies carry nothing that tells which request they answer but their length. So requests that
    follow each other are of different lengths, and what comes too late is known by its own.
    """

    lead: int

    @property
    def first(self) -> int:
        """Address of its first byte."""
        return WANTED - self.lead

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return END - self.first


class Readings:
    """Registers of S servos; a servo that was not heard keeps what it said before.

    `missed` (S,) counts the cycles in a row in which a servo was not heard, `heard_s` (S,) is the
    host's time when it last was. `loose` (S,) counts readings in a row without torque.
    """

    def __init__(self, servos: Sequence[int], time_s: float) -> None:
        self._servos = tuple(servos)
        self._values: Integers = np.zeros((len(_FIELDS), len(servos)), dtype=np.int64)
        self.missed: Integers = np.zeros(len(servos), dtype=np.int64)
        self.loose: Integers = np.zeros(len(servos), dtype=np.int64)
        self.heard_s = np.full(len(servos), time_s)

    def update(self, replies: Mapping[int, Reply], block: Block, time_s: float) -> None:
        """Take in the replies of one cycle, which asked for `block`."""
        for index, servo in enumerate(self._servos):
            reply = replies.get(servo)
            if reply is None:
                self.missed[index] += 1
                continue
            self.missed[index] = 0
            self.heard_s[index] = time_s
            column = self._values[:, index]
            for row, register in enumerate(_FIELDS):
                column[row] = register.within(reply.data, block.first)
            column[_FIELDS.index(registers.STATUS)] |= reply.status
            torque = column[_FIELDS.index(registers.TORQUE_ENABLE)]
            self.loose[index] = 0 if torque else self.loose[index] + 1

    def of(self, register: registers.Register) -> Integers:
        """One register of all servos (S,)."""
        row: Integers = self._values[_FIELDS.index(register)]
        return row

    @property
    def oldest_s(self) -> float:
        """When the servo that has been silent for longest was heard."""
        return float(self.heard_s.min())
