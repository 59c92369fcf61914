"""The planning problem in unified-planning's terms, and as PDDL."""

from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from robot_skills.core.facts import Fact, State
from robot_skills.core.skill import Operator, Parameter, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.plan.grounding import present_operators, step_cost

COST_UNIT = 0.001  # nat; planners count in whole numbers


@dataclass(frozen=True)
class PlanningProblem:
    """A unified-planning problem and the operator behind each of its actions."""

    problem: Any
    operators: dict[str, Operator]


def environment() -> Any:
    """unified-planning's environment of this process; its Fast Downward engine knows no other."""
    from unified_planning.environment import get_environment

    return get_environment()


def write_pddl(
    start: State, goal: State, library: SkillLibrary, task: Task, objects: tuple[str, ...]
) -> tuple[str, str]:
    """Domain and problem as PDDL text, with action costs in thousandths of a nat."""
    from unified_planning.io import PDDLWriter

    built = build_problem(start, goal, library, task, objects)
    writer = PDDLWriter(built.problem)
    return str(writer.get_domain()), str(writer.get_problem())


def build_problem(
    start: State,
    goal: State,
    library: SkillLibrary,
    task: Task,
    objects: tuple[str, ...],
    costs: bool = True,
) -> PlanningProblem:
    """Typed lifted operators, objects, facts and, for planners that read them, costs."""
    vocabulary = _Vocabulary(task, objects)
    operators = present_operators(library, task, objects)
    names = _unique_names(operators, vocabulary.names)
    actions = {n: vocabulary.action(n, o) for n, o in zip(names, operators, strict=True)}
    problem = vocabulary.problem
    problem.add_actions(actions.values())
    known = frozenset(fact for fact in start if vocabulary.knows(fact))
    for fact in sorted(known | vocabulary.distinct_facts(operators)):
        problem.set_initial_value(vocabulary.atom(fact, {}), True)
    for fact in sorted(goal):
        problem.add_goal(vocabulary.atom(fact, {}))
    by_name = dict(zip(names, operators, strict=True))
    if costs:
        _add_costs(problem, actions, by_name)
    return PlanningProblem(problem, by_name)


def _add_costs(problem: Any, actions: dict[str, Any], operators: dict[str, Operator]) -> None:
    from unified_planning.model import metrics

    integer = environment().expression_manager.Int
    costs = {
        action: integer(round(step_cost(operators[name]) / COST_UNIT))
        for name, action in actions.items()
    }
    problem.add_quality_metric(metrics.MinimizeActionCosts(costs, environment=environment()))


def _unique_names(operators: list[Operator], taken: set[str]) -> list[str]:
    """The operators' names, numbered where something else is already called so."""
    names: list[str] = []
    for operator in operators:
        name, number = operator.name, 1
        while name in taken or name in names:
            number += 1
            name = f"{operator.name}_{number}"
        names.append(name)
    return names


class _Vocabulary:
    """Types, things and predicates of a task as unified-planning's objects.

    That bound things are distinct is said by a static predicate a root type, since not every
    planner reads inequality.
    """

    def __init__(self, task: Task, objects: tuple[str, ...]) -> None:
        from unified_planning import model

        self._model = model
        self._task = task
        self._objects = objects
        self.problem = model.Problem(task.name, environment())
        self._things = {
            name: model.Object(name, self._type(task.type_of(name)), environment())
            for name in (*objects, *task.fixtures)
        }
        self.problem.add_objects(self._things.values())
        predicates = {name: p.parameters for name, p in task.predicates.items()}
        predicates |= {f"different_{root}": (root, root) for root in self._roots()}
        self._fluents = {name: self._fluent(name, kinds) for name, kinds in predicates.items()}

    @property
    def names(self) -> set[str]:
        """Every name that an action may not have as well."""
        types = {*self._task.types, *self._task.types.values()}
        return types | self._things.keys() | self._fluents.keys()

    def knows(self, fact: Fact) -> bool:
        """Whether every argument of a fact is present."""
        return all(argument in self._things for argument in fact.arguments)

    def atom(self, fact: Fact, parameters: dict[str, Any]) -> Any:
        """A fact as an expression, its variables taken from an action's parameters."""
        arguments = [parameters.get(a) or self._things[a] for a in fact.arguments]
        return self._fluents[fact.predicate](*arguments)

    def action(self, name: str, operator: Operator) -> Any:
        """A lifted operator as an action whose parameters are distinct things."""
        kinds = {p.name[1:]: self._type(p.type) for p in operator.parameters}
        action = self._model.InstantaneousAction(name, _env=environment(), **kinds)
        variables = {p.name: action.parameter(p.name[1:]) for p in operator.parameters}
        distinct = [self._different(a.name, b.name, a.type) for a, b in self._confusable(operator)]
        for fact in (*sorted(operator.preconditions), *distinct):
            action.add_precondition(self.atom(fact, variables))
        for fact in sorted(operator.delete - operator.add):
            action.add_effect(self.atom(fact, variables), False)
        for fact in sorted(operator.add):
            action.add_effect(self.atom(fact, variables), True)
        return action

    def distinct_facts(self, operators: list[Operator]) -> State:
        """Every pair of different things that two confusable parameters could be bound to."""
        kinds = {(a.type, b.type) for o in operators for a, b in self._confusable(o)}
        pairs = {pair for a, b in kinds for pair in product(self._present(a), self._present(b))}
        return frozenset(self._different(x, y, self._task.type_of(x)) for x, y in pairs if x != y)

    def _confusable(self, operator: Operator) -> list[tuple[Parameter, Parameter]]:
        """Pairs of parameters that one thing could fill both of."""
        is_a = self._task.is_a
        pairs = combinations(operator.parameters, 2)
        return [(a, b) for a, b in pairs if is_a(a.type, b.type) or is_a(b.type, a.type)]

    def _present(self, kind: str) -> tuple[str, ...]:
        return self._task.of_type(kind, self._objects)

    def _different(self, one: str, other: str, kind: str) -> Fact:
        return Fact(f"different_{self._root(kind)}", (one, other))

    def _fluent(self, name: str, kinds: tuple[str, ...]) -> Any:
        types = environment().type_manager
        signature = {f"x{i}": self._type(kind) for i, kind in enumerate(kinds)}
        fluent = self._model.Fluent(name, types.BoolType(), environment=environment(), **signature)
        self.problem.add_fluent(fluent, default_initial_value=False)
        return fluent

    def _type(self, name: str) -> Any:
        parent = self._task.types.get(name)
        father = None if parent is None else self._type(parent)
        return environment().type_manager.UserType(name, father)

    def _roots(self) -> list[str]:
        return sorted(set(self._task.types.values()) - self._task.types.keys())

    def _root(self, kind: str) -> str:
        return self._root(self._task.types[kind]) if kind in self._task.types else kind
