"""Success on the kitchen's tasks that nobody demonstrated, and of everything it is compared with.

    python scripts/bench_kitchen.py [--quick] [--workers 2] [--partitions a b c] [--only flat]

For each partition, sixteen tasks are demonstrated six times each; a library is trained on these
recordings; all twenty-four tasks are carried out from starts that nothing was trained on. Every
control has the same recordings, the same starts and the same time. Finished episodes, libraries
and recordings are kept in --work: interrupted, the same command goes on. Writes
docs/results/kitchen.json.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import tyro
from chain_bench import Row, evaluate, rate
from kitchen_columns import COLUMNS, Partition
from kitchen_figures import (
    copied_figures,
    skill_figures,
    stage_figures,
    success_figures,
    task_figures,
    training_figure,
)
from results import RESULTS, write_results

from robot_skills.core.errors import InputError, unknown_name

SEED = 40_000  # of the evaluated starts; training and tuning never used these
LETTERS = ("a", "b", "c")
QUICK_COLUMNS = ("skills", "true_segments", "meta_controller", "flat")
COPIED = {"success/*": "robosuite_success/"}


@dataclass(frozen=True)
class Bench:
    """Train and evaluate the kitchen's library and its controls, in every partition."""

    work: Path = Path("runs/bench_kitchen")
    """Folder for recordings, libraries and finished episodes."""

    results: Path = RESULTS
    """Folder for kitchen.json."""

    partitions: tuple[str, ...] = LETTERS
    """Which thirds of the tasks to hold out, one after the other."""

    only: tuple[str, ...] = ()
    """Columns to make; all of them by default, and those already in the results stay."""

    episodes: int = 20
    """Episodes of each unseen task, and of each seen task with the default."""

    control_seen_episodes: int = 5
    """Episodes of each seen task with a control."""

    workers: int = 2
    """Processes that record and evaluate at the same time."""

    quick: bool = False
    """One partition, few columns and few episodes: under twenty minutes on two cores."""

    def run(self) -> None:
        """Train what is missing, evaluate what is missing, print and write."""
        bench = self._quicker() if self.quick else self
        bench._check()
        found: dict[str, dict[str, list[Row]]] = {}
        failed: dict[str, str] = {}
        partitions = [Partition(letter, bench.work / letter) for letter in bench.partitions]
        for partition in partitions:
            partition.record(bench.workers)
            found[partition.letter] = {
                column: bench._column(column, partition, failed) for column in bench._columns()
            }
        figures = success_figures(found, failed) | task_figures(found) | skill_figures(found)
        figures |= stage_figures(found, partitions[0].task)
        figures["train_minutes"] = training_figure(p.train_minutes for p in partitions)
        figures |= copied_figures("robosuite", COPIED)
        seeds = range(SEED, SEED + bench.episodes)
        file = write_results(
            "kitchen", figures, seeds, folder=bench.results, keep_others=bool(bench.only)
        )
        for name, figure in figures.items():
            print(f"{name:<52} {figure.value} [{figure.low}, {figure.high}] {figure.note}")
        print(f"written to {file}")

    def _quicker(self) -> "Bench":
        return replace(
            self,
            partitions=self.partitions[:1],
            only=self.only or QUICK_COLUMNS,
            episodes=min(self.episodes, 2),
            control_seen_episodes=0,
        )

    def _check(self) -> None:
        for letter in self.partitions:
            if letter not in LETTERS:
                raise unknown_name("partition", letter, LETTERS)
        for column in self.only:
            if column not in COLUMNS:
                raise unknown_name("column", column, COLUMNS)
        if self.episodes < 1:
            raise InputError(f"--episodes must be at least 1; found {self.episodes}")

    def _columns(self) -> Sequence[str]:
        return self.only or tuple(COLUMNS)

    def _column(self, column: str, partition: Partition, failed: dict[str, str]) -> list[Row]:
        """Rows of a column in a partition; none, and why in `failed`, where it has no skills."""
        contender = partition.contender(column)
        if isinstance(contender, str):
            print(f"{partition.letter} {column}: {contender}", flush=True)
            failed[column] = contender
            return []
        wanted = self._cases(column, partition)
        rows = evaluate(contender, wanted, partition.work / "episodes", self.workers)
        for kind, seen in (("seen", True), ("unseen", False)):
            mine = [row for row in rows if row.seen is seen]
            print(f"{partition.letter} {column:<16} {kind:<7} {rate(mine) if mine else '-'}")
        return rows

    def _cases(self, column: str, partition: Partition) -> list[tuple[str, int]]:
        """Goals and seeds, one round of all tasks after the other."""
        few = self.episodes if column == "skills" else self.control_seen_episodes
        return [
            (goal.name, SEED + number)
            for number in range(self.episodes)
            for goal in partition.task.goals.values()
            if not goal.seen or number < few
        ]


if __name__ == "__main__":
    tyro.cli(Bench).run()
