"""Plans that do without skills and ground operators that have failed too often."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

from robot_skills.core.facts import State
from robot_skills.core.skill import Barred, Operator, Plan, PlanStep, Skill, SkillLibrary
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
    """The cheapest plan in which nothing of `barred` occurs; see `make_plan`.

    An operator that is barred for some things is given to the planner ground, once for each choice
    of things that is left.
    """
    ground: dict[str, Operator] = {}
    skills = tuple(
        replace(skill, operators=tuple(_allowed(skill, barred, task, objects, ground)))
        for skill in library.skills
        if skill.name not in barred.skills
    )
    plan = make_plan(start, goal, replace(library, skills=skills), task, objects)
    return _as_lifted(plan, ground) if ground else plan


def _allowed(
    skill: Skill,
    barred: Barred,
    task: Task,
    objects: tuple[str, ...],
    ground: dict[str, Operator],
) -> Iterator[Operator]:
    """The operators of a skill that may be used; those made ground are noted in `ground`."""
    names = {name for name, _ in barred.operators}
    for operator in skill.operators:
        if operator.name not in names:
            yield operator
            continue
        for arguments in product(*(task.of_type(p.type, objects) for p in operator.parameters)):
            distinct = len(set(arguments)) == len(arguments)
            if distinct and (operator.name, arguments) not in barred.operators:
                bound = operator.ground(arguments)
                name = "__".join((operator.name, *arguments))
                ground[name] = bound
                yield replace(bound, name=name, parameters=())


def _as_lifted(plan: Plan, ground: Mapping[str, Operator]) -> Plan:
    steps = (PlanStep(ground.get(step.operator.name, step.operator)) for step in plan.steps)
    return replace(plan, steps=tuple(steps))
