"""What a planner is given and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from robot_skills.core.errors import NoPlanError
from robot_skills.core.facts import State, format_facts
from robot_skills.plan.actions import Action
from robot_skills.plan.costs import Handoffs


@dataclass(frozen=True)
class SearchProblem:
    """Facts now, facts wanted, actions to choose from, and what follows well on what."""

    start: State
    goal: State
    actions: Sequence[Action]
    handoffs: Handoffs


@dataclass(frozen=True)
class Found:
    """Actions in order, and who found them in words."""

    actions: tuple[Action, ...]
    planner: str


class PlannerFailure(Exception):
    """The planner itself broke, which says nothing of the problem."""


def exclude_each_other(goal: State, which: str = "") -> NoPlanError:
    """The error for a goal whose facts can each be brought about, but not together."""
    return NoPlanError(
        f"no plan for {format_facts(goal)}: each fact can be brought about, "
        f"but not all of them together{which and f' ({which})'}"
    )


def out_of_time(goal: State, seconds: float) -> NoPlanError:
    """The error for a goal to which no plan was found in time."""
    return NoPlanError(f"no plan for {format_facts(goal)} found within {seconds:g} s")
