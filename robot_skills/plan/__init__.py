"""Operators to plans: which skills, on which objects, in which order."""

from robot_skills.plan.planner import make_plan
from robot_skills.plan.problem import write_pddl

__all__ = ["make_plan", "write_pddl"]
