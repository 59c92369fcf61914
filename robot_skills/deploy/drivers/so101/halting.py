"""Stopping an SO-101 from a process that has no link to it, such as a watchdog's."""

import time

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import RobotFault
from robot_skills.deploy.drivers.so101 import registers, stops
from robot_skills.deploy.drivers.so101.bus import REPLY_TIMEOUT_S, FeetechBus
from robot_skills.deploy.drivers.so101.readings import Block
from robot_skills.deploy.drivers.so101.torque import holding_limits

PATIENCE_S = 1.0
FASTEST = 254  # acceleration register
BLOCK = Block(9)  # longer than any that the driver asks for, whose replies may still come in


def halt(address: str, arm: ArmProfile) -> None:
    """Hold every joint where it is with the torque that just carries the arm.

    Servos without torque stay loose, the jaw keeps its grip. Raises InputError where there is no
    serial line, RobotFault naming the servos that did not confirm, after all were told.
    """
    bus = FeetechBus(address)
    bus.open()
    try:
        joints = list(range(1, arm.dof + 1))
        missing = set(_hold(bus, joints))
        register = registers.TORQUE_LIMIT
        limits = zip(joints, holding_limits(arm), strict=True)
        data = {servo: register.encode(limit) for servo, limit in limits}
        missing |= set(stops.write_each(bus, register.address, data))
    finally:
        bus.close()
    if missing:
        raise RobotFault(f"servos {sorted(missing)} at {address} did not confirm; cut the power")


def _hold(bus: FeetechBus, servos: list[int]) -> list[int]:
    """Make present positions the goals; return the servos that did not confirm."""
    missing = servos
    deadline_s = time.monotonic() + PATIENCE_S
    while missing and time.monotonic() < deadline_s:
        replies = bus.sync_read(missing, BLOCK.first, BLOCK.length, REPLY_TIMEOUT_S)
        position = registers.PRESENT_POSITION
        goals = {s: position.within(reply.data, BLOCK.first) for s, reply in replies.items()}
        silent = stops.go_to(bus, goals, FASTEST) if goals else []
        missing = [servo for servo in missing if servo not in goals or servo in silent]
    return missing
