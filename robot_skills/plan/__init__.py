"""Operators to plans: which skills, on which objects, in which order."""

from robot_skills.plan.barring import plan_without
from robot_skills.plan.planner import make_plan
from robot_skills.plan.problem import write_pddl

__all__ = ["make_plan", "plan_without", "write_pddl"]
