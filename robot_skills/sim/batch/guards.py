"""What stops a batch of worlds: counters that overflow, and states that are no longer numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from robot_skills.sim.batch.faults import WorldFault, write_fault
from robot_skills.sim.batch.physics import PhysicsFault

SHOWN = 3  # worlds whose states are written; the others went the same way
SPARE = 1.5  # times what was needed, so that the next state a little further on fits as well


@dataclass(frozen=True)
class Room:
    """What a world has room for: contacts (those of all worlds are pooled) and constraint rows."""

    contacts: int
    constraints: int


@dataclass(frozen=True)
class Used:
    """The most that was asked for at once: pairs near each other and contacts of all worlds,
    and constraint rows of one world."""

    pairs: int
    contacts: int
    constraints: int


def check_room(used: Used, room: Room, worlds: int) -> None:
    """Raise PhysicsFault with the numbers and what to set where more was needed than there is."""
    pooled = max(used.pairs, used.contacts)
    short = []
    if pooled > room.contacts * worlds:
        wanted = _with_spare(pooled / worlds)
        short.append(
            f"{pooled} contacts of {worlds} worlds where there is room for "
            f"{room.contacts * worlds}: set Room(contacts={wanted}) or more"
        )
    if used.constraints > room.constraints:
        wanted = _with_spare(used.constraints)
        short.append(
            f"{used.constraints} constraint rows in one world where there is room for "
            f"{room.constraints}: set Room(constraints={wanted}) or more"
        )
    if short:
        raise PhysicsFault(f"the physics overflowed and cannot be trusted: {'; '.join(short)}")


def stop_for(worlds: Sequence[int], fault_of: Callable[[int], WorldFault], folder: Path) -> None:
    """Raise PhysicsFault for worlds whose states are no numbers, after writing the first ones."""
    if not worlds:
        return
    files = [write_fault(fault_of(world), folder, world) for world in worlds[:SHOWN]]
    listed = ", ".join(map(str, files))
    raise PhysicsFault(
        f"the state of {len(worlds)} worlds is no longer a number (the first: {worlds[0]}); what "
        f"it was before is in {listed}. See it in MuJoCo C with replay_fault(read_fault("
        f"Path({str(files[0])!r}))) from robot_skills.sim.batch.faults"
    )


def _with_spare(needed: float) -> int:
    return int(needed * SPARE) + 1
