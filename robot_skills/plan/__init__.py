"""Operators to plans: which skills, on which objects, in which order."""

from robot_skills.plan.barring import plan_without
from robot_skills.plan.pddl import write_pddl
from robot_skills.plan.planner import make_plan

__all__ = ["make_plan", "plan_without", "write_pddl"]
