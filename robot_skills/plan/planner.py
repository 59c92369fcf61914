"""Facts now and facts wanted to a plan: Fast Downward through unified-planning."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Literal

from robot_skills.core.errors import InputError, NoPlanError
from robot_skills.core.facts import State, format_facts
from robot_skills.core.skill import Plan, PlanStep, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.plan.grounding import apply, ground, step_cost
from robot_skills.plan.problem import PlanningProblem, build_problem, environment
from robot_skills.plan.reachability import check_reachable

Planner = Literal["fast-downward", "pyperplan"]

TIME_LIMIT_S = 30.0
ENGINE = "tidy-fast-downward"
DESCRIPTIONS = {
    "fast-downward": "Fast Downward, A* with LM-cut (least cost)",
    "pyperplan": "pyperplan, A* with LM-cut (fewest steps; it reads no costs)",
}


def make_plan(
    start: State,
    goal: State,
    library: SkillLibrary,
    task: Task,
    objects: tuple[str, ...],
    planner: Planner | None = None,
) -> Plan:
    """The cheapest chain of operators from `start` to every fact of `goal`.

    `objects` are the ones present. Without a choice of planner Fast Downward is used, or pyperplan
    where it is not installed; `Plan.planner` says which. Raises NoPlanError naming what no
    operator brings about, InputError for facts that do not fit the task.
    """
    task.check(goal, objects)
    task.check(start, objects)
    if goal <= start:
        return Plan(start, goal, (), 0.0, "none needed")
    check_reachable(start, goal, ground(library, task, objects))
    chosen: Planner = planner or _installed()
    built = build_problem(start, goal, library, task, objects, costs=chosen == "fast-downward")
    steps = _steps(built, _solve(built.problem, chosen, goal))
    _check_plan(start, goal, steps)
    cost = sum(step_cost(step.operator) for step in steps)
    return Plan(start, goal, steps, cost, DESCRIPTIONS[chosen])


def _installed() -> Planner:
    return "fast-downward" if find_spec("up_fast_downward") else "pyperplan"


def _solve(problem: Any, planner: Planner, goal: State) -> Any:
    """unified-planning's plan; raises NoPlanError when there is none or time is up."""
    from unified_planning.engines import PlanGenerationResultStatus as Status

    with _engine(planner) as engine:
        timeout = TIME_LIMIT_S if planner == "fast-downward" else None  # pyperplan refuses one
        result = engine.solve(problem, timeout=timeout)
    if result.plan is not None:
        return result.plan
    if result.status in (Status.UNSOLVABLE_PROVEN, Status.UNSOLVABLE_INCOMPLETELY):
        raise NoPlanError(
            f"no plan for {format_facts(goal)}: each fact can be brought about, "
            "but not all of them together"
        )
    if result.status == Status.TIMEOUT:
        raise NoPlanError(f"no plan for {format_facts(goal)} found within {TIME_LIMIT_S:g} s")
    said = "".join(m.message for m in result.log_messages or ())[-300:]
    raise InputError(f"{planner} failed ({result.status.name}): {said}")


@contextmanager
def _engine(planner: Planner) -> Iterator[Any]:
    """The planner's engine, without its credits on stdout."""
    shared = environment()
    credits_stream = shared.credits_stream
    shared.credits_stream = None
    try:
        with _new_engine(shared.factory, planner) as engine:
            yield engine
    finally:
        shared.credits_stream = credits_stream


def _new_engine(factory: Any, planner: Planner) -> Any:
    if planner == "pyperplan":
        params = {"search": "astar", "heuristic": "lmcut"}
        return factory.OneshotPlanner(name="pyperplan", params=params)
    if ENGINE not in factory.engines:
        factory.add_engine(ENGINE, "robot_skills.plan.engines", "TidyFastDownward")
    return factory.OneshotPlanner(name=ENGINE)


def _steps(built: PlanningProblem, plan: Any) -> tuple[PlanStep, ...]:
    steps = []
    for instance in plan.actions:
        operator = built.operators[instance.action.name]
        arguments = tuple(str(parameter) for parameter in instance.actual_parameters)
        steps.append(PlanStep(operator.ground(arguments)))
    return tuple(steps)


def _check_plan(start: State, goal: State, steps: tuple[PlanStep, ...]) -> None:
    """A planner's answer is trusted only once it has been carried out on the facts."""
    state = start
    for step in steps:
        state = apply(step.operator, state)
    if not goal <= state:
        raise InputError(f"the planner's plan misses {format_facts(goal - state)}")
