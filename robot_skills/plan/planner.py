"""Facts now and facts wanted to a plan: bind what can matter, then search."""

from typing import Literal

from robot_skills.core.errors import InputError
from robot_skills.core.facts import State, format_facts
from robot_skills.core.skill import NOTHING_BARRED, Barred, Plan, PlanStep, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.plan import fast_downward, pyperplan_search
from robot_skills.plan.actions import Reach, atoms
from robot_skills.plan.costs import Handoffs, plan_cost
from robot_skills.plan.operators import apply, present_operators
from robot_skills.plan.reachability import unreachable
from robot_skills.plan.relevance import relevant_actions, relevant_operators
from robot_skills.plan.search import Found, PlannerFailure, SearchProblem

Planner = Literal["fast-downward", "pyperplan"]

_SOLVERS = {"fast-downward": fast_downward.solve, "pyperplan": pyperplan_search.solve}


def make_plan(
    start: State,
    goal: State,
    library: SkillLibrary,
    task: Task,
    objects: tuple[str, ...],
    planner: Planner | None = None,
    barred: Barred = NOTHING_BARRED,
) -> Plan:
    """The cheapest chain of operators from `start` to every fact of `goal`, without what is barred.

    `objects` are the ones present. Without a choice of planner Fast Downward is used, or pyperplan
    where it does not work; `Plan.planner` says which and why, and whether the plan is the cheapest.
    Raises NoPlanError naming what no operator brings about, InputError for facts that do not fit
    the task.
    """
    task.check(goal, objects)
    task.check(start, objects)
    if goal <= start:
        return Plan(start, goal, (), 0.0, "none needed")
    problem = bind(start, goal, library, task, objects, barred)
    found = _search_in_turn(problem, (planner,) if planner else ("fast-downward", "pyperplan"))
    steps = _steps(found, problem.handoffs)
    return Plan(start, goal, steps, plan_cost(steps), found.planner)


def bind(
    start: State,
    goal: State,
    library: SkillLibrary,
    task: Task,
    objects: tuple[str, ...],
    barred: Barred = NOTHING_BARRED,
) -> SearchProblem:
    """The operators that can matter, bound to the things they can be carried out on.

    Raises NoPlanError where a goal fact is out of reach, InputError where an operator does not fit
    the task.
    """
    present = present_operators(library, task, objects)
    allowed = [operator for operator in present if operator.skill not in barred.skills]
    operators = relevant_operators(goal, allowed, task)
    reach = Reach(start, operators, task, objects, barred.operators)
    if not atoms(goal) <= reach.facts:
        raise unreachable(goal, reach)
    actions = relevant_actions(goal, start, reach.actions)
    return SearchProblem(start, goal, actions, Handoffs(library.handoffs, operators))


def _search_in_turn(problem: SearchProblem, planners: tuple[Planner, ...]) -> Found:
    """A plan by the first planner that works, and why the others did not."""
    failures: list[str] = []
    for planner in planners:
        try:
            found = _SOLVERS[planner](problem)
            _carry_out(found, problem, planner)
            return Found(found.actions, "; ".join([found.planner, *failures]))
        except PlannerFailure as failure:
            failures.append(str(failure))
    raise InputError("no planner works here: " + "; ".join(failures))


def _carry_out(found: Found, problem: SearchProblem, planner: Planner) -> None:
    """Apply a plan to the facts before it is trusted."""
    state = problem.start
    for action in found.actions:
        state = apply(action.operator.ground(action.arguments), state)
    if not problem.goal <= state:
        missed = format_facts(problem.goal - state)
        raise PlannerFailure(f"the plan of {planner} misses {missed}")


def _steps(found: Found, handoffs: Handoffs) -> tuple[PlanStep, ...]:
    names = ["", *(action.operator.name for action in found.actions)]
    return tuple(
        PlanStep(action.operator.ground(action.arguments), handoffs.value(before, name))
        for before, name, action in zip(names, names[1:], found.actions, strict=False)
    )
