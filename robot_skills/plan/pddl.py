"""The planning problem as PDDL for other planners: lifted, typed, with costs.

Language: PDDL 2.1 with typing and action costs. That bound things are distinct is said by a static
predicate, since not every planner reads inequality. Where hand-offs differ, every action takes one
parameter more, the ending that the operator before it left.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations, permutations

from robot_skills.core.facts import Fact, State
from robot_skills.core.skill import Operator, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.plan.costs import Handoffs, step_cost, units
from robot_skills.plan.operators import present_operators

REQUIREMENTS = "(:requirements :strips :typing :action-costs)"


def write_pddl(
    start: State, goal: State, library: SkillLibrary, task: Task, objects: tuple[str, ...]
) -> tuple[str, str]:
    """Domain and problem as PDDL text, with action costs in thousandths of a nat."""
    operators = present_operators(library, task, objects)
    names = _unique(operator.name for operator in operators)
    handoffs = Handoffs(library.handoffs, operators)
    domain = _domain(dict(zip(names, operators, strict=True)), handoffs, task)
    named = _named(operators)
    things = (*objects, *task.fixtures)
    known = frozenset(fact for fact in start if set(fact.arguments) <= set(things))
    facts = [
        *map(_atom, sorted(known)),
        *(f"(different {a} {b})" for a, b in permutations(things, 2)),
    ]
    if handoffs.endings > 1:
        facts.append(f"(after e{handoffs.ending('')})")
        facts += _handoff_costs(dict(zip(names, operators, strict=True)), handoffs)
    problem = [
        f"(define (problem {task.name}-problem) (:domain {task.name})",
        _block(
            "(:objects", [f"{name} - {task.type_of(name)}" for name in things if name not in named]
        ),
        _block("(:init", ["(= (total-cost) 0)", *facts]),
        _block("(:goal (and", map(_atom, sorted(goal)), ")"),
        "(:metric minimize (total-cost)))",
    ]
    return domain, "\n".join(problem) + "\n"


def _domain(operators: dict[str, Operator], handoffs: Handoffs, task: Task) -> str:
    told = handoffs.endings > 1
    predicates = [_signature(p.name, p.parameters) for p in task.predicates.values()]
    predicates.append("(different ?a ?b - object)")
    functions = ["(total-cost) - number"]
    if told:
        predicates.append("(after ?e - ending)")
        functions += [f"(cost-of-{name} ?e - ending) - number" for name in operators]
    parts = [
        f"(define (domain {task.name})",
        REQUIREMENTS,
        _block("(:types", _types(task, told)),
        _block("(:constants", _constants(operators.values(), handoffs, task)),
        _block("(:predicates", predicates),
        _block("(:functions", functions),
        *(_action(name, operator, handoffs, task) for name, operator in operators.items()),
    ]
    return "\n".join(parts) + ")\n"


def _block(head: str, lines: Iterable[str], tail: str = "") -> str:
    return "\n".join([head, *(f"  {line}" for line in lines)]) + ")" + tail


def _types(task: Task, told: bool) -> list[str]:
    """Types under their parents: a line a parent."""
    children = defaultdict(list)
    for kind, parent in task.types.items():
        children[parent].append(kind)
    roots = sorted({*children, *_fixed_types(task)} - task.types.keys())
    lines = [f"{' '.join(roots)} - object"] if roots else []
    lines += [f"{' '.join(kinds)} - {parent}" for parent, kinds in children.items()]
    return [*lines, "ending - object"] if told else lines


def _fixed_types(task: Task) -> set[str]:
    return {task.type_of(name) for name in (*task.objects, *task.fixtures)}


def _signature(name: str, kinds: Sequence[str]) -> str:
    return " ".join([f"({name}", *(f"?x{i} - {kind}" for i, kind in enumerate(kinds))]) + ")"


def _action(name: str, operator: Operator, handoffs: Handoffs, task: Task) -> str:
    parameters = [f"{p.name} - {p.type}" for p in operator.parameters]
    needs = [*map(_atom, sorted(operator.preconditions)), *_distinct(operator, task)]
    effects = [f"(not {_atom(fact)})" for fact in sorted(operator.delete - operator.add)]
    effects += map(_atom, sorted(operator.add))
    if handoffs.endings > 1:
        parameters.append("?ending - ending")
        needs.append("(after ?ending)")
        effects += ["(not (after ?ending))", f"(after e{handoffs.ending(operator.name)})"]
        cost = f"(cost-of-{name} ?ending)"
    else:
        cost = str(_costs(operator, handoffs)[0])
    return "\n".join(
        [
            f"(:action {name}",
            f"  :parameters ({' '.join(parameters)})",
            f"  :precondition (and {' '.join(needs)})",
            f"  :effect (and {' '.join(effects)} (increase (total-cost) {cost})))",
        ]
    )


def _distinct(operator: Operator, task: Task) -> list[str]:
    """Pairs of parameters that one thing could fill both of."""
    return [
        f"(different {a.name} {b.name})"
        for a, b in combinations(operator.parameters, 2)
        if task.is_a(a.type, b.type) or task.is_a(b.type, a.type)
    ]


def _costs(operator: Operator, handoffs: Handoffs) -> list[int]:
    return [units(step_cost(operator, value)) for value in handoffs.by_ending(operator.name)]


def _handoff_costs(operators: dict[str, Operator], handoffs: Handoffs) -> list[str]:
    return [
        f"(= (cost-of-{name} e{ending}) {cost})"
        for name, operator in operators.items()
        for ending, cost in enumerate(_costs(operator, handoffs))
    ]


def _constants(operators: Iterable[Operator], handoffs: Handoffs, task: Task) -> list[str]:
    endings = handoffs.endings if handoffs.endings > 1 else 0
    named = _typed(sorted(_named(operators)), task)
    return named + [f"e{ending} - ending" for ending in range(endings)]


def _typed(names: Iterable[str], task: Task) -> list[str]:
    return [f"{name} - {task.type_of(name)}" for name in names]


def _named(operators: Iterable[Operator]) -> set[str]:
    """Things that operators call by name."""
    facts = frozenset().union(*(o.preconditions | o.add | o.delete for o in operators))
    return {name for fact in facts for name in fact.arguments if not name.startswith("?")}


def _atom(fact: Fact) -> str:
    return f"({' '.join([fact.predicate, *fact.arguments])})"


def _unique(names: Iterable[str]) -> list[str]:
    """The names, numbered where one comes again."""
    found: list[str] = []
    for name in names:
        unique, number = name, 1
        while unique in found:
            number += 1
            unique = f"{name}_{number}"
        found.append(unique)
    return found
