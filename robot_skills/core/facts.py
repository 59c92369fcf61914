"""Facts such as on(red, blue), and their text form."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from robot_skills.core.errors import InputError

_FACT = re.compile(r"\s*([a-z][a-z0-9_]*)\s*\(([^()]*)\)\s*,?")
_NAME = re.compile(r"\??[a-z][a-z0-9_]*")


@dataclass(frozen=True, order=True)
class Fact:
    """A predicate and its arguments; an argument that starts with ? is a variable."""

    predicate: str
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.predicate}({', '.join(self.arguments)})"

    def bind(self, names: dict[str, str]) -> "Fact":
        """The same fact with every argument found in `names` replaced."""
        return Fact(self.predicate, tuple(names.get(a, a) for a in self.arguments))


State = frozenset[Fact]

# Predicates of a joint that is raised, and of the same joint lowered: one undoes the other.
OPPOSITES = {"open": "closed", "turned_on": "turned_off", "lit": "dark"}
_UNDONE_BY = {**OPPOSITES, **{lowered: raised for raised, lowered in OPPOSITES.items()}}


def undoes(fact: Fact) -> Fact:
    """The opposite of a fact about a joint; for any other a fact that never holds."""
    return Fact(_UNDONE_BY.get(fact.predicate, ""), fact.arguments)


def lasting(sequence: Iterable[Fact]) -> State:
    """The facts of a sequence that none later in it undoes."""
    left: list[Fact] = []
    for fact in sequence:
        left = [*(one for one in left if one != undoes(fact)), fact]
    return frozenset(left)


def parse_facts(text: str) -> State:
    """Read facts such as 'on(red, blue) in(green, drawer)'; raises InputError at other text."""
    return frozenset(parse_sequence(text))


def parse_sequence(text: str) -> tuple[Fact, ...]:
    """Read facts in the order they are written; raises InputError at the first other text."""
    facts: list[Fact] = []
    at = 0
    stripped = text.rstrip()
    while at < len(stripped):
        match = _FACT.match(stripped, at)
        if match is None:
            raise InputError(
                f"cannot read {stripped[at:]!r} as a fact; write facts such as "
                "'on(red, blue) in(green, drawer)'"
            )
        arguments = tuple(a.strip() for a in match[2].split(",")) if match[2].strip() else ()
        for argument in arguments:
            if not _NAME.fullmatch(argument):
                raise InputError(f"{argument!r} in {match[0].strip()!r} is no object's name")
        facts.append(Fact(match[1], arguments))
        at = match.end()
    return tuple(facts)


def format_facts(facts: Iterable[Fact]) -> str:
    """Facts as text, sorted, as `parse_facts` reads them."""
    return " ".join(str(fact) for fact in sorted(facts))
