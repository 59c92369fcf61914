"""Which facts a library can bring about at all, and why a goal is out of reach."""

from collections.abc import Sequence

from robot_skills.core.errors import NoPlanError
from robot_skills.core.facts import Fact, State, format_facts
from robot_skills.core.skill import Operator, PlanStep


def reachable_facts(start: State, operators: Sequence[Operator]) -> State:
    """Facts that hold or can come to hold when nothing is ever undone (delete relaxation).

    A fact outside this set cannot be reached at all; Bonet and Geffner 2001.
    """
    reached, waiting = start, list(operators)
    while True:
        ready = [o for o in waiting if o.preconditions <= reached]
        if not ready:
            return reached
        waiting = [o for o in waiting if not o.preconditions <= reached]
        reached = reached.union(*(o.add for o in ready))


def check_reachable(start: State, goal: State, operators: Sequence[Operator]) -> None:
    """Raise NoPlanError naming each goal fact out of reach and the first missing link to it."""
    reached = reachable_facts(start, operators)
    missing = sorted(goal - reached)
    if missing:
        reasons = "\n".join(f"  {_reason(fact, operators, reached)}" for fact in missing)
        raise NoPlanError(f"no plan for {format_facts(goal)}:\n{reasons}")


def _reason(goal: Fact, operators: Sequence[Operator], reached: State) -> str:
    """Follow the operators nearest to being possible from a fact to what nothing achieves."""
    chain, seen, fact = [str(goal)], {goal}, goal
    while achievers := [o for o in operators if fact in o.add]:
        nearest = min(achievers, key=lambda o: (len(o.preconditions - reached), o.name))
        needed = min(nearest.preconditions - reached, key=lambda f: (f in seen, f))
        chain.append(f"{PlanStep(nearest)} would bring it about but needs {needed}")
        if needed in seen:
            return ": ".join(chain[:1]) + ": " + ", and ".join(chain[1:]) + ", which needs itself"
        seen.add(needed)
        fact = needed
    if len(chain) == 1:
        return f"{goal}: no operator brings it about{_alternatives(goal, operators)}"
    tail = f", which no operator brings about{_alternatives(fact, operators)}"
    return f"{goal}: " + "; ".join(chain[1:]) + tail


def _alternatives(fact: Fact, operators: Sequence[Operator]) -> str:
    same = sorted({f for o in operators for f in o.add if f.predicate == fact.predicate})
    if not same:
        return f" (none has the effect {fact.predicate})"
    shown = ", ".join(map(str, same[:4])) + (", ..." if len(same) > 4 else "")
    return f" (what can be: {shown})"
