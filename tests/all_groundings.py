"""Every operator bound in every way: what a planner that binds only some must agree with."""

from robot_skills.core.grounding import groundings
from robot_skills.plan.operators import present_operators


def ground(library, task, objects):
    present = present_operators(library, task, objects)
    return [bound for operator in present for bound in groundings(operator, task, objects)]
