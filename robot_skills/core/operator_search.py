"""Which operators bring facts about, and which can start where facts hold."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from robot_skills.core.errors import InputError, unknown_name
from robot_skills.core.facts import Fact, State
from robot_skills.core.skill import Operator, SkillLibrary
from robot_skills.core.task import Task

Binding = Mapping[str, str]
Fits = Callable[[str, str], bool]  # whether a name that was asked for can be of a type


@dataclass(frozen=True)
class Match:
    """An operator and the names that its parameters take; `facts` are those it was found for."""

    operator: Operator
    binding: Binding
    facts: State


def bringing_about(operators: Iterable[Operator], goal: Fact, fits: Fits) -> list[Match]:
    """Operators that add a fact of that form; a name in it may be an object, a type or ?x."""
    matches = []
    for operator in operators:
        types = {p.name: p.type for p in operator.parameters}
        for fact in sorted(operator.add):
            binding = _bind(fact, goal, {}, types, fits)
            if binding is not None:
                matches.append(Match(operator, binding, frozenset({fact})))
    return matches


def startable(operators: Iterable[Operator], facts: State, fits: Fits) -> list[Match]:
    """Operators whose preconditions hold in `facts`, each with the first binding that shows it."""
    matches = []
    for operator in operators:
        types = {p.name: p.type for p in operator.parameters}
        binding = next(_bindings(sorted(operator.preconditions), facts, {}, types, fits), None)
        if binding is not None:
            matches.append(Match(operator, binding, operator.preconditions))
    return matches


def missing_facts(operator: Operator, facts: State, fits: Fits) -> State:
    """A smallest set of preconditions whose absence keeps an operator from starting, as lifted."""
    types = {p.name: p.type for p in operator.parameters}
    needed = sorted(operator.preconditions)

    def fewest(waiting: list[Fact], bound: Binding) -> list[Fact]:
        if not waiting:
            return []
        first, rest = waiting[0], waiting[1:]
        ways = [[first, *fewest(rest, bound)]]
        for fact in sorted(facts):
            extended = _bind(first, fact, bound, types, fits)
            if extended is not None and _different(extended):
                ways.append(fewest(rest, extended))
        return min(ways, key=len)

    return frozenset(fewest(needed, {}))


def naming(library: SkillLibrary, text: str) -> list[Operator]:
    """Operators of whose skill, name or description every word of `text` is a part."""
    words = text.lower().split()
    return [
        operator
        for skill in library.skills
        for operator in skill.operators
        if all(
            word in f"{skill.name} {operator.name} {skill.description}".lower() for word in words
        )
    ]


def fits_task(task: Task) -> Fits:
    """Whether an object, a type of the task, ?x or a single letter can be of a type."""

    def fits(name: str, wanted: str) -> bool:
        if _stands_for_anything(name):
            return True
        if name in _types(task):
            return task.is_a(name, wanted) or task.is_a(wanted, name)
        return task.is_a(task.type_of(name), wanted)

    return fits


def check_query(task: Task, facts: Iterable[Fact]) -> None:
    """Raise InputError at a predicate, object or type that the task does not have."""
    names = {*task.objects, *task.fixtures, *_types(task)}
    for fact in facts:
        if fact.predicate not in task.predicates:
            raise unknown_name("predicate", fact.predicate, task.predicates)
        parameters = task.predicates[fact.predicate].parameters
        if len(parameters) != len(fact.arguments):
            raise InputError(f"{fact}: expected {fact.predicate}({', '.join(parameters)})")
        for name in fact.arguments:
            if name not in names and not _stands_for_anything(name):
                raise unknown_name("object or type", name, names)


def _types(task: Task) -> set[str]:
    return {*task.types, *task.types.values()}


def _stands_for_anything(name: str) -> bool:
    return name.startswith("?") or len(name) == 1


def _bindings(
    needed: list[Fact], facts: State, bound: Binding, types: Mapping[str, str], fits: Fits
) -> Iterator[Binding]:
    if not needed:
        yield bound
        return
    for fact in sorted(facts):
        extended = _bind(needed[0], fact, bound, types, fits)
        if extended is not None and _different(extended):
            yield from _bindings(needed[1:], facts, extended, types, fits)


def _different(binding: Binding) -> bool:
    """Whether parameters name different things, as the planner wants them."""
    return len(set(binding.values())) == len(binding)


def _bind(
    lifted: Fact, found: Fact, bound: Binding, types: Mapping[str, str], fits: Fits
) -> Binding | None:
    """`bound` and what more makes `lifted` the same as `found`; None where nothing does."""
    if (lifted.predicate, len(lifted.arguments)) != (found.predicate, len(found.arguments)):
        return None
    binding = dict(bound)
    for parameter, name in zip(lifted.arguments, found.arguments, strict=True):
        known = binding.get(parameter)
        if parameter not in types:
            if parameter != name and not _stands_for_anything(name):
                return None
        elif known is None:
            if not fits(name, types[parameter]):
                return None
            binding[parameter] = name
        elif known != name:
            return None
    return binding
