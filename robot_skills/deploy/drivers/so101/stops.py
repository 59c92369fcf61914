"""Bringing servos to rest: all at once first, then each confirmed on its own.

A servo that does not answer, or answers with an error, never keeps the others from being stopped.
"""

import time
from collections.abc import Mapping, Sequence

from robot_skills.deploy.drivers.so101 import registers
from robot_skills.deploy.drivers.so101.bus import FeetechBus

PATIENCE_S = 0.1  # a watchdog must not take a stop for silence


def write_each(
    bus: FeetechBus, first: int, data: Mapping[int, bytes], patience_s: float = PATIENCE_S
) -> list[int]:
    """Write to every servo, round by round; return those that have not confirmed it."""
    missing = list(data)
    deadline_s = time.monotonic() + patience_s
    if data:
        bus.sync_write(first, data)
    while missing and time.monotonic() < deadline_s:
        missing = [s for s in missing if not bus.write_block(s, first, data[s])]
    return missing


def power_off(bus: FeetechBus, servos: Sequence[int]) -> list[int]:
    """Take the torque from every servo; return those that have not confirmed it."""
    register = registers.TORQUE_ENABLE
    return write_each(bus, register.address, {servo: register.encode(0) for servo in servos})


def go_to(bus: FeetechBus, goals: Mapping[int, int], acceleration: int) -> list[int]:
    """Send servos to their goals in steps; return those that have not confirmed it.

    `acceleration` is in the register's own unit, 100 steps/s^2.
    """
    ramp = registers.ACCELERATION.encode(acceleration)
    data = {s: ramp + registers.GOAL_POSITION.encode(goal) for s, goal in goals.items()}
    return write_each(bus, registers.ACCELERATION.address, data)
