"""From rows of episodes to the figures of docs/results/kitchen.json."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from chain_bench import Row, goals_of, rate, share_or_none
from results import RESULTS, Figure, read_results, share

from robot_skills.core.facts import Fact, parse_facts
from robot_skills.core.task import GoalTemplate, Task
from robot_skills.run.evaluate.statistics import wilson

Columns = Mapping[str, Sequence[Row]]  # rows by column
NOT_RUN = "not run"
ALL_PARTITIONS = 3


def success_figures(found: Mapping[str, Columns], failed: Mapping[str, str]) -> dict[str, Figure]:
    """Seen and unseen success of every column over all partitions, and by partition.

    Every partition has as many episodes, so that the share of all is the mean of the partitions'.
    The headline is the refined library's where one was made.
    """
    figures: dict[str, Figure] = {}
    for column in _columns(found):
        why = failed.get(column, NOT_RUN)
        for kind, seen in (("seen", True), ("unseen", False)):
            name = f"{kind}_success_unrefined" if column == "skills" else f"{column}_{kind}_success"
            figures[name] = _over_partitions(found, column, seen, why)
            for letter, columns in found.items():
                mine = [row for row in columns.get(column, ()) if row.seen is seen]
                figures[f"partition/{letter}_{kind}/{column}"] = share_or_none(mine, why)
    return _headline(figures) | figures


def _over_partitions(
    found: Mapping[str, Columns], column: str, seen: bool, why_none: str
) -> Figure:
    letters = [k for k, cs in found.items() if any(r.seen is seen for r in cs.get(column, ()))]
    figure = share_or_none(_rows(found, column, seen), why_none)
    if figure.value is None or len(letters) == ALL_PARTITIONS:
        return figure
    return replace(figure, note=f"partition {' and '.join(letters)} alone")


def _headline(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    best = {}
    for kind in ("seen", "unseen"):
        plain = figures.get(f"{kind}_success_unrefined")
        refined = figures.get(f"refined_{kind}_success")
        if refined is not None and refined.value is not None:
            best[f"{kind}_success"] = refined
        elif plain is not None:
            note = "; ".join(filter(None, [plain.note, "no skill was refined"]))
            best[f"{kind}_success"] = replace(plain, note=note)
    return best


def task_figures(found: Mapping[str, Columns]) -> dict[str, Figure]:
    """Success by task where it is unseen, and of the default where it is seen."""
    figures: dict[str, Figure] = {}
    for column in _columns(found):
        rows = _rows(found, column, seen=False)
        for goal in goals_of(rows):
            figures[f"task/{goal}/{column}"] = share(rate([r for r in rows if r.goal == goal]))
    seen = _rows(found, "skills", seen=True)
    for goal in goals_of(seen):
        figures[f"task/{goal}/skills_seen"] = share(rate([r for r in seen if r.goal == goal]))
    return figures


def skill_figures(found: Mapping[str, Columns]) -> dict[str, Figure]:
    """How often each discovered skill brought its effects about, by partition."""
    figures: dict[str, Figure] = {}
    for letter, columns in found.items():
        rows = columns.get("skills", ())
        for skill in sorted({name for row in rows for name in row.skills}):
            counts = [row.skills[skill] for row in rows if skill in row.skills]
            good, tried = sum(c[0] for c in counts), sum(c[1] for c in counts)
            figures[f"skill/{skill}/{letter}"] = share(wilson(good, tried))
    return figures


def stage_figures(found: Mapping[str, Columns], task: Task) -> dict[str, Figure]:
    """Of the facts that unseen tasks ask for and that do not hold at the start, those reached."""
    figures: dict[str, Figure] = {}
    for column in _columns(found):
        stages = [s for row in _rows(found, column, seen=False) for s in stages_of(row, task)]
        by_kind: dict[str, list[bool]] = {}
        for kind, reached in stages:
            by_kind.setdefault(kind, []).append(reached)
        if stages:
            by_kind["any"] = [reached for _, reached in stages]
        for kind, results in sorted(by_kind.items()):
            figures[f"stage/{kind}/{column}"] = share(wilson(sum(results), len(results)))
    return figures


def stages_of(row: Row, task: Task) -> list[tuple[str, bool]]:
    """Each fact a task asks for, with types in the place of objects, and whether it was reached."""
    template = task.goal(row.goal)
    final = [_kind(fact, task) for text in row.final for fact in parse_facts(text)]
    stages = []
    for fact in sorted(template.facts - template.start):
        kind = _kind_asked(fact, template, task)
        stages.append((kind, kind in final))
        if kind in final:
            final.remove(kind)
    return stages


def _kind(fact: Fact, task: Task) -> str:
    names = [task.type_of(n) if n in task.objects else n for n in fact.arguments]
    return str(Fact(fact.predicate, tuple(names)))


def _kind_asked(fact: Fact, template: GoalTemplate, task: Task) -> str:
    return _kind(
        Fact(
            fact.predicate,
            tuple(
                template.variables.get(name.removeprefix("?"), name)
                if name.startswith("?")
                else name
                for name in fact.arguments
            ),
        ),
        task,
    )


def training_figure(minutes: Iterable[float | None]) -> Figure:
    """Minutes from demonstrations to library, mean over the partitions that were timed."""
    timed = [one for one in minutes if one is not None]
    if not timed:
        return Figure(None, "min", note="training was interrupted, so it was not timed")
    return Figure(fmean(timed), "min", min(timed), max(timed), len(timed), "least and most")


def peer_figures(trained: Mapping[str, Mapping[str, float] | None]) -> dict[str, Figure]:
    """How long robomimic's policies were trained and to what losses, by partition."""
    units = {"minutes": "min", "epochs": "", "train_loss": "", "validation_loss": ""}
    return {
        f"robomimic_training/{name}/{letter}": Figure(found[name], unit)
        for letter, found in trained.items()
        if found is not None
        for name, unit in units.items()
        if name in found
    }


def copied_figures(results: str, names: Iterable[str]) -> dict[str, Figure]:
    """Figures that another benchmark measured."""
    file = RESULTS / f"{results}.json"
    found: dict[str, Any] = read_results(file)["figures"] if file.is_file() else {}
    missing = Figure(None, "share", note=f"scripts/bench_{results}.py has not been run")
    return {name: Figure(**found[name]) if name in found else missing for name in names}


def _columns(found: Mapping[str, Columns]) -> list[str]:
    return list(dict.fromkeys(name for columns in found.values() for name in columns))


def _rows(found: Mapping[str, Columns], column: str, seen: bool) -> list[Row]:
    return [row for cs in found.values() for row in cs.get(column, ()) if row.seen is seen]
