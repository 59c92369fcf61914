"""Two sets of results on the same starts: what differs, and how sure that is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from robot_skills.core.errors import InputError
from robot_skills.run.evaluate.result_files import Results, Row
from robot_skills.run.evaluate.results import TOTALS
from robot_skills.run.evaluate.statistics import (
    Difference,
    Median,
    Rate,
    median_interval,
    paired_difference,
    wilson,
)

Pair = tuple[Row, Row]

SHOWN_CASES = 3
BESIDE_THE_POINT = {  # settings that change nothing about an episode
    *("library", "library_version", "library_sha256", "out", "video", "workers", "view", "explain"),
    *("task", "episodes", "seed"),  # the episodes themselves tell
}


@dataclass(frozen=True)
class Compared:
    """A share in both results, and the paired difference of the second from the first."""

    name: str
    first: Rate
    second: Rate
    difference: Difference


@dataclass(frozen=True)
class SkillRates:
    """How often a skill's effects held after it, in both; None where it never ran."""

    name: str
    first: Rate | None
    second: Rate | None


@dataclass(frozen=True)
class Cost:
    """What a success took in both, over the pairs that both succeeded in."""

    name: str
    first: float
    second: float
    difference: Median


@dataclass(frozen=True)
class Comparison:
    """Success by task and in total, by how many goal facts held, by skill; costs of successes."""

    tasks: tuple[Compared, ...]
    totals: tuple[Compared, ...]
    stages: tuple[Compared, ...]
    skills: tuple[SkillRates, ...]
    costs: tuple[Cost, ...]
    settings: tuple[str, ...]

    @property
    def total(self) -> Compared:
        """All pairs together."""
        return self.totals[-1]


def compare_results(first: Results, second: Results) -> Comparison:
    """Compare episode by episode; raises InputError unless both hold the same cases."""
    pairs = paired_rows(first, second)
    tasks = dict.fromkeys(row.task for row in first.rows)
    by_task = [_success(name, [p for p in pairs if p[0].task == name]) for name in tasks]
    groups = {word: [p for p in pairs if p[0].seen is seen] for word, seen in TOTALS.items()}
    several = len([group for group in groups.values() if group]) > 1
    totals = [_success(word, group) for word, group in groups.items() if group and several]
    return Comparison(
        tuple(by_task),
        (*totals, _success("all tasks", pairs)),
        tuple(_stages(pairs)),
        tuple(_skills(first, second)),
        tuple(_costs(pairs)),
        tuple(differing_settings(first.settings, second.settings)),
    )


def paired_rows(first: Results, second: Results) -> list[Pair]:
    """Rows of the same task, seed and goal; raises InputError naming what one of them lacks."""
    rows = [{row.case: row for row in results.rows} for results in (first, second)]
    lacking = [
        f"{results.file} lacks {_cases(others.keys() - own.keys())}"
        for results, own, others in ((first, rows[0], rows[1]), (second, rows[1], rows[0]))
        if others.keys() - own.keys()
    ]
    if lacking:
        raise InputError(f"only the same tasks and seeds can be compared: {'; '.join(lacking)}")
    pairs = [(row, rows[1][row.case]) for row in first.rows]
    for one, other in pairs:
        if one.goal and other.goal and one.goal != other.goal:
            raise InputError(
                f"task {one.task} with seed {one.seed} had other goals: {one.goal} in "
                f"{first.file}, {other.goal} in {second.file}; were they of the same environment?"
            )
    return pairs


def decision(difference: Difference, margin: float) -> str:
    """What the difference says about the second; `margin` is a share that does not matter."""
    points = f"{100 * margin:g} point{'' if margin == 0.01 else 's'}"
    if difference.low > 0:
        return "the second is better"
    if difference.high < 0:
        return "the second is worse"
    if difference.low >= -margin and difference.high <= margin:
        return f"no difference that matters: it is within {points} either way"
    if difference.low >= -margin:
        return f"not shown to be better; not worse by more than {points}"
    return f"not decided: worse by more than {points} is not ruled out; more episodes narrow it"


def differing_settings(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Settings that differ and may matter, such as 'disturb: none, push'."""
    keys = sorted(({*first} & {*second}) - BESIDE_THE_POINT)
    return [f"{key}: {first[key]}, {second[key]}" for key in keys if first[key] != second[key]]


def _success(name: str, pairs: Sequence[Pair]) -> Compared:
    return _compared(name, pairs, lambda row: row.success)


def _compared(name: str, pairs: Sequence[Pair], reached: Callable[[Row], bool]) -> Compared:
    before, after = ([reached(pair[side]) for pair in pairs] for side in (0, 1))
    rates = [wilson(sum(one), len(one)) for one in (before, after)]
    return Compared(name, rates[0], rates[1], paired_difference(before, after))


def _stages(pairs: Sequence[Pair]) -> list[Compared]:
    """How often at least so many goal facts held at the end, among goals with that many."""
    most = max(_goal_facts(pair) for pair in pairs)
    return [
        _compared(f"{count} or more", wide, _holding(count))
        for count in range(1, most + 1)
        if (wide := [pair for pair in pairs if _goal_facts(pair) >= count])
    ]


def _holding(count: int) -> Callable[[Row], bool]:
    return lambda row: row.goal_facts_held >= count


def _goal_facts(pair: Pair) -> int:
    return max(row.goal_facts for row in pair)


def _skills(first: Results, second: Results) -> list[SkillRates]:
    counts = [_skill_counts(results.rows) for results in (first, second)]
    names = sorted({*counts[0], *counts[1]})
    return [SkillRates(name, *(_rate(one.get(name)) for one in counts)) for name in names]


def _skill_counts(rows: Sequence[Row]) -> dict[str, tuple[int, int]]:
    counts: dict[str, tuple[int, int]] = {}
    for row in rows:
        for name, (good, tried) in row.skills.items():
            before = counts.get(name, (0, 0))
            counts[name] = (before[0] + good, before[1] + tried)
    return counts


def _rate(counts: tuple[int, int] | None) -> Rate | None:
    return wilson(*counts) if counts and counts[1] else None


def _costs(pairs: Sequence[Pair]) -> list[Cost]:
    both = [pair for pair in pairs if pair[0].success and pair[1].success]
    measures: dict[str, Callable[[Row], float]] = {
        "robot time, s": lambda row: row.robot_time_s,
        "control steps": lambda row: row.control_steps,
        "skills carried out": lambda row: sum(tried for _, tried in row.skills.values()),
    }
    return [_cost(name, both, measure) for name, measure in measures.items() if both]


def _cost(name: str, pairs: Sequence[Pair], measure: Callable[[Row], float]) -> Cost:
    first, second = ([measure(pair[side]) for pair in pairs] for side in (0, 1))
    difference = median_interval([b - a for a, b in zip(first, second, strict=True)])
    return Cost(name, median_interval(first).value, median_interval(second).value, difference)


def _cases(cases: set[tuple[str, int]]) -> str:
    """Cases in words, such as 'tower with seeds 3, 4, 5 and 7 more; swap with seed 3'."""
    by_task: dict[str, list[int]] = {}
    for task, seed in sorted(cases):
        by_task.setdefault(task, []).append(seed)
    words = []
    for task, seeds in list(by_task.items())[:SHOWN_CASES]:
        shown = ", ".join(map(str, seeds[:SHOWN_CASES]))
        rest = f" and {len(seeds) - SHOWN_CASES} more" if len(seeds) > SHOWN_CASES else ""
        words.append(f"{task} with seed{'s' if len(seeds) > 1 else ''} {shown}{rest}")
    more = len(by_task) - SHOWN_CASES
    return "; ".join(words) + (f"; and {more} more tasks" if more > 0 else "")
