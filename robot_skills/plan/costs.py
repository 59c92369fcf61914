"""What a step costs: how likely it is to fail, by itself and after the step before it."""

from collections.abc import Iterable, Sequence
from math import log

from robot_skills.core.skill import Handoff, Operator, PlanStep

STEP_COST = 0.01  # nat: a step more is worth one per cent of success
LEAST_SUCCESS = 0.01  # a skill never seen to work still has a finite cost
COST_UNIT = 0.001  # nat; planners count in whole numbers
WORTH_TELLING = 0.02  # nat by which a hand-off must differ from the usual one to be told apart
MOST_ENDINGS = 12  # operators whose hand-offs are told apart; each multiplies some steps


def step_cost(operator: Operator, handoff: float = 1.0) -> float:
    """Cost in nat of one step: -log(success x hand-off), and a little for the step itself.

    The least total cost is then the likeliest plan, and among equally likely ones the shortest.
    """
    odds = min(1.0, operator.success) * min(1.0, handoff)
    return -log(max(LEAST_SUCCESS, odds)) + STEP_COST


def plan_cost(steps: Iterable[PlanStep]) -> float:
    """Cost in nat of a chain of steps."""
    return sum(step_cost(step.operator, step.handoff) for step in steps)


def units(cost_nat: float) -> int:
    """A cost in the planner's whole numbers."""
    return round(cost_nat / COST_UNIT)


class Handoffs:
    """Measured hand-offs between a problem's operators, as few told apart as matter.

    What an operator's predecessor was is part of the search's state only for predecessors, its
    `endings`, whose hand-off to some operator differs from the usual one; the others share the
    ending 0. The ending of the start of an episode is that of the predecessor "".
    """

    def __init__(self, measured: Sequence[Handoff], operators: Iterable[Operator]) -> None:
        names = {operator.name for operator in operators}
        present = [h for h in measured if h.after in names and h.before in {"", *names}]
        self._value = {(h.before, h.after): h.value for h in present}
        self._usual = {name: _usual([h for h in present if h.after == name]) for name in names}
        worth: dict[str, float] = {}
        for h in present:
            worth[h.before] = max(worth.get(h.before, 0.0), self._unusual(h))
        ranked = sorted(worth, key=lambda name: (-worth[name], name))
        told = [name for name in ranked if worth[name] > WORTH_TELLING][:MOST_ENDINGS]
        self._ending = {name: number for number, name in enumerate(told, start=1)}

    @property
    def endings(self) -> int:
        """How many endings are told apart, the common one included."""
        return len(self._ending) + 1

    def ending(self, operator: str) -> int:
        """The ending that an operator, or "" for the start, leaves behind."""
        return self._ending.get(operator, 0)

    def value(self, before: str, after: str) -> float:
        """The hand-off as the search knows it: told apart, or the usual one of `after`."""
        if before in self._ending:
            return self._value.get((before, after), self._usual[after])
        return self._usual[after]

    def by_ending(self, after: str) -> tuple[float, ...]:
        """The hand-off to an operator from each ending."""
        return (self._usual[after], *(self.value(before, after) for before in self._ending))

    def _unusual(self, handoff: Handoff) -> float:
        usual = max(self._usual[handoff.after], LEAST_SUCCESS)
        return abs(log(max(handoff.value, LEAST_SUCCESS) / usual))


def _usual(incoming: Sequence[Handoff]) -> float:
    """The mean of an operator's hand-offs, each counted as often as it was tried."""
    weights = [max(1, handoff.trials) for handoff in incoming]
    if not weights:
        return 1.0
    return sum(w * h.value for w, h in zip(weights, incoming, strict=True)) / sum(weights)
