"""What has to go on holding while a step is carried out, for it and for all that follows."""

from collections.abc import Sequence

from robot_skills.core.facts import State
from robot_skills.core.skill import PlanStep


def needed_before(steps: Sequence[PlanStep], goal: State) -> State:
    """Facts that must hold before the first of `steps` for all of them to lead to `goal`.

    Goal regression through the steps, last to first; Waldinger 1977.
    """
    needed = goal
    for step in reversed(steps):
        needed = (needed - step.operator.add) | step.operator.preconditions
    return needed


def needed_during(step: PlanStep, later: Sequence[PlanStep], goal: State) -> State:
    """Facts that a step must neither undo nor find undone while it is carried out."""
    operator = step.operator
    return (needed_before(later, goal) - operator.add - operator.delete) | (
        operator.preconditions - operator.delete
    )


class UndoneWatch:
    """Tells what was needed and held, and has not held for some control steps running."""

    def __init__(self, needed: State, facts: State) -> None:
        self._kept = needed & facts
        self._missing: dict[object, int] = {}

    def undone(self, facts: State, steps: int) -> State:
        """Facts that have been missing for `steps` looks, this one included."""
        self._missing = {fact: self._missing.get(fact, 0) + 1 for fact in self._kept - facts}
        return frozenset(fact for fact in self._kept if self._missing.get(fact, 0) >= steps)

    def forget(self, facts: State) -> None:
        """Watch these no longer."""
        self._kept -= facts
