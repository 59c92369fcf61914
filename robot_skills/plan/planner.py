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
Problem = tuple[State, State, SkillLibrary, Task, tuple[str, ...]]

TIME_LIMIT_S = 30.0
ENGINE = "tidy-fast-downward"
PACKAGES = {"fast-downward": "up_fast_downward", "pyperplan": "up_pyperplan"}
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
    where it does not work; `Plan.planner` says which and why. Raises NoPlanError naming what no
    operator brings about, InputError for facts that do not fit the task.
    """
    task.check(goal, objects)
    task.check(start, objects)
    if goal <= start:
        return Plan(start, goal, (), 0.0, "none needed")
    check_reachable(start, goal, ground(library, task, objects))
    planners: tuple[Planner, ...] = ("fast-downward", "pyperplan")
    problem = (start, goal, library, task, objects)
    steps, used = _search_in_turn(problem, (planner,) if planner else planners)
    return Plan(start, goal, steps, sum(step_cost(step.operator) for step in steps), used)


class _PlannerFailure(Exception):
    """The planner itself broke, which says nothing of the problem."""


def _search_in_turn(
    problem: Problem, planners: tuple[Planner, ...]
) -> tuple[tuple[PlanStep, ...], str]:
    """Steps by the first planner that works, and which that was."""
    failures: list[str] = []
    for planner in planners:
        try:
            return _search(problem, planner), "; ".join([DESCRIPTIONS[planner], *failures])
        except _PlannerFailure as failure:
            failures.append(str(failure))
    raise InputError("no planner works here: " + "; ".join(failures))


def _search(problem: Problem, planner: Planner) -> tuple[PlanStep, ...]:
    """One planner's steps, carried out on the facts before they are trusted."""
    state, goal, *_ = problem
    built = build_problem(*problem, costs=planner == "fast-downward")
    steps = _steps(built, _solve(built.problem, planner, goal))
    for step in steps:
        state = apply(step.operator, state)
    if not goal <= state:
        raise _PlannerFailure(f"the plan of {planner} misses {format_facts(goal - state)}")
    return steps


def _solve(problem: Any, planner: Planner, goal: State) -> Any:
    """unified-planning's plan; raises NoPlanError when there is none or time is up."""
    from unified_planning.engines import PlanGenerationResultStatus as Status

    if find_spec(PACKAGES[planner]) is None:
        raise _PlannerFailure(f"{PACKAGES[planner]} is not installed")
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
    said = " ".join(m.message.strip() for m in result.log_messages or ())
    raise _PlannerFailure(f"{planner} failed ({result.status.name}): ...{said[-200:]}")


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
