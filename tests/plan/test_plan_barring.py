"""Plans that do without what has failed."""

import pytest

from robot_skills.core.errors import NoPlanError
from robot_skills.core.facts import parse_facts
from robot_skills.core.skill import NOTHING_BARRED, Barred
from robot_skills.plan import make_plan, plan_without

OBJECTS = ("red", "green", "blue")
GOAL = parse_facts("on(red, green)")


def described(plan):
    return [str(step) for step in plan.steps]


def test_with_nothing_barred_the_plan_is_the_usual_one(start, library, task):
    usual = make_plan(start, GOAL, library, task, OBJECTS)
    assert plan_without(NOTHING_BARRED, start, GOAL, library, task, OBJECTS) == usual


def test_a_barred_step_is_planned_around_and_the_rest_keeps_its_name(start, library, task):
    held = start | parse_facts("on(blue, red)")
    held -= parse_facts("on(blue, table) clear(red)")
    usual = plan_without(NOTHING_BARRED, held, GOAL, library, task, OBJECTS)
    assert described(usual)[:2] == ["unstack(blue, red)", "put_down(blue)"]
    barred = Barred(frozenset({("put_down", ("blue",))}))
    plan = plan_without(barred, held, GOAL, library, task, OBJECTS)
    assert "put_down(blue)" not in described(plan)
    assert described(plan)[-2:] == ["pick(red)", "stack(red, green)"]
    for step in plan.steps:
        assert library.skill(step.skill)
        assert len(step.arguments) == len(step.operator.parameters)


def test_other_things_may_still_be_put_where_one_may_not(start, library, task):
    barred = Barred(frozenset({("stack", ("red", "green"))}))
    with pytest.raises(NoPlanError):
        plan_without(barred, start, GOAL, library, task, OBJECTS)
    plan = plan_without(barred, start, parse_facts("on(blue, green)"), library, task, OBJECTS)
    assert described(plan) == ["pick(blue)", "stack(blue, green)"]


def test_a_barred_skill_is_not_used_at_all(start, library, task):
    with pytest.raises(NoPlanError, match="open"):
        goal = parse_facts("in(red, drawer)")
        plan_without(Barred(skills=frozenset({"open_skill"})), start, goal, library, task, OBJECTS)
