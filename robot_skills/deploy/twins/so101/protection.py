"""How STS servos protect themselves, each by its own registers.

Overload: a load above OVERLOAD_TORQUE for PROTECTION_TIME leaves PROTECTIVE_TORQUE until torque is
switched off. Heat above the limit takes the torque until it has cooled and was switched off. A
supply out of range is told; by the factory's UNLOADING it takes no torque.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from robot_skills.deploy.drivers.so101 import registers
from robot_skills.deploy.twins.so101.servo import Servo

Floats = NDArray[np.float64]
Tell = Callable[[str, str], None]

AMBIENT_C = 30.0
HEATING_C = 45.0  # above ambient at full load, for ever
HEATING_S = 300.0
SUPPLY_V = 12.0
SAG_V = 0.3  # of the supply, with every servo at full load
TIME_UNIT_S = 0.01


class Protection:
    """Heat, supply and overload of S servos; `tell` learns when one of them trips.

    `share` (S,) of each servo's torque is what protection leaves.
    """

    def __init__(self, servos: Sequence[Servo], tell: Tell, tick_s: float) -> None:
        self._servos = servos
        self._tell = tell
        self._tick_s = tick_s
        count = len(servos)
        self.supply_v = SUPPLY_V
        self.voltage_v = SUPPLY_V
        self.temperature_c = np.full(count, AMBIENT_C)
        self.held_c: dict[int, float] = {}
        self.tripped = np.zeros(count, dtype=np.int64)
        self.share = np.ones(count)
        self._over_s = np.zeros(count)
        self._threshold = np.ones(count)
        self._patience_s = np.zeros(count)
        self._hottest_c = np.zeros(count)

    def advance(self, load: Floats) -> None:
        """Let one tick pass under a load (S,), the share of each servo's torque in use."""
        share = np.abs(load)
        target = AMBIENT_C + HEATING_C * share**2
        self.temperature_c += (target - self.temperature_c) * (self._tick_s / HEATING_S)
        for index, held_c in self.held_c.items():
            self.temperature_c[index] = held_c
        self.voltage_v = self.supply_v - SAG_V * float(share.mean())
        self._over_s = (self._over_s + self._tick_s) * (share > self._threshold)
        overloaded, hot = self._over_s > self._patience_s, self.temperature_c > self._hottest_c
        if not (overloaded.any() or hot.any()):
            return
        for index in np.flatnonzero(overloaded).tolist():
            self.trip(index, registers.OVERLOAD_BIT, "load")
        for index in np.flatnonzero(hot).tolist():
            self.trip(index, registers.HEAT_BIT, f"{self.temperature_c[index]:.0f} deg C")

    def refresh(self, index: int) -> None:
        """Take over a servo's thresholds after a write."""
        servo = self._servos[index]
        self._threshold[index] = servo.get(registers.OVERLOAD_TORQUE) / 100
        self._patience_s[index] = servo.get(registers.PROTECTION_TIME) * TIME_UNIT_S
        self._hottest_c[index] = servo.get(registers.TEMPERATURE_MAX)

    def trip(self, index: int, bit: int, why: str) -> None:
        """Protect one servo until `release`, where it is set to do so."""
        if self._servos[index].get(registers.UNLOADING) & bit and not self.tripped[index] & bit:
            self.tripped[index] |= bit
            self.share[index] = self._share(index)
            servo, text = self._servos[index].servo, registers.STATUS_BITS[bit]
            self._tell("protective_stop", f"servo {servo}: {text} ({why})")

    def release(self, index: int) -> None:
        """End a servo's protection: its torque was switched off."""
        self.tripped[index] = 0
        self.share[index] = 1.0
        self._over_s[index] = 0.0

    def status(self, index: int) -> int:
        """Bits of a servo's status register."""
        servo = self._servos[index]
        low = servo.get(registers.VOLTAGE_MIN) / 10
        high = servo.get(registers.VOLTAGE_MAX) / 10
        out = registers.VOLTAGE_BIT if not low <= self.voltage_v <= high else 0
        return int(self.tripped[index]) | out

    def _share(self, index: int) -> float:
        """Share of a servo's torque that its protection leaves."""
        if self.tripped[index] & registers.HEAT_BIT:
            return 0.0
        if self.tripped[index] & registers.OVERLOAD_BIT:
            return self._servos[index].get(registers.PROTECTIVE_TORQUE) / 100
        return 1.0
