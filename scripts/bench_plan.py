"""Seconds from facts and a library to a plan of 20 steps, for libraries of 10 to 1,000 operators.

The problems are made up (planning_problems.py): 50 things, 20 operators that do not help for each
that does, 5 % of the ground actions reachable. Beside the time stand the ground actions before and
after pruning, the time where there is no plan and where hand-offs are told apart, and the time that
Fast Downward's own driver takes for the same problem as PDDL. Writes docs/results/plan.json.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np
from planning_problems import MadeProblem, ground_count, made_problem
from results import Figure, write_results

from robot_skills.core.errors import NoPlanError
from robot_skills.core.facts import Fact
from robot_skills.core.skill import Handoff, Plan
from robot_skills.plan import make_plan, write_pddl
from robot_skills.plan.actions import Reach
from robot_skills.plan.planner import bind
from robot_skills.plan.relevance import relevant_operators

SIZES = (10, 100, 1000)
STEPS = 20
WEAK_PAIRS = (0, 5, 20, 80)
HELPFUL = ("take", "put", "switch", "open", "shut")
LANDMARKS = (
    "let(lmc,landmark_cost_partitioning(lm_reasonable_orders_hps(lm_merged([lm_rhw(),lm_hm(m=1)]))),"
    "astar(lmc,lazy_evaluator=lmc))"
)


def plan_for(problem: MadeProblem) -> Plan:
    """The plan, from facts and a library."""
    return make_plan(
        problem.start, problem.goal, problem.library, problem.task, problem.objects, "fast-downward"
    )


def seconds(work: Callable[[], object], repeats: int) -> Figure:
    """Median wall time of some repeats after one more, with the fastest and the slowest."""
    work()
    times = []
    for _ in range(repeats):
        began_s = time.perf_counter()
        work()
        times.append(time.perf_counter() - began_s)
    note = "median; the interval is the fastest and the slowest"
    return Figure(median(times), "s", min(times), max(times), repeats, note)


def processor_seconds(work: Callable[[], object], repeats: int) -> Figure:
    """Processor time of this process and those it starts, the mean of some repeats."""
    before = os.times()
    for _ in range(repeats):
        work()
    used = [b - a for a, b in zip(before[:4], os.times()[:4], strict=True)]
    return Figure(sum(used) / repeats, "s", n=repeats, note="mean, the search's process included")


def size_figures(operators: int, seed: int, repeats: int) -> dict[str, Figure]:
    """Time and groundings of one size of library."""
    problem = made_problem(operators, seed)
    parts = (problem.library, problem.task, problem.objects)
    plan = plan_for(problem)
    if len(plan.steps) != STEPS:
        raise SystemExit(f"{operators} operators: a plan of {len(plan.steps)} steps, not {STEPS}")
    every = sum(ground_count(operator, problem.task) for operator in problem.library.operators)
    reach = Reach(problem.start, problem.library.operators, problem.task, problem.objects)
    relevant = relevant_operators(problem.goal, problem.library.operators, problem.task)
    searched = bind(problem.start, problem.goal, *parts).actions
    counts = {
        "helpful_operators": (problem.useful, "operators that such plans are made of"),
        "relevant_operators": (len(relevant), "operators that can matter to the goal"),
        "all_ground_actions": (every, "every choice of distinct things of the right types"),
        "reachable": (len(reach.actions), "ground actions that can come to be possible"),
        "searched": (len(searched), "of those, what matters to the goal: what is searched"),
    }
    found = {f"size/{operators}/{n}": Figure(v, "", note=s) for n, (v, s) in counts.items()}
    found[f"size/{operators}/seconds"] = seconds(lambda: plan_for(problem), repeats)
    found[f"size/{operators}/processor_seconds"] = processor_seconds(
        lambda: plan_for(problem), repeats
    )
    found[f"size/{operators}/seconds_as_PDDL"] = driver_seconds(problem, repeats)
    least = "least cost" in plan.planner
    found[f"size/{operators}/cheapest"] = Figure(float(least), "1 or 0", note=plan.planner)
    return found


def driver_seconds(problem: MadeProblem, repeats: int) -> Figure:
    """The same problem unpruned, lifted, through the driver that ships with Fast Downward."""
    spec = find_spec("up_fast_downward")
    assert spec is not None and spec.origin is not None
    driver = Path(spec.origin).parent / "downward" / "fast-downward.py"
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("domain.pddl", "problem.pddl")]

        def work() -> None:
            texts = write_pddl(
                problem.start, problem.goal, problem.library, problem.task, problem.objects
            )
            for file, text in zip(files, texts, strict=True):
                file.write_text(text)
            line = [sys.executable, str(driver), "--plan-file", "plan", *map(str, files)]
            line += ["--search", LANDMARKS]
            subprocess.run(line, cwd=folder, check=True, capture_output=True, timeout=300)

        return seconds(work, repeats)


def no_plan_figures(problem: MadeProblem, repeats: int) -> dict[str, Figure]:
    """How long it takes to say that there is no plan: nothing opens doors; two things in a hand."""
    skills = tuple(s for s in problem.library.skills if s.name != "open_door_skill")
    doorless = replace(problem, library=replace(problem.library, skills=skills))
    both = frozenset(Fact("held", (f"item{number}",)) for number in (0, 1))
    return {
        "no_plan/missing_operator": seconds(lambda: refused(doorless), repeats),
        "no_plan/facts_exclude_each_other": seconds(
            lambda: refused(replace(problem, goal=both)), 1
        ),
    }


def refused(problem: MadeProblem) -> str:
    """What the planner says of a problem without a plan."""
    try:
        plan_for(problem)
    except NoPlanError as error:
        return str(error)
    raise SystemExit("there is a plan where none should be")


def handoff_figures(problem: MadeProblem, weak: int, seed: int, repeats: int) -> dict[str, Figure]:
    """The time where so many pairs of helpful operators hand over badly."""
    rng = np.random.default_rng(seed)
    names = [o.name for o in problem.library.operators if o.name.startswith(HELPFUL)]
    every = [(before, after) for before in names for after in names]
    chosen = [every[number] for number in rng.permutation(len(every))[:weak]]
    bad = [Handoff(a, b, float(rng.uniform(0.3, 0.8)), 10, 20) for a, b in chosen]
    good = [Handoff("", name, 1.0, 200, 200) for name in names]
    told = replace(problem, library=replace(problem.library, handoffs=(*bad, *good)))
    planner = plan_for(told).planner
    return {
        f"weak_handoffs/{weak}/seconds": seconds(lambda: plan_for(told), repeats),
        f"weak_handoffs/{weak}/cheapest": Figure(
            float("least cost" in planner), "1 or 0", note=planner
        ),
    }


def main() -> None:
    """Measure, print and write docs/results/plan.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    found: dict[str, Figure] = {}
    for operators in SIZES:
        found |= size_figures(operators, given.seed, given.repeats)
    largest = made_problem(SIZES[-1], given.seed)
    found |= no_plan_figures(largest, given.repeats)
    for weak in WEAK_PAIRS:
        found |= handoff_figures(largest, weak, given.seed, given.repeats)
    found["seconds_20_steps_1000_operators"] = found["size/1000/seconds"]
    found["processor_seconds_20_steps_1000_operators"] = found["size/1000/processor_seconds"]
    for name, figure in found.items():
        print(f"{name:<42}{figure.value:12.3f} {figure.unit}  {figure.note}")
    print(f"written: {write_results('plan', found, [given.seed])}")


if __name__ == "__main__":
    main()
