"""A bound planning problem as Fast Downward's search reads it.

Format: fast-downward.org/latest/documentation/translator-output-format. Every fact that is needed
and can change is a variable of two values; the last operator's ending is one more.
"""

from collections.abc import Iterable

from robot_skills.plan.actions import Action, Atom, atoms
from robot_skills.plan.costs import Handoffs, step_cost, units
from robot_skills.plan.search import SearchProblem

TRUE, FALSE, ANY = 0, 1, -1


def write_sas(problem: SearchProblem) -> str:
    """The problem as text; the operator called a<i> is the action number i."""
    variables = _variables(problem)
    told = problem.handoffs.endings > 1
    ending = len(variables) if told else None
    start = atoms(problem.start)
    state = [TRUE if atom in start else FALSE for atom in variables]
    state += [problem.handoffs.ending("")] if told else []
    goal = sorted(variables[atom] for atom in atoms(problem.goal) if atom in variables)
    operators = [
        text
        for number, action in enumerate(problem.actions)
        for text in _operators(number, action, variables, ending, problem.handoffs)
    ]
    return "\n".join(
        [
            *("begin_version", "3", "end_version", "begin_metric", "1", "end_metric"),
            str(len(state)),
            *(_variable(number, atom) for number, atom in enumerate(variables)),
            *([_ending_variable(len(variables), problem.handoffs.endings)] if told else []),
            "0",
            *("begin_state", *map(str, state), "end_state"),
            *("begin_goal", str(len(goal)), *(f"{v} {TRUE}" for v in goal), "end_goal"),
            str(len(operators)),
            *operators,
            "0\n",
        ]
    )


def _variables(problem: SearchProblem) -> dict[Atom, int]:
    """A number for every fact that something needs and that does not hold throughout."""
    ended = {atom for action in problem.actions for atom in action.ends}
    needed = set(atoms(problem.goal)).union(*(action.needs for action in problem.actions))
    changing = sorted(needed - (atoms(problem.start) - ended))
    return {atom: number for number, atom in enumerate(changing)}


def _variable(number: int, atom: Atom) -> str:
    name = f"{atom[0]}({', '.join(atom[1:])})"
    values = (f"Atom {name}", f"NegatedAtom {name}")
    return "\n".join(["begin_variable", f"var{number}", "-1", "2", *values, "end_variable"])


def _ending_variable(number: int, endings: int) -> str:
    values = [f"Atom ending(e{value})" for value in range(endings)]
    return "\n".join(
        ["begin_variable", f"var{number}", "-1", str(endings), *values, "end_variable"]
    )


def _operators(
    number: int,
    action: Action,
    variables: dict[Atom, int],
    ending: int | None,
    handoffs: Handoffs,
) -> Iterable[str]:
    """An action as one operator, or as one for each ending where its cost depends on that."""
    prevail, effects = _conditions(action, variables)
    if not effects:  # it only brings about what holds already
        return
    costs = [units(step_cost(action.operator, h)) for h in handoffs.by_ending(action.operator.name)]
    left = handoffs.ending(action.operator.name)
    if ending is None:
        yield _operator(number, prevail, effects, costs[0])
    elif len(set(costs)) == 1:
        yield _operator(number, prevail, [*effects, (ending, ANY, left)], costs[0])
    else:
        for before, cost in enumerate(costs):
            if before == left:
                yield _operator(number, [*prevail, (ending, before)], effects, cost)
            else:
                yield _operator(number, prevail, [*effects, (ending, before, left)], cost)


def _conditions(
    action: Action, variables: dict[Atom, int]
) -> tuple[list[tuple[int, int]], list[tuple[int, int, int]]]:
    """What stays as it must be (variable, value), and what changes (variable, before, after)."""
    after = {variables[a]: FALSE for a in action.ends if a in variables}
    after |= {variables[a]: TRUE for a in action.adds if a in variables}
    needed = {variables[a] for a in action.needs if a in variables}
    kept = {v for v in needed if after.get(v, TRUE) == TRUE}
    effects = [
        (variable, TRUE if variable in needed else ANY, value)
        for variable, value in sorted(after.items())
        if variable not in kept
    ]
    return [(variable, TRUE) for variable in sorted(kept)], effects


def _operator(
    number: int, prevail: list[tuple[int, int]], effects: list[tuple[int, int, int]], cost: int
) -> str:
    held = [f"{variable} {value}" for variable, value in prevail]
    changed = [f"0 {variable} {before} {after}" for variable, before, after in effects]
    return "\n".join(
        [
            *("begin_operator", f"a{number}"),
            *(str(len(held)), *held),
            *(str(len(changed)), *changed),
            *(str(cost), "end_operator"),
        ]
    )
