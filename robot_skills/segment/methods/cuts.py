"""What a method that also says which pieces are the same skill gives back."""

from collections.abc import Iterable
from dataclasses import dataclass

from robot_skills.core.demonstration import SegmentRole
from robot_skills.segment.boundaries import Boundary


@dataclass(frozen=True)
class Cuts:
    """Boundaries of one demonstration; `skills` and `roles` tell each piece, or are empty."""

    boundaries: list[Boundary]
    skills: tuple[str, ...] = ()
    roles: tuple[SegmentRole, ...] = ()


def spaced(samples: Iterable[int], shortest: float) -> list[int]:
    """The samples, in order, that keep `shortest` from the start and from the last one kept."""
    kept: list[int] = []
    for sample in samples:
        if sample - (kept[-1] if kept else 0) >= shortest:
            kept.append(int(sample))
    return kept
