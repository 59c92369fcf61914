"""From the text of --goal and --start to facts, and to a random start that leaves the goal open."""

from typing import TYPE_CHECKING

from robot_skills.core.errors import InputError
from robot_skills.core.facts import Fact, State, format_facts, parse_facts, parse_sequence
from robot_skills.core.task import Goal, Task

if TYPE_CHECKING:
    import numpy as np


def given_goal(task: Task, text: str) -> Goal:
    """The goal a user typed, checked against the task; InputError says what does not fit."""
    sequence = parse_sequence(text)
    if not sequence:
        raise InputError("--goal is empty; give facts such as 'on(red, blue) in(green, drawer)'")
    task.check(frozenset(sequence), tuple(task.objects))
    goal = Goal("given", False, sequence, frozenset())
    undone = frozenset(sequence) - goal.facts
    if undone:
        raise InputError(
            f"--goal asks for both {format_facts(undone)} and what undoes it; give only facts that "
            "can hold at the end together"
        )
    return goal


def objects_of(task: Task, facts: tuple[Fact, ...] | State) -> tuple[str, ...]:
    """Objects that facts speak of, in the task's order."""
    named = {argument for fact in facts for argument in fact.arguments}
    return tuple(name for name in task.objects if name in named)


def given_start(task: Task, text: str, goal: Goal) -> tuple[State, tuple[str, ...]]:
    """The start a user typed, and the objects that it and the goal speak of."""
    start = parse_facts(text)
    objects = objects_of(task, start | goal.facts)
    task.check(start, objects)
    return start, objects


def sampled_objects(task: Task, goal: Goal, rng: "np.random.Generator") -> tuple[str, ...]:
    """The goal's objects and, up to a random number within the task's, others beside them."""
    needed = objects_of(task, goal.sequence)
    low, high = task.reset.objects
    count = max(int(rng.integers(low, high + 1)), len(needed))
    others = [name for name in task.objects if name not in needed]
    chosen = {*needed, *others[: count - len(needed)]}
    return tuple(name for name in task.objects if name in chosen)
