"""Two of robosuite's own tasks, Stack and NutAssembly, from scripted demonstrations to success.

    python scripts/bench_robosuite.py [--episodes 100] [--demonstrations 60] [--workers 1]

Records, trains as a user would, and evaluates on starts that robosuite's own resets give. Success
is what robosuite's `_check_success` says at the end; beside it stands how often the goal's facts
held. What is done is kept in --work, so an interrupted run goes on. Writes
docs/results/robosuite.json.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import tyro
from chain_bench import Contender, Row, evaluate, library_key, rate, train_library
from results import Figure, share, write_results

from robot_skills.cli.progress import track
from robot_skills.cli.simulated import Simulated
from robot_skills.core.facts import format_facts
from robot_skills.core.task import Task
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.record.session import SessionConfig, record_session
from robot_skills.run.evaluate.parallel import cases
from robot_skills.run.evaluate.statistics import wilson
from robot_skills.storage.atomic import write_text

SEED = 30_000  # of the evaluated starts; no demonstration used these
NAMES = ("Stack", "NutAssembly")


@dataclass(frozen=True)
class Bench:
    """Record, train and evaluate each task."""

    work: Path = Path("runs/bench_robosuite")
    """Folder for demonstrations, libraries and finished episodes."""

    demonstrations: int = 60
    """Demonstrations a task."""

    episodes: int = 100
    """Episodes a goal."""

    arm: str = "ur5e"
    """Arm: a name in assets/arms/ or a folder with a profile.toml."""

    workers: int = 1
    """Processes that record and evaluate at the same time."""

    def run(self) -> None:
        """Do what is missing, print and write."""
        figures: dict[str, Figure] = {}
        for name in NAMES:
            figures |= self._measure(name)
        file = write_results("robosuite", figures, range(SEED, SEED + self.episodes))
        for name, figure in figures.items():
            print(f"{name:<44} {figure.value} [{figure.low}, {figure.high}] {figure.note}")
        print(f"written to {file}")

    def _measure(self, name: str) -> dict[str, Figure]:
        task, folder = load_task(find("envs", f"robosuite:{name}")), self.work / name
        recorded, library = folder / "demonstrations", folder / "library"
        config = SessionConfig(
            env=f"robosuite:{name}", arm=self.arm, episodes=self.demonstrations, cameras=()
        )
        record_session(config, recorded, self.workers, track)
        minutes = _train(recorded, library, folder / "train.json")
        goals = (task.judged_goal, *(g.name for g in task.goals.values() if not g.seen))
        contender = Contender(name, Simulated(library), library_key(library))
        wanted = cases(goals, self.episodes, SEED)
        rows = evaluate(contender, wanted, self.work / "episodes", self.workers)
        made = Figure(float(self.demonstrations), "demonstrations")
        return {
            **_figures(name, task, rows),
            f"demonstrations/{name}": made,
            f"train_minutes/{name}": Figure(minutes, "min", note="two threads; cutting included"),
        }


def _train(demonstrations: Path, library: Path, kept: Path) -> float:
    """Minutes that the training took, now or when it was done."""
    if not kept.is_file():
        start_s = time.monotonic()
        failed = train_library(demonstrations, library)
        if failed:
            raise RuntimeError(f"{demonstrations}: {failed}")
        write_text(kept, json.dumps({"minutes": (time.monotonic() - start_s) / 60}) + "\n")
    return float(json.loads(kept.read_text())["minutes"])


def _figures(name: str, task: Task, rows: Sequence[Row]) -> dict[str, Figure]:
    judged = [row for row in rows if row.goal == task.judged_goal]
    goal = task.goal(task.judged_goal).facts
    held = sum({str(fact) for fact in goal} <= set(row.final) for row in judged)
    first = sum(row.first_try for row in judged)
    found = {
        f"robosuite_success/{name}": share(rate(judged), "robosuite's own _check_success"),
        f"facts_success/{name}": share(wilson(held, len(judged)), format_facts(goal)),
        f"first_try_success/{name}": share(wilson(first, len(judged)), "no skill repeated"),
        f"median_s/{name}": Figure(median(row.seconds for row in judged), "s", n=len(judged)),
    }
    for row in {row.goal: row for row in rows if not row.seen}.values():
        mine = [r for r in rows if r.goal == row.goal]
        facts = format_facts(task.goal(row.goal).facts)
        note = f"{facts}: nobody demonstrated it; by facts"
        found[f"unseen_success/{name}/{row.goal}"] = share(rate(mine), note)
    return found


if __name__ == "__main__":
    tyro.cli(Bench).run()
