"""Success on the kitchen's tasks that nobody demonstrated, and of everything it is compared with.

    python scripts/bench_kitchen.py [--quick] [--workers 2] [--partitions a b c] [--only flat]

For each partition, sixteen tasks are demonstrated six times each; a library is trained on these
recordings; all twenty-four tasks are carried out from starts that nothing was trained on. Every
control has the same recordings, the same starts and the same time. Finished episodes, libraries
and recordings are kept in --work: interrupted, the same command goes on. Writes
docs/results/kitchen.json.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import tyro
from chain_bench import Row, evaluate, kept_results, rate
from kitchen_columns import COLUMNS, Partition
from kitchen_discovery import discovery_figures
from kitchen_figures import (
    copied_figures,
    peer_figures,
    skill_figures,
    stage_figures,
    success_figures,
    task_figures,
    training_figure,
)
from kitchen_recovery import NO_PAIRS, alarm_figures, disturbed, outcomes, recovery_figures
from results import RESULTS, Figure, write_results

from robot_skills.core.errors import InputError, unknown_name

SEED = 40_000  # of the evaluated starts; training and tuning never used these
LETTERS = ("a", "b", "c")
RECOVERY = "recovery"
DISCOVERY = "discovery"
QUICK_EPISODES = 2
NAMES = (*COLUMNS, RECOVERY, DISCOVERY)
QUICK_COLUMNS = ("skills", "true_segments", "meta_controller", "flat")
FULLY = ("skills", "refined")  # these get all episodes, of seen tasks as well
COPIED = ("robosuite_success/Stack", "robosuite_success/NutAssembly")


@dataclass(frozen=True)
class Bench:
    """Train and evaluate the kitchen's library and its controls, in every partition."""

    work: Path = Path("runs/bench_kitchen")
    """Folder for recordings, libraries and finished episodes."""

    results: Path = RESULTS
    """Folder for kitchen.json."""

    robomimic: Path = Path("runs/robomimic_venv")
    """robomimic's environment, as scripts/peer_robomimic.py makes it."""

    partitions: tuple[str, ...] = LETTERS
    """Which thirds of the tasks to hold out, one after the other."""

    only: tuple[str, ...] = ()
    """Columns to make; all of them by default, and those already in the results stay."""

    episodes: int = 20
    """Episodes of each task with the default, refined or not."""

    control_episodes: int = 10
    """Episodes of each unseen task with anything else: the first of the same starts."""

    control_seen_episodes: int = 2
    """Episodes of each seen task with anything else."""

    recovery_episodes: int = 5
    """Starts of each unseen task that are disturbed, once in every way."""

    refine_minutes: float = 0.0
    """Minutes of practice for the column refined; 0 evaluates only what practised before."""

    workers: int = 2
    """Processes that record and evaluate at the same time."""

    quick: bool = False
    """One partition, few columns and few episodes: under twenty minutes on two cores."""

    def run(self) -> None:
        """Train what is missing, evaluate what is missing, print and write."""
        self._check()
        bench = self._quicker() if self.quick else self
        figures = bench._figures()
        seeds = range(SEED, SEED + bench.episodes)
        keep = bool(bench.only)
        file = write_results("kitchen", figures, seeds, folder=bench.results, keep_others=keep)
        for name, figure in figures.items():
            print(f"{name:<52} {figure.value} [{figure.low}, {figure.high}] {figure.note}")
        print(f"written to {file}")

    def _check(self) -> None:
        for letter in self.partitions:
            if letter not in LETTERS:
                raise unknown_name("partition", letter, LETTERS)
        for column in self.only:
            if column not in NAMES:
                raise unknown_name("column", column, NAMES)
        if min(self.episodes, self.control_episodes) < 1:
            found = f"{self.episodes} and {self.control_episodes}"
            raise InputError(f"--episodes and --control-episodes must be at least 1; found {found}")

    def _quicker(self) -> "Bench":
        return replace(
            self,
            partitions=self.partitions[:1],
            only=self.only or QUICK_COLUMNS,
            episodes=min(self.episodes, QUICK_EPISODES),
            control_episodes=min(self.control_episodes, QUICK_EPISODES),
            control_seen_episodes=0,
        )

    def _figures(self) -> dict[str, Figure]:
        found: dict[str, dict[str, list[Row]]] = {}
        failed: dict[str, str] = {}
        partitions = self._recorded()
        for partition in partitions:
            found[partition.letter] = {
                column: self._rows(column, partition, failed)
                for column in self.only or COLUMNS
                if column in COLUMNS
            }
        figures = success_figures(found, failed) | task_figures(found) | skill_figures(found)
        figures |= stage_figures(found, partitions[0].task)
        figures |= self._recovery(partitions)
        if not self.only or DISCOVERY in self.only:
            figures |= discovery_figures(partitions)
        figures |= peer_figures({p.letter: p.peer_training for p in partitions})
        figures["train_minutes"] = training_figure(p.train_minutes for p in partitions)
        return figures | copied_figures("robosuite", COPIED)

    def _recorded(self) -> list[Partition]:
        python = self.robomimic.absolute() / "bin" / "python"
        partitions = [
            Partition(letter, self.work / letter, python, self.refine_minutes)
            for letter in self.partitions
        ]
        for partition in partitions:
            partition.record(self.workers)
        return partitions

    def _rows(self, column: str, partition: Partition, failed: dict[str, str]) -> list[Row]:
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
        unseen, seen = self.control_episodes, self.control_seen_episodes
        if column in FULLY:
            unseen = seen = self.episodes
        return [
            (goal.name, SEED + number)
            for number in range(max(unseen, seen))
            for goal in partition.task.goals.values()
            if number < (seen if goal.seen else unseen)
        ]

    def _recovery(self, partitions: list[Partition]) -> dict[str, Figure]:
        if self.only and RECOVERY not in self.only:
            return {}
        kept = []
        for partition in partitions:
            library = partition.best_library
            if library is None:
                return {"recovery_worst": Figure(None, "share", note=NO_PAIRS)}
            wanted = [
                (goal.name, SEED + number)
                for number in range(self.recovery_episodes)
                for goal in partition.task.goals.values()
                if not goal.seen
            ]
            work = partition.work / "episodes"
            kept += kept_results(disturbed(library), wanted, work, self.workers)
        return recovery_figures(outcomes(kept)) | alarm_figures(kept)


if __name__ == "__main__":
    tyro.cli(Bench).run()
