"""Memory of a Feetech STS3215: where each value lies and how it is written.

Source: Feetech, memory table of the magnetic-encoder STS servos. Two-byte values are little-endian;
signed ones carry their sign in one bit beside the magnitude.
"""

from dataclasses import dataclass

STEPS_PER_TURN = 4096
MODEL_STS3215 = 777
EEPROM_BYTES = 40


@dataclass(frozen=True)
class Register:
    """One value; `sign_bit` is None where it is never negative."""

    address: int
    size: int = 1
    sign_bit: int | None = None

    def encode(self, value: int) -> bytes:
        """Bytes as they lie in the servo's memory; ValueError where the value does not fit."""
        if value != self.nearest(value):
            raise ValueError(f"{value} does not fit register {self.address}")
        sign = 1 << self.sign_bit if value < 0 and self.sign_bit is not None else 0
        return (abs(value) | sign).to_bytes(self.size, "little")

    def nearest(self, value: float) -> int:
        """The value nearest to `value` that fits."""
        most = (1 << (8 * self.size if self.sign_bit is None else self.sign_bit)) - 1
        return round(min(max(value, 0 if self.sign_bit is None else -most), most))

    def decode(self, data: bytes | bytearray) -> int:
        """The value of bytes as they lie in the servo's memory."""
        value = int.from_bytes(data, "little")
        if self.sign_bit is not None and value >> self.sign_bit & 1:
            return -(value & ~(1 << self.sign_bit))
        return value

    def within(self, block: bytes | bytearray, first: int) -> int:
        """The value in a block of memory that begins at address `first`."""
        at = self.address - first
        return self.decode(block[at : at + self.size])


FIRMWARE_MAJOR = Register(0)
FIRMWARE_MINOR = Register(1)
MODEL = Register(3, 2)
ID = Register(5)
BAUD_RATE = Register(6)
RETURN_DELAY = Register(7)
RESPONSE_LEVEL = Register(8)
POSITION_MIN = Register(9, 2, 15)
POSITION_MAX = Register(11, 2, 15)
TEMPERATURE_MAX = Register(13)  # deg C
VOLTAGE_MAX = Register(14)  # 0.1 V
VOLTAGE_MIN = Register(15)  # 0.1 V
TORQUE_MAX = Register(16, 2)  # 0.1 %
PHASE = Register(18)
UNLOADING = Register(19)  # which status bits take the torque away
ALARM_LED = Register(20)
GAIN_P = Register(21)
GAIN_D = Register(22)
GAIN_I = Register(23)
STARTING_FORCE = Register(24, 2)
DEAD_ZONE_CLOCKWISE = Register(26)
DEAD_ZONE_COUNTER = Register(27)
PROTECTION_CURRENT = Register(28, 2)
RESOLUTION = Register(30)
HOMING_OFFSET = Register(31, 2, 11)
OPERATING_MODE = Register(33)  # 0: position
PROTECTIVE_TORQUE = Register(34)  # %, of an overloaded servo
PROTECTION_TIME = Register(35)  # 10 ms
OVERLOAD_TORQUE = Register(36)  # %
TORQUE_ENABLE = Register(40)  # 128: what is now the position becomes the middle
ACCELERATION = Register(41)  # 100 steps/s^2; 0: as fast as it can
GOAL_POSITION = Register(42, 2, 15)  # steps
GOAL_TIME = Register(44, 2)
GOAL_VELOCITY = Register(46, 2, 15)  # 0: as fast as it can
TORQUE_LIMIT = Register(48, 2)  # 0.1 %
LOCK = Register(55)  # 1: EEPROM is kept as it was through a power cut
PRESENT_POSITION = Register(56, 2, 15)  # steps
PRESENT_VELOCITY = Register(58, 2, 15)
PRESENT_LOAD = Register(60, 2, 10)  # 0.1 %
PRESENT_VOLTAGE = Register(62)  # 0.1 V
PRESENT_TEMPERATURE = Register(63)  # deg C
STATUS = Register(65)
MOVING = Register(66)
PRESENT_CURRENT = Register(69, 2, 15)  # 6.5 mA
ACCELERATION_MAX = Register(85)

PHASE_REVERSED = 0x81  # bits of PHASE: motor and encoder count the other way
PHASE_FINE_VELOCITY = 4  # bit of PHASE: velocities in 1 step/s; without it in 50 steps/s

STATUS_BITS = {
    1: "supply voltage out of range",
    2: "position sensor failed",
    4: "too hot",
    8: "too much current",
    32: "overload",
}
VOLTAGE_BIT, SENSOR_BIT, HEAT_BIT, CURRENT_BIT, OVERLOAD_BIT = STATUS_BITS


def status_text(status: int) -> str:
    """What the bits of a status say, as in "overload and too hot"."""
    return " and ".join(text for bit, text in STATUS_BITS.items() if status & bit) or "well"
