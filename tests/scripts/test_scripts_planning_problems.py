"""The made-up planning problems are what the benchmark says they are."""

import pytest
from all_groundings import ground
from planning_problems import REACHABLE, ground_count, made_problem

from robot_skills.plan import make_plan
from robot_skills.plan.actions import Reach


@pytest.fixture(scope="module")
def problem():
    return made_problem(100)


def test_the_library_has_the_asked_size_and_the_same_seed_is_the_same_problem(problem):
    again, other = made_problem(100), made_problem(100, seed=1)
    assert len(problem.library.operators) == 100
    assert problem.library.operators == again.library.operators
    assert problem.goal == again.goal != other.goal
    assert len(problem.objects) == 50


def test_about_one_ground_action_in_twenty_is_reachable(problem):
    every = sum(ground_count(operator, problem.task) for operator in problem.library.operators)
    operators = problem.library.operators
    reach = Reach(problem.start, operators, problem.task, problem.objects)
    assert len(reach.actions) / every == pytest.approx(REACHABLE, abs=0.01)


def test_ground_actions_are_counted_as_full_grounding_counts_them():
    small = made_problem(10)
    counted = sum(ground_count(operator, small.task) for operator in small.library.operators)
    assert counted == len(ground(small.library, small.task, small.objects))


@pytest.mark.parametrize("operators", [10, 100])
def test_the_goal_takes_twenty_steps(operators):
    made = made_problem(operators)
    plan = make_plan(made.start, made.goal, made.library, made.task, made.objects)
    assert len(plan.steps) == 20
    assert not any(step.operator.name.startswith(("dream", "toss")) for step in plan.steps)
