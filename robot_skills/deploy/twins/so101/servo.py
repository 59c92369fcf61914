"""The memory of one STS3215: factory values, what may be written, and what a power cut leaves."""

from collections.abc import Callable

from robot_skills.deploy.drivers.so101 import registers
from robot_skills.deploy.drivers.so101.registers import Register

MEMORY_BYTES = 128
FIRMWARE = (3, 10)
READ_ONLY = frozenset({*range(5), *range(56, 71)})
MIDDLE = 128  # written to TORQUE_ENABLE
HALF_TURN = registers.STEPS_PER_TURN // 2
FACTORY = {
    registers.FIRMWARE_MAJOR: FIRMWARE[0],
    registers.FIRMWARE_MINOR: FIRMWARE[1],
    registers.MODEL: registers.MODEL_STS3215,
    registers.ID: 1,
    registers.RESPONSE_LEVEL: 1,
    registers.POSITION_MAX: registers.STEPS_PER_TURN - 1,
    registers.TEMPERATURE_MAX: 70,
    registers.VOLTAGE_MAX: 140,
    registers.VOLTAGE_MIN: 40,
    registers.TORQUE_MAX: 1000,
    registers.PHASE: 12,
    registers.UNLOADING: 44,
    registers.ALARM_LED: 47,
    registers.GAIN_P: 32,
    registers.GAIN_D: 32,
    registers.STARTING_FORCE: 16,
    registers.DEAD_ZONE_CLOCKWISE: 1,
    registers.DEAD_ZONE_COUNTER: 1,
    registers.PROTECTION_CURRENT: 500,
    registers.RESOLUTION: 1,
    registers.PROTECTIVE_TORQUE: 20,
    registers.PROTECTION_TIME: 200,
    registers.OVERLOAD_TORQUE: 80,
    registers.LOCK: 1,
    registers.ACCELERATION_MAX: 254,
}


class Servo:
    """Registers of one servo; `written` is called after a write, `released` when torque is off."""

    def __init__(self, servo: int) -> None:
        self._memory = bytearray(MEMORY_BYTES)
        for register, value in FACTORY.items():
            self.set(register, value)
        self.set(registers.ID, servo)
        self._eeprom = bytes(self._memory[: registers.EEPROM_BYTES])
        self._pending: tuple[int, bytes] | None = None
        self.written: Callable[[], None] = lambda: None
        self.released: Callable[[], None] = lambda: None
        self.power_up()

    @property
    def servo(self) -> int:
        """The id that it answers to."""
        return self.get(registers.ID)

    def get(self, register: Register) -> int:
        """One value."""
        return register.within(self._memory, 0)

    def set(self, register: Register, value: int) -> None:
        """What the servo itself does, with read-only values too."""
        self._memory[register.address : register.address + register.size] = register.encode(value)

    def measure(self, register: Register, value: float) -> None:
        """Show a measurement, or the end of the register's range where it does not fit."""
        self.set(register, register.nearest(value))

    def keep(self) -> None:
        """Make the EEPROM what a power cut leaves."""
        self._eeprom = bytes(self._memory[: registers.EEPROM_BYTES])

    def power_up(self) -> None:
        """Begin anew: what was not kept in the EEPROM is lost, torque is off."""
        self._memory[: registers.EEPROM_BYTES] = self._eeprom
        self._memory[registers.EEPROM_BYTES : registers.PRESENT_POSITION.address] = bytes(16)
        self.set(registers.TORQUE_LIMIT, self.get(registers.TORQUE_MAX))
        self.set(registers.LOCK, 1)
        self._pending = None
        self.released()
        self.written()

    def read(self, first: int, length: int) -> bytes:
        """Bytes of memory; beyond its end there is nothing."""
        return bytes(self._memory[first : first + length]).ljust(length, b"\0")

    def write(self, first: int, data: bytes) -> None:
        """A host's write; read-only bytes stay as they are."""
        enabled = self.get(registers.TORQUE_ENABLE)
        for address, byte in enumerate(data, first):
            if address < MEMORY_BYTES and address not in READ_ONLY:
                self._memory[address] = byte
        if self.get(registers.LOCK) == 0:
            self.keep()
        self._switch(enabled)
        self.written()

    def register_write(self, first: int, data: bytes) -> None:
        """Remember a write until `act`."""
        self._pending = (first, data)

    def act(self) -> None:
        """Do what was remembered."""
        if self._pending is not None:
            self.write(*self._pending)
        self._pending = None

    def _switch(self, enabled_before: int) -> None:
        """What a write to TORQUE_ENABLE brings about."""
        enabled = self.get(registers.TORQUE_ENABLE)
        present = self.get(registers.PRESENT_POSITION)
        if enabled == MIDDLE:
            encoder = self.get(registers.HOMING_OFFSET) + present
            self.measure(registers.HOMING_OFFSET, encoder - HALF_TURN)
            self.keep()
            self.set(registers.TORQUE_ENABLE, enabled_before)
        elif not enabled:
            self.released()
        elif not enabled_before:
            self.set(registers.GOAL_POSITION, present)
