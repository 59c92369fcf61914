"""Goal facts that can never hold together, proven without a search.

A group of facts of which at most one can hold: one of them does at the start, and no action brings
more of them about than it needs and ends (Helmert, "Concise finite-domain representations for PDDL
planning tasks", AIJ 2009, section 5). A hand that is free or holds one thing is such a group; so is
where one thing is.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from robot_skills.plan.actions import Action, Atom, atoms, facts_of
from robot_skills.plan.search import SearchProblem

MOST_PARTS = 4  # predicates in a group
Part = tuple[str, int | None]  # a predicate, and which argument is the group's thing, if it has one
Group = frozenset[Part]


def excluded_pair(problem: SearchProblem) -> str:
    """Two goal facts that exclude each other, in words, or "" where none are found."""
    start = atoms(problem.start)
    for one, other in combinations(sorted(atoms(problem.goal)), 2):
        for thing in (*sorted({*one[1:]} & {*other[1:]}), None):
            seed = frozenset({_part(one, thing), _part(other, thing)})
            if _exclude(seed, thing, start, problem.actions):
                first, second = sorted(facts_of([one, other]))
                return f"{first} and {second} exclude each other"
    return ""


def _exclude(
    seed: Group, thing: str | None, start: Iterable[Atom], actions: Sequence[Action]
) -> bool:
    """Whether some group around `seed` never holds more than one fact."""
    waiting, seen = [seed], {seed}
    while waiting:
        group = waiting.pop()
        if _count(start, group, thing) > 1:
            continue
        heavy = next((a for a in actions if _gain(a, group, thing) > 0), None)
        if heavy is None:
            return True
        if len(group) < MOST_PARTS:
            larger = {group | {part} for part in _ended_parts(heavy, thing)} - seen
            seen |= larger
            waiting += sorted(larger, key=_order)
    return False


def _order(group: Group) -> list[tuple[str, int]]:
    """An order of groups that does not depend on hashing."""
    return sorted((predicate, -1 if place is None else place) for predicate, place in group)


def _gain(action: Action, group: Group, thing: str | None) -> int:
    """How many more facts of a group an action brings about than it surely ends."""
    new = _count(action.adds - action.needs, group, thing)
    return new - _count(action.ends & action.needs, group, thing)


def _count(found: Iterable[Atom], group: Group, thing: str | None) -> int:
    return sum(_belongs(atom, group, thing) for atom in found)


def _belongs(atom: Atom, group: Group, thing: str | None) -> bool:
    if thing is None:
        return (atom[0], None) in group
    return any(name == thing and (atom[0], i) in group for i, name in enumerate(atom[1:]))


def _ended_parts(action: Action, thing: str | None) -> Iterator[Part]:
    """Parts that a group would have to have for an action not to add to it."""
    for atom in sorted(action.ends & action.needs):
        if thing is None or thing in atom[1:]:
            yield _part(atom, thing)


def _part(atom: Atom, thing: str | None) -> Part:
    return atom[0], None if thing is None else atom[1:].index(thing)
