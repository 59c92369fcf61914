import heapq
import subprocess
import sys
import time
from itertools import count

import numpy as np
import pytest
from all_groundings import ground

from robot_skills.core.errors import InputError, NoPlanError
from robot_skills.core.facts import parse_facts
from robot_skills.plan import fast_downward, make_plan, write_pddl
from robot_skills.plan.actions import Reach, facts_of
from robot_skills.plan.costs import step_cost
from robot_skills.plan.operators import apply

OBJECTS = ("red", "green", "blue")


def described(plan):
    return [str(step) for step in plan.steps]


def cheapest(start, goal, operators):
    """Least cost by Dijkstra over all states: the referee, too slow for more than three blocks."""
    order, best = count(), {start: 0.0}
    queue = [(0.0, next(order), start)]
    while queue:
        cost, _, state = heapq.heappop(queue)
        if goal <= state:
            return cost
        for operator in operators:
            if cost > best[state] or not operator.preconditions <= state:
                continue
            after, total = apply(operator, state), cost + step_cost(operator)
            if total < best.get(after, np.inf):
                best[after] = total
                heapq.heappush(queue, (total, next(order), after))
    return None


def wander(state, operators, steps, random):
    for _ in range(steps):
        possible = [o for o in operators if o.preconditions <= state]
        state = apply(possible[random.integers(len(possible))], state)
    return state


def test_a_block_goes_into_the_closed_drawer(start, library, task):
    goal = parse_facts("in(red, drawer) closed(drawer)")
    plan = make_plan(start, goal, library, task, OBJECTS)
    assert described(plan) == ["open(drawer)", "pick(red)", "put_in(red, drawer)", "close(drawer)"]
    assert [step.skill for step in plan.steps][1] == "pick_skill"
    assert plan.steps[2].arguments == ("red", "drawer")
    assert plan.cost == pytest.approx(4 * 0.01 - np.log(0.95))
    assert plan.planner.startswith("Fast Downward")


def test_a_goal_that_holds_needs_no_step(start, library, task):
    plan = make_plan(start, parse_facts("on(red, table)"), library, task, OBJECTS)
    assert plan.steps == ()
    assert plan.cost == 0.0


@pytest.mark.parametrize("planner", ["fast-downward", "pyperplan"])
def test_every_plan_can_be_carried_out_and_reaches_its_goal(start, library, task, planner):
    random = np.random.default_rng(5)
    operators = ground(library, task, OBJECTS)
    for _ in range(8):
        state = before = wander(start, operators, 6, random)
        goal = frozenset(f for f in wander(before, operators, 9, random) if random.random() < 0.5)
        for step in make_plan(before, goal, library, task, OBJECTS, planner).steps:
            assert step.operator.preconditions <= state
            state = apply(step.operator, state)
        assert goal <= state


@pytest.mark.parametrize("text", ["on(red, green) on(green, blue)", "in(red, tray) closed(drawer)"])
def test_the_plan_is_the_cheapest(start, library, task, text):
    goal = parse_facts(text)
    before = apply(_named(ground(library, task, OBJECTS), "open", "drawer"), start)
    plan = make_plan(before, goal, library, task, OBJECTS)
    expected = cheapest(before, goal, ground(library, task, OBJECTS))
    assert plan.cost == pytest.approx(expected, abs=0.0005 * len(plan.steps))


def _named(operators, name, *arguments):
    found = [o for o in operators if o.name == name]
    return next(o for o in found if tuple(p.name for p in o.parameters) == arguments)


def test_a_reliable_detour_beats_an_unreliable_short_way(start, library, task, make_library):
    risky = {"name": "throw", "parameters": "x:block", "needs": "clear(?x)", "delete": ""}
    risky = make_library.operator(**risky, add="in(?x, tray)", success=0.3)
    both = make_library.library_of(*library.operators, risky)
    plan = make_plan(start, parse_facts("in(red, tray)"), both, task, OBJECTS)
    assert described(plan) == ["pick(red)", "put_in(red, tray)"]


def test_where_fast_downward_breaks_pyperplan_plans_and_says_why(start, library, task, monkeypatch):
    broken = [sys.executable, "-c", "raise SystemExit('out of order')"]
    monkeypatch.setattr(fast_downward, "command", lambda: broken)
    goal = parse_facts("on(red, blue)")
    plan = make_plan(start, goal, library, task, OBJECTS)
    assert described(plan) == ["pick(red)", "stack(red, blue)"]
    assert plan.planner.startswith("pyperplan")
    assert "fast-downward failed" in plan.planner
    assert "out of order" in plan.planner
    with pytest.raises(InputError, match="no planner works here: fast-downward failed"):
        make_plan(start, goal, library, task, OBJECTS, "fast-downward")


def test_a_goal_nothing_brings_about_names_its_fact(start, library_without, task):
    goal = parse_facts("on(red, blue) in(green, tray)")
    with pytest.raises(NoPlanError, match=r"\n  on\(red, blue\): no operator brings it about") as e:
        make_plan(start, goal, library_without("stack"), task, OBJECTS)
    assert "what can be: on(blue, table), on(green, table), on(red, table)" in str(e.value)
    assert "\n  in(" not in str(e.value)


def test_a_missing_link_is_followed_to_what_nothing_achieves(start, library_without, task):
    goal = parse_facts("in(green, drawer)")
    message = (
        r"put_in\(green, drawer\) would bring it about but needs open\(drawer\), "
        r"which no operator brings about"
    )
    with pytest.raises(NoPlanError, match=message):
        make_plan(start, goal, library_without("open", "close"), task, OBJECTS)


def test_facts_that_need_each_other_are_named(start, library, task, make_library):
    odd = make_library.operator("peel", "x:block", "on(?x, blue)", "on(?x, green)", "")
    odder = make_library.operator("slide", "x:block", "on(?x, green)", "on(?x, blue)", "")
    with pytest.raises(NoPlanError, match=r"needs on\(red, green\), which needs itself"):
        both = make_library.library_of(odd, odder)
        make_plan(start, parse_facts("on(red, green)"), both, task, OBJECTS)


@pytest.mark.parametrize("planner", ["fast-downward", "pyperplan"])
def test_facts_that_exclude_each_other_have_no_plan(start, library, task, planner):
    goal = parse_facts("on(red, blue) on(red, green)")
    with pytest.raises(NoPlanError, match="but not all of them together"):
        make_plan(start, goal, library, task, OBJECTS, planner)


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        ("onn(red, blue)", "no predicate 'onn'; did you mean 'on'"),
        ("on(red, yellow)", "no object 'yellow'"),
        ("in(red, table)", "table is no container"),
        ("holding(red, blue)", "takes 1 arguments"),
    ],
)
def test_a_goal_that_does_not_fit_the_task_is_refused(start, library, task, goal, message):
    with pytest.raises(InputError, match=message):
        make_plan(start, parse_facts(goal), library, task, OBJECTS)


def test_an_operator_that_does_not_fit_the_task_is_refused(start, task, make_library):
    odd = make_library.operator("push", "x:blok", "clear(?x)", "in(?x, tray)", "")
    with pytest.raises(InputError, match=r"operator push does not fit .* did you mean 'block'"):
        make_plan(start, parse_facts("in(red, tray)"), make_library.library_of(odd), task, OBJECTS)


def test_operators_about_absent_things_are_left_out(start, task, library, make_library):
    odd = make_library.operator("swipe", "x:block", "clear(yellow)", "in(?x, tray)", "")
    both = make_library.library_of(*library.operators, odd)
    plan = make_plan(start, parse_facts("in(red, tray)"), both, task, OBJECTS)
    assert described(plan) == ["pick(red)", "put_in(red, tray)"]


def test_parameters_are_bound_to_distinct_things(library, task):
    arguments = [[p.name for p in o.parameters] for o in ground(library, task, OBJECTS)]
    assert all(len(set(names)) == len(names) for names in arguments)
    assert len(arguments) == 3 + 6 + 6 + 3 + 6 + 2 + 2


def test_reachable_facts_hold_what_any_walk_finds(start, library, task):
    random = np.random.default_rng(0)
    operators = ground(library, task, OBJECTS)
    reached = facts_of(Reach(start, library.operators, task, OBJECTS).facts)
    assert wander(start, operators, 60, random) <= reached
    assert parse_facts("holding(red)") <= reached


def test_pddl_has_types_costs_and_every_operator(start, library, task):
    domain, problem = write_pddl(start, parse_facts("on(red, blue)"), library, task, OBJECTS)
    assert "block surface - support" in domain
    assert "(:action stack" in domain
    assert "(increase (total-cost) 115)" in domain
    assert "(on red blue)" in problem.split("(:goal")[1]
    assert "yellow" not in problem


def test_planning_leaves_nothing_behind_and_says_nothing(
    start, library, task, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    make_plan(start, parse_facts("on(red, blue)"), library, task, OBJECTS)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_planning_again_is_quick_enough_for_replanning(start, library, task):
    goal = parse_facts("on(red, green) on(green, blue)")
    make_plan(start, goal, library, task, OBJECTS)
    times_s = []
    for _ in range(3):
        began_s = time.perf_counter()
        make_plan(start, goal, library, task, OBJECTS)
        times_s.append(time.perf_counter() - began_s)
    assert min(times_s) < 1.0


def test_importing_the_planner_loads_nothing_heavy():
    code = (
        "import sys, robot_skills.plan\n"
        "heavy = {'torch', 'mujoco', 'h5py', 'cv2', 'unified_planning'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
