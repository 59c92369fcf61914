"""Plans that do without skills and ground operators that have failed too often."""

from robot_skills.core.facts import State
from robot_skills.core.skill import Barred, Plan, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.plan.planner import make_plan


def plan_without(
    barred: Barred,
    start: State,
    goal: State,
    library: SkillLibrary,
    task: Task,
    objects: tuple[str, ...],
) -> Plan:
    """The cheapest plan in which nothing of `barred` occurs; see `make_plan`."""
    return make_plan(start, goal, library, task, objects, barred=barred)
