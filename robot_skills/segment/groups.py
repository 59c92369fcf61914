"""Recordings that can be learned from together, none of them held."""

from collections.abc import Sequence
from typing import Any

from robot_skills.segment.predict.features import layout
from robot_skills.segment.signals import Signals


class Chosen(Sequence[Signals]):
    """Some of many recordings, by their numbers; each is taken from the many when asked for."""

    def __init__(self, every: Sequence[Signals], numbers: Sequence[int]) -> None:
        self._every = every
        self.numbers = tuple(numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return Chosen(self._every, self.numbers[place])
        return self._every[self.numbers[place]]


def by_layout(signals: Sequence[Signals]) -> list[Chosen]:
    """Recordings of each layout, in order of first appearance."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for number, one in enumerate(signals):
        groups.setdefault(layout(one), []).append(number)
    return [Chosen(signals, numbers) for numbers in groups.values()]
