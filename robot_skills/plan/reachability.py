"""Why a goal is out of reach: the first link to it that nothing brings about."""

from collections.abc import Iterator, Sequence, Set
from itertools import islice

from robot_skills.core.errors import NoPlanError
from robot_skills.core.facts import Fact, State, format_facts
from robot_skills.plan.actions import Action, Atom, Lifted, Reach, atoms

MOST_BINDINGS = 2000  # ways to bring one fact about that are looked at for the nearest
MOST_LINKS = 12  # of a chain that a person still reads
SHOWN = 4


def unreachable(goal: State, reach: Reach) -> NoPlanError:
    """The error that names each goal fact out of reach and the first missing link to it."""
    missing = sorted(fact for fact in goal if not atoms([fact]) <= reach.facts)
    reasons = "\n".join(f"  {_reason(fact, reach.lifted, reach.facts)}" for fact in missing)
    return NoPlanError(f"no plan for {format_facts(goal)}:\n{reasons}")


def _reason(goal: Fact, lifted: Sequence[Lifted], reached: Set[Atom]) -> str:
    """Follow the operators nearest to being possible from a fact to what nothing achieves."""
    chain, seen, fact = [str(goal)], {goal}, goal
    while len(chain) <= MOST_LINKS:
        nearest = _nearest(fact, lifted, reached)
        if nearest is None:
            break
        needs = [_fact(atom) for atom in nearest.needs - reached]
        needed = min(needs, key=lambda f: (f in seen, f))
        chain.append(f"{_step(nearest)} would bring it about but needs {needed}")
        if needed in seen:
            return ": ".join(chain[:1]) + ": " + ", and ".join(chain[1:]) + ", which needs itself"
        seen.add(needed)
        fact = needed
    if len(chain) == 1:
        return f"{goal}: no operator brings it about{_alternatives(goal, lifted)}"
    if len(chain) > MOST_LINKS:
        return f"{goal}: " + "; ".join(chain[1:]) + ", and so on"
    tail = f", which no operator brings about{_alternatives(fact, lifted)}"
    return f"{goal}: " + "; ".join(chain[1:]) + tail


def _nearest(fact: Fact, lifted: Sequence[Lifted], reached: Set[Atom]) -> Action | None:
    """The way to bring a fact about that lacks the fewest of its preconditions."""
    ways = islice((w for one in lifted for w in one.achieving(fact)), MOST_BINDINGS)
    return min(ways, key=lambda w: (len(w.needs - reached), w.operator.name), default=None)


def _alternatives(fact: Fact, lifted: Sequence[Lifted]) -> str:
    same = sorted({f for one in lifted for f in _effects(fact.predicate, one)})
    if not same:
        return f" (none has the effect {fact.predicate})"
    shown = ", ".join(map(str, same[:SHOWN])) + (", ..." if len(same) > SHOWN else "")
    return f" (what can be: {shown})"


def _effects(predicate: str, one: Lifted) -> Iterator[Fact]:
    """Facts of a predicate that an operator can bring about."""
    for atom in islice(one.effects(predicate), MOST_BINDINGS):
        yield _fact(atom)


def _fact(atom: Atom) -> Fact:
    return Fact(atom[0], atom[1:])


def _step(action: Action) -> Fact:
    return Fact(action.operator.name, action.arguments)
