"""Operators bound to the things that are present."""

from collections.abc import Iterator
from itertools import product

from robot_skills.core.skill import Operator
from robot_skills.core.task import Task


def groundings(operator: Operator, task: Task, objects: tuple[str, ...]) -> Iterator[Operator]:
    """The operator bound to every well-typed choice of distinct things, in the task's order."""
    for names in product(*(task.of_type(p.type, objects) for p in operator.parameters)):
        if len(set(names)) == len(names):
            yield operator.ground(names)
