"""Fast Downward's search, straight from the package that ships it, on a bound problem."""

import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from robot_skills.plan.exclusion import excluded_pair
from robot_skills.plan.sas import write_sas
from robot_skills.plan.search import (
    Found,
    PlannerFailure,
    SearchProblem,
    exclude_each_other,
    out_of_time,
)

PACKAGE = "up_fast_downward"
BINARY = Path("downward", "builds", "release", "bin", "downward")
CHEAPEST = "Fast Downward, A* with landmarks (least cost)"
ANY_PLAN = "Fast Downward, LAMA (not proven the cheapest)"
QUICK_S = 0.4  # of processor time for A*, whose plans cannot be improved upon
CHEAP_S = 1.0  # for a cheap plan
TIME_LIMIT_S = 30.0  # for any plan
SPARE_S = 10.0  # for reading the problem, before a search that does not answer is ended
# BJOLP (Domshlak et al., IPC 2011), as Fast Downward's alias has it.
_LANDMARKS = (
    "let(lmc,landmark_cost_partitioning(lm_reasonable_orders_hps(lm_merged([lm_rhw(),lm_hm(m=1)]))),"
    "astar(lmc,lazy_evaluator=lmc,max_time={:g}))"
)
# A later and the first search of LAMA (Richter and Westphal, JAIR 2010).
_WEIGHTED = (
    "let(hlm,landmark_sum(lm_factory=lm_reasonable_orders_hps(lm_rhw()),pref=false),"
    "let(hff,ff(),lazy_wastar([hff,hlm],preferred=[hff,hlm],w=2,max_time={:g})))"
)
_FIRST = (
    "let(hlm,eval_modify_costs(landmark_sum(lm_factory=lm_reasonable_orders_hps(lm_rhw()),"
    "pref=false),cost_type=one),let(hff,eval_modify_costs(ff(),cost_type=one),"
    "lazy_greedy([hff,hlm],preferred=[hff,hlm],cost_type=one,reopen_closed=false,"
    "max_time={:g})))"
)
_PROOFS = ("Task is provably unsolvable", "Completely explored state space")
_STOPPED = "Time limit reached"


def command() -> list[str]:
    """The search's program; raises PlannerFailure where the package that ships it is missing."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise PlannerFailure(f"{PACKAGE} is not installed")
    binary = Path(spec.origin).parent / BINARY
    if not binary.is_file():
        raise PlannerFailure(f"{PACKAGE} has no program for this machine at {binary}")
    return [str(binary)]


def solve(problem: SearchProblem) -> Found:
    """The cheapest plan where that is found quickly, any plan otherwise.

    Raises NoPlanError where there is none or time is up, PlannerFailure where the search breaks.
    """
    text = write_sas(problem)
    for search, limit_s, described in (
        (_LANDMARKS, QUICK_S, CHEAPEST),
        (_WEIGHTED, CHEAP_S, ANY_PLAN),
        (_FIRST, TIME_LIMIT_S, ANY_PLAN),
    ):
        names = _search(text, search.format(limit_s), problem, limit_s)
        if names is not None:
            return Found(tuple(problem.actions[int(name[1:])] for name in names), described)
        if search is _LANDMARKS and (which := excluded_pair(problem)):
            raise exclude_each_other(problem.goal, which)
    raise out_of_time(problem.goal, TIME_LIMIT_S)


def _search(text: str, search: str, problem: SearchProblem, limit_s: float) -> list[str] | None:
    """Names of a plan's operators in order, or None where the time was up."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan"
        said = _run(
            [*command(), "--search", search, "--internal-plan-file", str(plan)], text, limit_s
        )
        if plan.is_file():
            lines = plan.read_text().splitlines()
            return [line.strip("()") for line in lines if line.startswith("(")]
    if said is None or _STOPPED in said:
        return None
    if any(proof in said for proof in _PROOFS):
        raise exclude_each_other(problem.goal, excluded_pair(problem))
    raise PlannerFailure(f"fast-downward failed: ...{said.strip()[-200:]}")


def _run(line: list[str], text: str, limit_s: float) -> str | None:
    """All that the program says, or None where it had to be ended."""
    try:
        done = subprocess.run(
            line,
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit_s + SPARE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    except OSError as error:
        raise PlannerFailure(f"fast-downward failed: {error}") from None
    return done.stdout
