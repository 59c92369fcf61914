"""Bringing servos to rest: all at once first, then each confirmed on its own.

A servo that does not answer, or answers with an error, never keeps the others from being stopped.
"""

from collections.abc import Mapping, Sequence

from robot_skills.deploy.drivers.so101 import registers
from robot_skills.deploy.drivers.so101.bus import FeetechBus

TRIES = 3


def write_each(bus: FeetechBus, first: int, data: Mapping[int, bytes]) -> list[int]:
    """Write to every servo; return those that have not confirmed it."""
    bus.sync_write(first, data)
    return [s for s, values in data.items() if not bus.write_block(s, first, values, TRIES)]


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
