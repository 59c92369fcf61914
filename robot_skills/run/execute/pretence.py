"""What may be taken for true where the facts say nothing: a drawer half open, a thing on nothing.

No operator speaks of a joint between its ends, nor of a thing that leans on another. A plan is then
sought as if it were at one end, or stood on a surface; but only the step that changes that very
thing may rely on it.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from robot_skills.core.facts import OPPOSITES, Fact, State
from robot_skills.core.observation import Observation
from robot_skills.core.skill import PlanStep
from robot_skills.core.task import Task


def pretences(facts: State, task: Task, observation: Observation) -> list[State]:
    """Facts that would complete what is known, the likeliest first; none where nothing lacks."""
    standing = frozenset(_standing(facts, task, observation))
    joints = list(_joints(facts, task, observation))
    found = [standing | frozenset(ends) for ends in product(*joints)]
    return [pretended for pretended in found if pretended]


def is_sound(steps: Sequence[PlanStep], pretended: State, goal: State) -> bool:
    """Whether nothing but a step that ends it relies on a pretended fact."""
    open_question = pretended
    for step in steps:
        operator = step.operator
        if not operator.preconditions & open_question <= operator.delete:
            return False
        open_question -= operator.delete | operator.add
    return not open_question & goal


def _joints(facts: State, task: Task, observation: Observation) -> Iterator[tuple[Fact, Fact]]:
    """Both ends of each joint that is at neither, the nearer end first."""
    for raised, lowered in OPPOSITES.items():
        if raised not in task.predicates or lowered not in task.predicates:
            continue
        for name in task.of_type(task.predicates[raised].parameters[0], ()):
            ends = Fact(raised, (name,)), Fact(lowered, (name,))
            if name in observation.fixture_position and not facts & {*ends}:
                limits = task.fixtures[name].limits
                above = limits.get(raised, task.predicates[raised].thresholds["above"])
                below = limits.get(lowered, task.predicates[lowered].thresholds["below"])
                is_high = observation.fixture_position[name] > (above + below) / 2
                yield ends if is_high else (ends[1], ends[0])


def _standing(facts: State, task: Task, observation: Observation) -> Iterator[Fact]:
    """What is held by nobody and is in and on nothing, as if it stood on every surface."""
    placed = {f.arguments[0] for f in facts if f.predicate in ("in", "on", "holding")}
    surfaces = [f.name for f in task.fixtures.values() if f.half_extents_m is not None]
    for name in task.objects:
        if name in observation.object_pose and name not in placed:
            on = (Fact("on", (name, surface)) for surface in surfaces)
            yield from (fact for fact in on if task.allows(fact))
