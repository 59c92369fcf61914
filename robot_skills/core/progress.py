"""How stages report progress without knowing who watches."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Track(Protocol):
    """Wraps a sequence so that going through it shows progress under a label."""

    def __call__(self, items: Sequence[T], label: str) -> Iterable[T]:
        """Go through `items`, shown under `label`."""
        ...


def quiet(items: Sequence[T], label: str) -> Iterable[T]:
    """The `Track` that shows nothing, for tests and library use."""
    return items
