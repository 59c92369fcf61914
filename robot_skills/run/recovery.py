"""How often tasks succeed in spite of disturbances, as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from robot_skills.run.disturbed import DisturbedPair
from robot_skills.run.statistics import Rate, wilson


@dataclass(frozen=True)
class Recovery:
    """Over the pairs of one kind in which the disturbance came about.

    `ratio` is success with it over success without; `recovered` counts only the pairs whose
    undisturbed episode succeeded. Both are None where none did.
    """

    kind: str
    disturbed: Rate
    undisturbed: Rate
    recovered: Rate | None
    ratio: float | None


def recoveries(pairs: Sequence[DisturbedPair]) -> list[Recovery]:
    """One a kind, in the order of the pairs; kinds that nothing could be done to are left out."""
    kinds = dict.fromkeys(pair.kind for pair in pairs if pair.disturbed is not None)
    return [_recovery(kind, [p for p in pairs if p.kind is kind]) for kind in kinds]


def _recovery(kind: str, pairs: Sequence[DisturbedPair]) -> Recovery:
    both = [(p.undisturbed.success, p.disturbed.success) for p in pairs if p.disturbed is not None]
    plain, disturbed = (sum(one) for one in zip(*both, strict=True))
    return Recovery(
        kind=str(kind),
        disturbed=wilson(disturbed, len(both)),
        undisturbed=wilson(plain, len(both)),
        recovered=wilson(sum(one and other for one, other in both), plain) if plain else None,
        ratio=disturbed / plain if plain else None,
    )
