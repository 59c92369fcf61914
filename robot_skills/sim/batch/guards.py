"""What stops a batch of worlds: counters that overflow, and states that are no longer numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from robot_skills.core.errors import InputError
from robot_skills.sim.batch.faults import WorldFault, write_fault
from robot_skills.sim.batch.physics import PhysicsFault

SHOWN = 3  # worlds whose states are written; the others went the same way
SPARE = 1.5  # times what was needed, so that the next state a little further on fits as well


@dataclass(frozen=True)
class Room:
    """What a world has room for; pairs and contacts of all worlds are pooled, rows are not.

    `pairs` are those of things near each other, each of which may need the convex collider and
    11 kB for it. Raises InputError for more pairs than contacts.
    """

    contacts: int
    constraints: int
    pairs: int

    def __post_init__(self) -> None:
        if not 1 <= self.pairs <= self.contacts or self.constraints < 1:
            raise InputError(
                f"a world needs room for 1 to {self.contacts} pairs (there is one contact a pair "
                f"at least) and for a constraint row; found {self}"
            )


@dataclass(frozen=True)
class Used:
    """The most that was asked for at once: of all worlds together, and rows of one world."""

    pairs: int
    contacts: int
    constraints: int


def check_room(used: Used, room: Room, worlds: int) -> None:
    """Raise PhysicsFault with the numbers and what to set where more was needed than there is."""
    of_all = f"of {worlds} worlds"
    checked = [
        ("pairs", f"pairs {of_all}", used.pairs, room.pairs, worlds),
        ("contacts", f"contacts {of_all}", used.contacts, room.contacts, worlds),
        ("constraints", "constraint rows of one world", used.constraints, room.constraints, 1),
    ]
    short = [
        f"{needed} {what} where there is room for {own * share}: "
        f"set Room({name}={int(SPARE * needed / share) + 1}) or more"
        for name, what, needed, own, share in checked
        if needed > own * share
    ]
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
