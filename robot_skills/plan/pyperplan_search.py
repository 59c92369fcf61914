"""pyperplan, a planner all in Python, on a bound problem: where Fast Downward does not work."""

import time
from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any

from robot_skills.plan.actions import Atom, atoms
from robot_skills.plan.exclusion import excluded_pair
from robot_skills.plan.search import (
    Found,
    PlannerFailure,
    SearchProblem,
    exclude_each_other,
    out_of_time,
)

PACKAGE = "pyperplan"
DESCRIPTION = "pyperplan, A* with LM-cut (fewest steps; it reads no costs)"
TIME_LIMIT_S = 60.0


def solve(problem: SearchProblem) -> Found:
    """A plan of the fewest steps.

    Raises NoPlanError where there is none or time is up, PlannerFailure without the package.
    """
    if find_spec(PACKAGE) is None:
        raise PlannerFailure(f"{PACKAGE} is not installed")
    from pyperplan.heuristics.lm_cut import LmCutHeuristic
    from pyperplan.search import astar_search
    from pyperplan.task import Operator, Task

    operators = [
        Operator(str(number), *map(_texts, (action.needs, action.adds, action.ends)))
        for number, action in enumerate(problem.actions)
    ]
    start, goal = _texts(atoms(problem.start)), _texts(atoms(problem.goal))
    facts = start.union(goal, *(o.preconditions | o.add_effects for o in operators))
    task = Task("problem", facts, start, goal, operators)
    try:
        found = astar_search(task, _Limited(LmCutHeuristic(task), TIME_LIMIT_S))
    except TimeoutError:
        raise out_of_time(problem.goal, TIME_LIMIT_S) from None
    if found is None:
        raise exclude_each_other(problem.goal, excluded_pair(problem))
    return Found(tuple(problem.actions[int(step.name)] for step in found), DESCRIPTION)


def _texts(found: Iterable[Atom]) -> frozenset[str]:
    return frozenset(" ".join(atom) for atom in found)


class _Limited:
    """A heuristic that raises TimeoutError when its time is up; the search asks it all along."""

    def __init__(self, heuristic: Any, limit_s: float) -> None:
        self._heuristic = heuristic
        self._end_s = time.monotonic() + limit_s

    def __call__(self, node: Any) -> Any:
        if time.monotonic() > self._end_s:
            raise TimeoutError
        return self._heuristic(node)
