"""Evaluated episodes as numbers: success by task and by skill, and as rows for a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from robot_skills.core.facts import format_facts
from robot_skills.run.evaluate.episodes import Episode, skill_counts
from robot_skills.run.evaluate.statistics import Rate, wilson

FORMAT = 1
TOTALS = {"seen tasks": True, "unseen tasks": False}


@dataclass(frozen=True)
class TaskResult:
    """How often a task succeeded, and how often without any skill being repeated."""

    name: str
    seen: bool
    success: Rate
    first_try: Rate
    median_s: float


def task_results(episodes: Sequence[Episode]) -> list[TaskResult]:
    """One result a task, in the order of the episodes."""
    goals = dict.fromkeys(episode.goal for episode in episodes)
    return [_result(goal, [e for e in episodes if e.goal == goal]) for goal in goals]


def total_results(episodes: Sequence[Episode]) -> list[TaskResult]:
    """All seen tasks together, and all unseen ones, where there are any."""
    groups = {name: [e for e in episodes if e.seen is seen] for name, seen in TOTALS.items()}
    return [_result(name, group) for name, group in groups.items() if group]


def _result(name: str, episodes: Sequence[Episode]) -> TaskResult:
    seconds = [e.trace.seconds for e in episodes if e.trace is not None]
    return TaskResult(
        name=name,
        seen=episodes[0].seen,
        success=wilson(sum(e.success for e in episodes), len(episodes)),
        first_try=wilson(sum(e.first_try for e in episodes), len(episodes)),
        median_s=median(seconds) if seconds else 0.0,
    )


def read_result(row: Mapping[str, Any]) -> TaskResult:
    """A result from the plain values it was written as."""
    rates = {name: Rate(**row[name]) for name in ("success", "first_try")}
    return TaskResult(row["name"], row["seen"], median_s=row["median_s"], **rates)


def episode_row(episode: Episode) -> dict[str, Any]:
    """One episode as plain values, every decision of the executor included."""
    trace = episode.trace
    return {
        "task": episode.goal,
        "seen": episode.seen,
        "seed": episode.seed,
        "success": episode.success,
        "first_try": episode.first_try,
        "reason": episode.reason,
        "goal": format_facts(trace.goal) if trace else "",
        "goal_facts": len(trace.goal) if trace else 0,
        "goal_facts_held": len(trace.goal & trace.final_facts) if trace else 0,
        "robot_time_s": trace.seconds if trace else 0.0,
        "control_steps": trace.control_steps if trace else 0,
        "retries": trace.retries if trace else 0,
        "skills": {name: list(counts) for name, counts in skill_counts([episode]).items()},
        "trace": trace.explain().splitlines() if trace else [],
    }
