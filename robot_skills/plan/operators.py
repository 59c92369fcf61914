"""Which operators a plan may be made of, and what applying one does."""

from robot_skills.core.errors import InputError, unknown_name
from robot_skills.core.facts import Fact, State
from robot_skills.core.skill import Operator, SkillLibrary
from robot_skills.core.task import Task


def apply(operator: Operator, state: State) -> State:
    """Facts after a ground operator; raises InputError when a precondition does not hold."""
    missing = operator.preconditions - state
    if missing:
        raise InputError(f"{operator.name} needs {', '.join(map(str, sorted(missing)))}")
    return (state - operator.delete) | operator.add


def present_operators(
    library: SkillLibrary, task: Task, objects: tuple[str, ...]
) -> list[Operator]:
    """Operators of the library that speak of nothing absent.

    Raises InputError when an operator names a type or predicate that the task does not have.
    """
    present = {*objects, *task.fixtures}
    for operator in library.operators:
        _check(operator, task)
    return [o for o in library.operators if _constants(_facts_of(o)) <= present]


def _facts_of(operator: Operator) -> State:
    return operator.preconditions | operator.add | operator.delete


def _constants(facts: State) -> set[str]:
    return {a for fact in facts for a in fact.arguments if not a.startswith("?")}


def _check(operator: Operator, task: Task) -> None:
    types = {*task.types, *task.types.values()}
    kinds = {p.name: p.type for p in operator.parameters}
    for kind in kinds.values():
        if kind not in types:
            raise _misfit(operator, unknown_name("type", kind, types))
    for fact in _facts_of(operator):
        _check_fact(operator, fact, kinds, task)


def _check_fact(operator: Operator, fact: Fact, kinds: dict[str, str], task: Task) -> None:
    if fact.predicate not in task.predicates:
        raise _misfit(operator, unknown_name("predicate", fact.predicate, task.predicates))
    parameters = task.predicates[fact.predicate].parameters
    if len(parameters) != len(fact.arguments):
        raise _misfit(operator, InputError(f"{fact} takes {len(parameters)} arguments"))
    for argument, wanted in zip(fact.arguments, parameters, strict=True):
        if argument.startswith("?") and argument not in kinds:
            raise _misfit(operator, unknown_name("parameter", argument, kinds))
        kind = kinds.get(argument) or task.type_of(argument)
        if not task.is_a(kind, wanted):
            raise _misfit(operator, InputError(f"{fact}: {argument} is a {kind}, no {wanted}"))


def _misfit(operator: Operator, reason: InputError) -> InputError:
    return InputError(f"operator {operator.name} does not fit the task: {reason}")
