"""Skills that might be one, and skills that might be two, with the numbers behind it.

Suggestions for a person to judge: nothing is merged or split because of them.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.skill import Skill, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.train.discovery.grouping import FramedOperator, SkillGroup, motions_of, opposed
from robot_skills.train.discovery.motions import metres_apart, spread_m, spreads_apart

Floats = NDArray[np.float64]

MERGE_BELOW = 1.5  # pooled spreads between two skills; below 1 training makes them one by itself
SPLIT_ABOVE = 2.0  # pooled spreads between what an operator does with one thing and with another
FEW = 3  # segments of one thing that say nothing yet about how it moves
MODE_FEW = 5  # segments that make a way of moving
MODES_ABOVE = 5.0  # Ashman's D of two modes; halves of one bell curve have 2.6, of a flat one 3.5


def suggest(library: SkillLibrary, groups: Sequence[SkillGroup], task: Task) -> list[str]:
    """Sentences: skills of a library to merge, operators of the groups just learned to split."""
    members = [member for group in groups for member in group.members]
    return [*merges(library), *(line for member in members for line in splits(member, task))]


def merges(library: SkillLibrary) -> Iterator[str]:
    """Pairs of skills with one kind of frame that move nearly alike, and do not undo each other."""
    for one, other in combinations(library.skills, 2):
        if one.motions and other.motions and _might_be_one(one, other):
            a, b = _motions(one), _motions(other)
            apart = spreads_apart(a, b)
            if apart < MERGE_BELOW:
                yield (
                    f"merge {one.name} ({len(a)} segments) and {other.name} ({len(b)})? In the "
                    f"frame of the {one.frame.kind} of ?x they move {_numbers(a, b)}; "
                    + _merging(one, other, apart)
                )


def _might_be_one(one: Skill, other: Skill) -> bool:
    """Things of two types are moved by one skill only where the same comes of it."""
    if one.frame != other.frame or _opposed(one, other):
        return False
    return _types(one) == _types(other) or bool(_deeds(one) & _deeds(other))


def _types(skill: Skill) -> list[str]:
    return sorted({operator.parameters[0].type for operator in skill.operators})


def _deeds(skill: Skill) -> set[tuple[tuple[str, ...], ...]]:
    """The predicates that each operator makes true, and those that it makes false."""
    return {
        tuple(tuple(sorted(f.predicate for f in facts)) for facts in (o.add, o.delete))
        for o in skill.operators
    }


def _merging(one: Skill, other: Skill, apart: float) -> str:
    kinds = [_types(skill) for skill in (one, other)]
    if kinds[0] != kinds[1]:
        words = [" and ".join(kind) for kind in kinds]
        return f"?x is a {words[0]} in one and a {words[1]} in the other: one type makes them one"
    if apart < 1.0:
        return "training on all demonstrations together makes them one"
    return "below 1.0 spreads they become one: more segments of either would tell"


def _opposed(one: Skill, other: Skill) -> bool:
    return any(opposed(a, b) for a in one.operators for b in other.operators)


def _motions(skill: Skill) -> Floats:
    return np.concatenate(list(skill.motions.values()))


def _numbers(one: Floats, other: Floats) -> str:
    within = (spread_m(one) + spread_m(other)) / 2
    return (
        f"{metres_apart(one, other):.3f} m apart at a spread of {within:.3f} m "
        f"({spreads_apart(one, other):.1f} spreads)"
    )


def splits(member: FramedOperator, task: Task) -> list[str]:
    """Why an operator may be two: it moves differently with some thing, or in two ways."""
    motions = motions_of(member, task)
    by_thing = [line for p in member.operator.parameters for line in _by(member, p.name, motions)]
    return by_thing or _two_ways(member, motions)


def _by(member: FramedOperator, parameter: str, motions: Floats) -> list[str]:
    """Things bound to a parameter with which the motion is another than with the rest."""
    bound = np.array([instance.binding[parameter] for instance in member.instances])
    lines: dict[frozenset[str], str] = {}
    for name in sorted(set(bound)):
        own, rest = motions[bound == name], motions[bound != name]
        sides = frozenset(["".join(map(str, bound == name)), "".join(map(str, bound != name))])
        if min(len(own), len(rest)) >= FEW and spreads_apart(own, rest) > SPLIT_ABOVE:
            others = " and ".join(sorted({str(one) for one in bound[bound != name]}))
            lines.setdefault(
                sides,
                f"split {member.operator.name}? With {parameter} = {name} ({len(own)} segments) "
                f"and with {others} ({len(rest)}) it moves {_numbers(own, rest)}; "
                f"another type for {name} in task.toml gives it a skill of its own",
            )
    return list(lines.values())


def _two_ways(member: FramedOperator, motions: Floats) -> list[str]:
    if len(motions) < 2 * MODE_FEW:
        return []
    upper = two_modes(motions)
    one, other = motions[~upper], motions[upper]
    if min(len(one), len(other)) < MODE_FEW or _ashman(motions, upper) <= MODES_ABOVE:
        return []
    return [
        f"split {member.operator.name}? {len(one)} segments move one way and {len(other)} another, "
        f"{_numbers(one, other)}; a predicate or type that tells them apart makes them two, and "
        "leaving out one way makes the policy surer"
    ]


def two_modes(motions: Floats) -> NDArray[np.bool_]:
    """The half (N,) of motions (N, D) beyond the best cut along the way they vary most."""
    along = _along(motions)
    order = np.argsort(along, kind="stable")
    ranked = along[order]
    costs = [ranked[:k].var() * k + ranked[k:].var() * (len(ranked) - k) for k in _cuts(ranked)]
    upper = np.zeros(len(motions), dtype=bool)
    upper[order[1 + int(np.argmin(costs)) :]] = True
    return upper


def _cuts(ranked: Floats) -> range:
    return range(1, len(ranked))


def _along(motions: Floats) -> Floats:
    centred = motions - motions.mean(axis=0)
    return np.asarray(centred @ np.linalg.svd(centred, full_matrices=False)[2][0])


def _ashman(motions: Floats, upper: NDArray[np.bool_]) -> float:
    """Distance of two modes in their spreads (Ashman, Bird and Zepf 1994); 0 for noise."""
    along = _along(motions)
    one, other = along[upper], along[~upper]
    least = 1e-3  # m; sensors blur that much
    within = np.sqrt((one.var() + other.var()) / 2) + least
    return float(abs(one.mean() - other.mean()) / within)
