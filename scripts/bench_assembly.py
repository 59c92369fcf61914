"""Peg insertion with 1 mm to spare: what cloning reaches, and what practice makes of it.

    python scripts/bench_assembly.py [--episodes 200] [--workers 2] [--refine]

The scripted operator is recorded, a library is trained on its unlabelled demonstrations and tried
from starts that it was not trained on. --refine lets the skill practise; a refined library that
is already in --work is tried from the same starts. All of it is kept in --work: interrupted, the
same command goes on. Writes docs/results/assembly.json.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro
from chain_bench import Contender, Row, evaluate, library_key, rate, run_verb, train_library
from results import RESULTS, Figure, share, write_results

from robot_skills.cli.simulated import Simulated
from robot_skills.core.errors import InputError
from robot_skills.run.evaluate.parallel import cases
from robot_skills.run.evaluate.statistics import paired_difference, wilson

ENV, ARM, GOAL = "assembly", "ur5e", "insert"
SEED = 30_000  # of the evaluated starts; training and practice never used these
NOT_YET = "not measured yet: --refine lets the skill practise"
UNREFINED = "the refined skill is not in the library: practice did not make it better"


@dataclass(frozen=True)
class Bench:
    """Record, train, evaluate, and where asked to, practise and evaluate again."""

    work: Path = Path("runs/bench_assembly")
    """Folder for recordings, libraries and finished episodes."""

    results: Path = RESULTS
    """Folder for assembly.json."""

    demonstrations: int = 60
    """Demonstrations to learn from."""

    episodes: int = 200
    """Starts to try each library from."""

    refine: bool = False
    """Let the skill practise, unless there is a refined library in --work."""

    minutes: float = 60.0
    """How long it may practise."""

    workers: int = 2
    """Processes at the same time."""

    def run(self) -> None:
        """Make what is missing, print and write."""
        rows = {"cloned": self._evaluate("cloned", self._cloned())}
        refined = self._refined()
        if refined is not None:
            rows["refined"] = self._evaluate("refined", refined)
        figures = _figures(rows, UNREFINED if self.refine else NOT_YET)
        seeds = range(SEED, SEED + self.episodes)
        file = write_results("assembly", figures, seeds, folder=self.results)
        for name, figure in figures.items():
            print(f"{name:<22} {figure.value} [{figure.low}, {figure.high}] {figure.note}")
        print(f"written to {file}")

    def _cloned(self) -> Path:
        recordings, library = self.work / "demonstrations", self.work / "library"
        count, workers = str(self.demonstrations), str(self.workers)
        words = ("--env", ENV, "--arm", ARM, "--episodes", count, "--workers", workers)
        _demand(run_verb("record", *words, "--cameras", "--out", str(recordings)))
        _demand(train_library(recordings, library))
        return library

    def _refined(self) -> Path | None:
        """The refined library, or None where there is none."""
        library, refined = self.work / "library", self.work / "refined"
        if self.refine and not refined.is_dir():
            time = ("--minutes", str(self.minutes), "--workers", str(self.workers))
            _demand(run_verb("refine", str(library), "--out", str(refined), *time))
        return refined if refined.is_dir() else None

    def _evaluate(self, name: str, library: Path) -> list[Row]:
        contender = Contender(name, Simulated(library), library_key(library))
        wanted = cases((GOAL,), self.episodes, SEED)
        return evaluate(contender, wanted, self.work / "episodes", self.workers)


def _demand(reason: str) -> None:
    if reason:
        raise InputError(reason)


def _figures(rows: dict[str, list[Row]], why_none: str) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for name in ("cloned", "refined"):
        found = rows.get(name, [])
        for key, figure in _of(found, why_none).items():
            figures[f"{name}_{key}"] = figure
    if "refined" in rows:
        pairs = [(a.success, b.success) for a, b in zip(*rows.values(), strict=True)]
        gain = paired_difference([a for a, _ in pairs], [b for _, b in pairs])
        figures["refined_gain"] = Figure(gain.value, "share", gain.low, gain.high, gain.n)
    return figures


def _of(rows: Sequence[Row], why_none: str) -> dict[str, Figure]:
    """Success at all and at the first try, or why there is none."""
    if not rows:
        return {"success": Figure(None, "share", note=why_none)}
    first = wilson(sum(row.first_try for row in rows), len(rows))
    return {"success": share(rate(rows)), "first_try": share(first)}


if __name__ == "__main__":
    tyro.cli(Bench).run()
