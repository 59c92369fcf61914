"""robot-skills compare: which of two libraries is better, on the same starts."""

import json
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from robot_skills.cli.provenance import library_identity

if TYPE_CHECKING:
    from rich.table import Table

    from robot_skills.run.evaluate.comparison import Compared, Comparison, Cost, SkillRates
    from robot_skills.run.evaluate.result_files import Results
    from robot_skills.run.evaluate.statistics import Difference, Median, Rate


@dataclass(frozen=True)
class Compare:
    """Say whether the second of two libraries is better, from episodes with the same starts.

    Libraries are run here; results files of robot-skills run --out are only read, and must hold
    the same tasks and seeds. Rates have Wilson's intervals, their paired difference Tango's: it
    leaves zero out just where McNemar's test finds a difference. All are at 95 %.
    """

    first: tyro.conf.Positional[Path]
    """A library, or a results file."""

    second: tyro.conf.Positional[Path]
    """The one to compare with it, of the same kind."""

    task: tuple[str, ...] = ()
    """Goals of the environment to run; all of them by default."""

    episodes: int = 20
    """Episodes a task."""

    env: str = ""
    """Environment: a name in envs/ or a folder with a task.toml; the libraries' own by default."""

    seed: int = 0
    """Seed of the first episode's start; the others count up from it."""

    workers: int = 2
    """Processes that evaluate at the same time; the result does not depend on it."""

    margin: float = 1.0
    """Difference in percentage points that would not matter."""

    out: Path | None = None
    """Folder for both results files; with it libraries need not be run again."""

    json: bool = False
    """Print JSON instead of tables."""

    def run(self) -> None:
        """Run or read both, and print what differs."""
        from robot_skills.run.evaluate.comparison import compare_results, decision

        first, second = self._results()
        comparison = compare_results(first, second)
        verdict = decision(comparison.total.difference, self.margin / 100)
        if self.json:
            print(json.dumps({**_plain(asdict(comparison)), "decision": verdict}, indent=2))
            return
        print(f"first:  {self.first}\nsecond: {self.second}\n")
        print_comparison(comparison)
        print(f"second - first: {comparison.total.difference}\n{verdict}")

    def _results(self) -> "tuple[Results, Results]":
        from robot_skills.core.errors import InputError
        from robot_skills.run.evaluate.result_files import load_results

        if self.episodes < 1 or self.margin < 0:
            raise InputError(
                f"--episodes must be at least 1 and --margin 0; found {self.episodes}, "
                f"{self.margin:g}"
            )
        files = [path.is_file() for path in (self.first, self.second)]
        if all(files):
            return load_results(self.first), load_results(self.second)
        if any(files):
            raise InputError("give two libraries or two results files, not one of each")
        self._check_libraries()
        return self._evaluated(self.first, "first"), self._evaluated(self.second, "second")

    def _check_libraries(self) -> None:
        from robot_skills.core.errors import InputError
        from robot_skills.core.task_file import load_task
        from robot_skills.paths import find
        from robot_skills.storage.libraries import load_library
        from robot_skills.storage.writable import check_folder

        one, other = load_library(self.first), load_library(self.second)
        for key in ("task", "arm"):
            values = getattr(one, key), getattr(other, key)
            if values[0] != values[1] and not (key == "task" and self.env):
                raise InputError(
                    f"the libraries differ in {key}: {values[0]} and {values[1]}; give two of one "
                    f"{key}"
                )
        task = load_task(find("envs", self.env or one.task))
        for name in self.task:
            task.goal(name)
        if self.out is not None:
            check_folder(self.out)

    def _evaluated(self, folder: Path, name: str) -> "Results":
        """Episodes of one library, kept in --out where there is one."""
        from robot_skills.cli.progress import track
        from robot_skills.cli.run import results_document
        from robot_skills.cli.simulated import Simulated
        from robot_skills.run.evaluate.parallel import cases, evaluate_in_processes
        from robot_skills.run.evaluate.result_files import Results, read_row
        from robot_skills.storage.atomic import write_text

        simulated = Simulated(folder, self.env, "")
        _, task, _ = simulated.load()
        wanted = cases(self.task or tuple(task.goals), self.episodes, self.seed)
        episodes = evaluate_in_processes(simulated, wanted, self.workers, track)
        settings = {"env": self.env, "seed": self.seed, **library_identity(folder)}
        document = results_document(episodes, settings)
        if self.out is not None:
            text = json.dumps(document, indent=2, default=str) + "\n"
            write_text(self.out / f"{name}.json", text)
        rows = tuple(read_row(row) for row in document["episodes"])
        return Results(folder, rows, document["settings"])


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Values as JSON has them: an interval without ends has null for them."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [plain(one) for one in value]
        return None if isinstance(value, float) and not isfinite(value) else value

    return {key: plain(value) for key, value in values.items()}


def print_comparison(comparison: "Comparison") -> None:
    """Tables of tasks, stages, skills and costs."""
    from rich.console import Console

    console = Console()
    totals = comparison.totals if len(comparison.tasks) > 1 else ()
    console.print(_rates("task", comparison.tasks, totals))
    if len(comparison.stages) > 1:
        console.print(_rates("goal facts at the end", comparison.stages, ()))
    if comparison.skills:
        console.print(_skills(comparison.skills))
    if comparison.costs:
        console.print(_costs(comparison.costs))
    for line in comparison.settings:
        print(f"set differently: {line}")


def _rates(head: str, rows: "tuple[Compared, ...]", totals: "tuple[Compared, ...]") -> "Table":
    from rich.table import Column, Table

    table = Table(
        Column(head, no_wrap=True), "first %", "second %", "difference, points", "pairs", box=None
    )
    for row in rows:
        table.add_row(*_rate_cells(row))
    if totals:
        table.add_row()
    for row in totals:
        table.add_row(*_rate_cells(row), style="bold")
    table.add_row()
    return table


def _rate_cells(row: "Compared") -> tuple[str, ...]:
    pairs = str(row.difference.n)
    return row.name, _rate(row.first), _rate(row.second), _points(row.difference), pairs


def _skills(rows: "tuple[SkillRates, ...]") -> "Table":
    from rich.table import Table

    table = Table("skill: its effects hold after", "first %", "runs", "second %", "runs", box=None)
    for row in rows:
        counts = [str(rate.n) if rate else "0" for rate in (row.first, row.second)]
        table.add_row(row.name, _rate(row.first), counts[0], _rate(row.second), counts[1])
    table.add_row()
    return table


def _costs(rows: "tuple[Cost, ...]") -> "Table":
    from rich.table import Table

    heads = ("median where both succeed", "first", "second", "median of differences", "pairs")
    table = Table(*heads, box=None)
    for row in rows:
        difference = _median(row.difference)
        table.add_row(
            row.name, f"{row.first:.4g}", f"{row.second:.4g}", difference, str(row.difference.n)
        )
    table.add_row()
    return table


def _rate(rate: "Rate | None") -> str:
    return (
        f"{100 * rate.value:.0f} ({100 * rate.low:.0f}..{100 * rate.high:.0f})"
        if rate
        else "never ran"
    )


def _points(difference: "Difference") -> str:
    value, low, high = (100 * x for x in (difference.value, difference.low, difference.high))
    return f"{value:+.0f} ({low:+.1f}..{high:+.1f})"


def _median(median: "Median") -> str:
    if not isfinite(median.low):
        return f"{median.value:+.4g} (too few for an interval)"
    return f"{median.value:+.4g} ({median.low:+.4g}..{median.high:+.4g})"
