"""Whether what answers on a line is an SO-101: six STS3215 servos, alike and ready to be used."""

import time
from collections.abc import Mapping, Sequence

from robot_skills.core.errors import InputError
from robot_skills.deploy.drivers.so101 import registers
from robot_skills.deploy.drivers.so101.bus import FeetechBus


def read_memories(
    bus: FeetechBus, names: Mapping[int, str], address: str, deadline_s: float
) -> list[bytes]:
    """EEPROM of every servo, each in one piece: late replies cannot be mistaken for it.

    `names` gives what to call each servo by its id. Raises InputError naming the first that does
    not answer before `deadline_s`, is of another kind, or differs from the others in firmware.
    """
    memories = []
    for servo, name in names.items():
        memory = None
        while memory is None and time.monotonic() < deadline_s:
            memory = bus.read_block(servo, 0, registers.EEPROM_BYTES)
        if memory is None:
            raise InputError(
                f"{name} does not answer at {address}: is the supply on and the cable plugged in "
                "on both sides?"
            )
        _require_kind(name, memory)
        memories.append(memory)
    _require_one_firmware(memories)
    return memories


def firmware_of(memory: bytes) -> str:
    """Version of a servo's firmware, such as 3.10."""
    return f"{memory[0]}.{memory[1]}"


def _require_kind(name: str, memory: bytes) -> None:
    model = registers.MODEL.within(memory, 0)
    if model != registers.MODEL_STS3215:
        raise InputError(
            f"{name} is of model {model}; an SO-101 has STS3215 servos, "
            f"model {registers.MODEL_STS3215}"
        )
    mode = registers.OPERATING_MODE.within(memory, 0)
    if mode != 0:
        raise InputError(f"{name} is in mode {mode}, not 0 (position); calibrate the arm")
    if registers.PHASE.within(memory, 0) & registers.PHASE_REVERSED:
        raise InputError(
            f"{name} turns the other way: clear the bits {registers.PHASE_REVERSED} of its phase, "
            f"register {registers.PHASE.address}"
        )
    if registers.RESPONSE_LEVEL.within(memory, 0) == 0:
        raise InputError(
            f"{name} confirms no writes: its response level, register "
            f"{registers.RESPONSE_LEVEL.address}, must be 1"
        )


def _require_one_firmware(memories: Sequence[bytes]) -> None:
    found = [firmware_of(memory) for memory in memories]
    if len(set(found)) > 1:
        raise InputError(
            f"the servos' firmware differs: {', '.join(found)} from servo 1 on; bring all to one "
            "with Feetech's FD tool"
        )
