"""Which operators can matter to a goal at all: backwards from it, before anything is bound."""

from collections import defaultdict
from collections.abc import Sequence

from robot_skills.core.facts import State
from robot_skills.core.skill import Operator
from robot_skills.core.task import Task
from robot_skills.plan.actions import Action, Atom, atoms

Pattern = tuple[str, ...]  # predicate, then a thing's name, or ?type for any thing of that type


def relevant_operators(goal: State, operators: Sequence[Operator], task: Task) -> list[Operator]:
    """Operators that bring about a goal fact, or what such an operator needs, and so on.

    Facts are compared by predicate, things and types. Backward relevance: Nebel, Dimopoulos and
    Koehler, "Ignoring irrelevant facts and operators in plan generation", ECP 1997.
    """
    adders = defaultdict(list)
    for index, operator in enumerate(operators):
        for fact in _patterns(operator, operator.add):
            adders[fact[0], len(fact)].append((index, fact))
    wanted = [(fact.predicate, *fact.arguments) for fact in goal]
    seen, found = set(wanted), set()
    while wanted:
        pattern = wanted.pop()
        for index, added in adders[pattern[0], len(pattern)]:
            if index in found or not _may_be_equal(added, pattern, task):
                continue
            found.add(index)
            needs = set(_patterns(operators[index], operators[index].preconditions)) - seen
            seen |= needs
            wanted += needs
    return [operators[index] for index in sorted(found)]


def _patterns(operator: Operator, facts: State) -> list[Pattern]:
    kinds = {p.name: f"?{p.type}" for p in operator.parameters}
    return [(f.predicate, *(kinds.get(a, a) for a in f.arguments)) for f in facts]


def _may_be_equal(one: Pattern, other: Pattern, task: Task) -> bool:
    return all(_may_meet(a, b, task) for a, b in zip(one[1:], other[1:], strict=True))


def _may_meet(one: str, other: str, task: Task) -> bool:
    """Whether two arguments can be bound to one thing."""
    if one == other:
        return True
    if not one.startswith("?"):
        return other.startswith("?") and task.is_a(task.type_of(one), other[1:])
    if not other.startswith("?"):
        return task.is_a(task.type_of(other), one[1:])
    return task.is_a(one[1:], other[1:]) or task.is_a(other[1:], one[1:])


def relevant_actions(goal: State, start: State, actions: Sequence[Action]) -> list[Action]:
    """Of bound operators, those that bring about what the goal, or one of them, may yet lack.

    What holds at the start and no action ends need not be brought about.
    """
    adders: dict[Atom, list[Action]] = defaultdict(list)
    ended: set[Atom] = set()
    for action in actions:
        ended |= action.ends
        for atom in action.adds:
            adders[atom].append(action)
    kept = atoms(start) - ended
    found: set[Action] = set()
    wanted = list(atoms(goal) - kept)
    seen = set(wanted) | kept
    while wanted:
        for action in adders[wanted.pop()]:
            if action not in found:
                found.add(action)
                new = action.needs - seen
                seen |= new
                wanted += new
    return [action for action in actions if action in found]
