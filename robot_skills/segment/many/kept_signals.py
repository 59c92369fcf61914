"""Signals of many recordings on disk, of which only those that are asked for are held."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot_skills.segment.many.packed import unpack_facts, unpack_signals
from robot_skills.segment.many.sources import Source
from robot_skills.segment.signals import SHORTEST_STEPS, Signals


@dataclass(frozen=True)
class KeptSignals:
    """A recording whose signals are kept in `file`, under a key of all they depend on."""

    source: Source
    key: str
    file: Path

    @property
    def name(self) -> str:
        """What the recording is called."""
        return self.source.name

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that whoever cuts it must see."""
        return (self.file,)

    @property
    def long_enough(self) -> bool:
        """Whether it has so many steps that it can be cut."""
        return bool(unpack_facts(self.file)["steps"] >= SHORTEST_STEPS)


class Shelf(Sequence[Signals]):
    """Signals of many recordings, each read from its file whenever it is asked for."""

    def __init__(self, kept: Sequence[KeptSignals]) -> None:
        self._kept = list(kept)

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return Shelf(self._kept[place])
        return unpack_signals(self._kept[place].file)
