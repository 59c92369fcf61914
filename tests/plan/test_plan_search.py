"""Pruning, hand-offs and PDDL: each against a referee that is too slow or too far for daily use."""

import heapq
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from all_groundings import ground

from robot_skills.core.errors import NoPlanError
from robot_skills.core.facts import parse_facts
from robot_skills.core.skill import Barred, Handoff
from robot_skills.plan import fast_downward, make_plan, write_pddl
from robot_skills.plan.actions import Lifted, Reach
from robot_skills.plan.costs import Handoffs, plan_cost, step_cost, units
from robot_skills.plan.exclusion import excluded_pair
from robot_skills.plan.operators import apply
from robot_skills.plan.planner import bind
from robot_skills.plan.relevance import relevant_operators
from robot_skills.plan.search import SearchProblem

OBJECTS = ("red", "green", "blue")
WEAK = (
    Handoff("open", "pick", 0.2, 4, 20),
    Handoff("put_down", "pick", 0.95, 19, 20),
    Handoff("", "pick", 0.95, 19, 20),
    Handoff("pick", "stack", 0.5, 10, 20),
    Handoff("unstack", "stack", 0.98, 49, 50),
    Handoff("", "open", 0.9, 18, 20),
    Handoff("stack", "pick", 0.4, 8, 20),
)


def cheapest(start, goal, operators, handoffs):
    """Least cost by Dijkstra over states and the operator before."""
    order, best = count(), {(start, ""): 0.0}
    queue = [(0.0, next(order), start, "")]
    while queue:
        cost, _, state, last = heapq.heappop(queue)
        if goal <= state:
            return cost
        for operator in operators:
            if cost > best[state, last] or not operator.preconditions <= state:
                continue
            after = (apply(operator, state), operator.name)
            total = cost + step_cost(operator, handoffs.value(last, operator.name))
            if total < best.get(after, np.inf):
                best[after] = total
                heapq.heappush(queue, (total, next(order), *after))
    return None


@pytest.fixture
def handed(library):
    return replace(library, handoffs=WEAK)


@pytest.mark.parametrize(
    "text", ["on(red, green)", "in(red, drawer)", "on(red, blue) in(green, drawer)"]
)
def test_with_hand_offs_the_plan_is_the_likeliest(start, handed, task, text):
    goal = parse_facts(text)
    plan = make_plan(start, goal, handed, task, OBJECTS)
    handoffs = Handoffs(WEAK, handed.operators)
    expected = cheapest(start, goal, ground(handed, task, OBJECTS), handoffs)
    assert plan.cost == pytest.approx(expected, abs=0.0005 * len(plan.steps))
    assert plan.cost == pytest.approx(plan_cost(plan.steps))


def test_a_weak_hand_off_is_planned_around(start, library, task):
    goal = parse_facts("in(red, drawer)")
    usual = make_plan(start, goal, library, task, OBJECTS)
    assert usual.steps[0].operator.name == "open"
    weak = (Handoff("", "open", 0.05, 0, 20), Handoff("put_down", "open", 1.0, 20, 20))
    plan = make_plan(start, goal, replace(library, handoffs=weak), task, OBJECTS)
    names = [step.operator.name for step in plan.steps]
    assert names == ["pick", "put_down", "open", "pick", "put_in"]
    assert [step.handoff for step in plan.steps][2] == 1.0


def test_hand_offs_like_the_usual_are_not_told_apart(library):
    alike = [Handoff(a, "pick", 0.9, 9, 10) for a in ("", "stack", "put_in", "open")]
    handoffs = Handoffs(alike, library.operators)
    assert handoffs.endings == 1
    assert handoffs.value("stack", "pick") == pytest.approx(0.9)
    assert handoffs.value("stack", "open") == 1.0


def test_operators_that_cannot_matter_are_left_out(library, task):
    found = relevant_operators(parse_facts("open(drawer)"), library.operators, task)
    assert {o.name for o in found} >= {"open", "put_down", "put_in", "stack"}  # for an empty hand
    alone = relevant_operators(parse_facts("closed(drawer)"), library.operators[-2:], task)
    assert {o.name for o in alone} == {"open", "close"}
    assert relevant_operators(parse_facts("open(drawer)"), library.operators[:1], task) == []


def test_reachable_actions_are_those_of_full_grounding(start, library, task):
    reach = Reach(start, library.operators, task, OBJECTS)
    reached, possible, grew = start, set(), True
    full = ground(library, task, OBJECTS)
    while grew:
        ready = {o for o in full if o.preconditions <= reached} - possible
        grew, possible = bool(ready), possible | ready
        reached = reached.union(*(o.add for o in ready))
    bound = {(o.name, tuple(p.name for p in o.parameters)) for o in possible}
    assert {(a.operator.name, a.arguments) for a in reach.actions} == bound


def test_only_what_matters_to_the_goal_is_searched(start, library_without, task):
    library = library_without("put_in")
    problem = bind(start, parse_facts("holding(red)"), library, task, OBJECTS)
    assert "open" not in {action.operator.name for action in problem.actions}
    assert 0 < len(problem.actions) < len(ground(library, task, OBJECTS))
    assert make_plan(start, parse_facts("holding(red)"), library, task, OBJECTS).cost == 0.01


def test_every_way_to_bring_a_fact_about_is_found(library, task):
    stack = Lifted(library.operators[2], {"block": task.of_type("block", OBJECTS)})
    ways = {a.arguments for a in stack.achieving(next(iter(parse_facts("clear(red)"))))}
    assert ways == {("red", "green"), ("red", "blue")}
    assert sorted(stack.effects("clear")) == [("clear", o) for o in sorted(OBJECTS)]


def test_barred_steps_and_skills_are_not_planned(start, library, task):
    goal = parse_facts("in(red, drawer)")
    barred = Barred(operators=frozenset({("put_in", ("red", "drawer"))}))
    with pytest.raises(NoPlanError, match=r"in\(red, drawer\): no operator brings it about"):
        make_plan(start, goal, library, task, OBJECTS, barred=barred)
    with pytest.raises(NoPlanError, match=r"needs open\(drawer\)"):
        barred = Barred(skills=frozenset({"open_skill"}))
        make_plan(start, goal, library, task, OBJECTS, barred=barred)


def test_where_the_cheapest_takes_long_any_plan_will_do(start, library, task, monkeypatch):
    monkeypatch.setattr(fast_downward, "QUICK_S", 0.0)
    goal = parse_facts("on(red, green) on(green, blue) closed(drawer)")
    plan = make_plan(start, goal, library, task, OBJECTS)
    assert "not proven the cheapest" in plan.planner
    assert goal <= _after(plan)


@pytest.mark.parametrize(
    ("goal", "which"),
    [
        ("on(red, blue) on(red, green)", "on(red, blue) and on(red, green)"),
        ("on(red, blue) on(green, blue)", "on(green, blue) and on(red, blue)"),
        ("holding(red) holding(green) open(drawer)", "holding(green) and holding(red)"),
        ("open(drawer) closed(drawer)", "closed(drawer) and open(drawer)"),
        ("in(red, tray) on(red, blue)", "in(red, tray) and on(red, blue)"),
    ],
)
def test_facts_that_exclude_each_other_are_named(start, library, task, goal, which):
    with pytest.raises(NoPlanError, match="but not all of them together") as error:
        make_plan(start, parse_facts(goal), library, task, OBJECTS)
    assert f"({which} exclude each other)" in str(error.value)


def test_facts_that_go_together_are_not_said_to_exclude_each_other(start, library, task):
    random = np.random.default_rng(7)
    operators = ground(library, task, OBJECTS)
    for _ in range(30):
        state = start
        for _ in range(12):
            possible = [o for o in operators if o.preconditions <= state]
            state = apply(possible[random.integers(len(possible))], state)
        problem = SearchProblem(
            start, state, Reach(start, library.operators, task, OBJECTS).actions, Handoffs((), ())
        )
        assert excluded_pair(problem) == ""


def test_no_plan_in_the_given_time_is_said(start, library, task, monkeypatch):
    for limit in ("QUICK_S", "CHEAP_S", "TIME_LIMIT_S"):
        monkeypatch.setattr(fast_downward, limit, 0.0)
    with pytest.raises(NoPlanError, match="found within 0 s"):
        make_plan(start, parse_facts("on(red, green)"), library, task, OBJECTS)


def _after(plan):
    state = plan.start
    for step in plan.steps:
        state = apply(step.operator, state)
    return state


@pytest.mark.parametrize("handoffs", [(), WEAK])
def test_the_pddl_says_the_same_as_the_search_was_given(start, library, task, tmp_path, handoffs):
    """Fast Downward's own reading of the PDDL has the same least cost."""
    goal = parse_facts("on(red, blue) in(green, drawer)")
    library = replace(library, handoffs=handoffs)
    files = [tmp_path / "domain.pddl", tmp_path / "problem.pddl"]
    for file, text in zip(files, write_pddl(start, goal, library, task, OBJECTS), strict=True):
        file.write_text(text)
    driver = Path(find_spec("up_fast_downward").origin).parent / "downward" / "fast-downward.py"
    line = [sys.executable, driver, "--plan-file", "plan", *files, "--search", "astar(lmcut())"]
    subprocess.run(line, cwd=tmp_path, check=True, capture_output=True)
    cost = int((tmp_path / "plan").read_text().split("cost = ")[1].split()[0])
    steps = make_plan(start, goal, library, task, OBJECTS).steps
    assert cost == sum(units(step_cost(step.operator, step.handoff)) for step in steps)
