"""An unseen blocks task on the twins of three arms, at growing distance from what was trained.

    python scripts/bench_deploy.py [--arms ur5e fr3 so101] [--episodes 20] [--workers 1]

Each arm has a library of its own, recorded and trained here where --work holds none, and carries
out one task that nobody demonstrated: in plain simulation, and with `robot-skills deploy --twin`
at gap 0, 1 and 2 from the same seeds, through the vendor's client, the safety layer and the
twin's own protocol. Twins run in real time: more workers than idle cores make them late. Finished
episodes are kept in --work: interrupted, the same command goes on. Writes docs/results/deploy.json.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from chain_bench import library_key, run_verb, train_library
from results import Figure, share, write_results

from robot_skills.cli.progress import track
from robot_skills.core.errors import InputError, unknown_name
from robot_skills.run.evaluate.statistics import wilson

SEED = 50_000  # of the evaluated starts; training and tuning never used these
DEMONSTRATIONS = 80
GAPS = (0, 1, 2)
GOAL = "on(green, blue) on(red, green)"
ENVIRONMENTS = {"ur5e": "blocks", "fr3": "blocks", "so101": "blocks_so101"}
EPISODE_TIMEOUT_S = 600


@dataclass(frozen=True)
class Episode:
    """What came of one episode on a twin: the text of its fault is "" where none latched."""

    success: bool
    fault: str
    reason: str
    robot_s: float


@dataclass(frozen=True)
class Bench:
    """Carry one unseen task out in simulation and on twins."""

    work: Path = Path("runs/bench_deploy")
    """Folder for recordings, libraries and finished episodes."""

    arms: tuple[str, ...] = tuple(ENVIRONMENTS)
    """Which arms."""

    gaps: tuple[int, ...] = GAPS
    """How much the twins differ from training."""

    episodes: int = 20
    """Episodes of each arm and gap."""

    workers: int = 1
    """Twins that run at the same time."""

    priority: int = 0
    """SCHED_FIFO priority of the control processes, as `deploy --control.priority` gives it."""

    def run(self) -> None:
        """Train and run what is missing, print and write."""
        for arm in self.arms:
            if arm not in ENVIRONMENTS:
                raise unknown_name("arm", arm, tuple(ENVIRONMENTS))
        figures: dict[str, Figure] = {}
        for arm in self.arms:
            figures |= self._figures(arm)
        seeds = range(SEED, SEED + self.episodes)
        file = write_results("deploy", figures, seeds, keep_others=True)
        for name, figure in figures.items():
            print(f"{name:<36} {figure.value} [{figure.low}, {figure.high}] {figure.note}")
        print(f"written to {file}")

    def _figures(self, arm: str) -> dict[str, Figure]:
        library = self._library(arm)
        figures = {f"{arm}_simulation_success": self._simulation(arm, library)}
        for gap in self.gaps:
            found = self._on_twin(arm, library, gap)
            faults = sum(bool(e.fault) for e in found)
            hours = sum(e.robot_s for e in found) / 3600
            figures |= {
                f"{arm}_success_gap_{gap}": share(
                    wilson(sum(e.success for e in found), len(found)), failures(found)
                ),
                f"{arm}_faults_gap_{gap}": Figure(
                    faults, "latched", n=len(found), note=f"in {60 * hours:.0f} min of robot time"
                ),
            }
        return figures

    def _library(self, arm: str) -> Path:
        recordings, library = self.work / arm / "demonstrations", self.work / arm / "library"
        flags = ("--env", ENVIRONMENTS[arm], "--arm", arm, "--episodes", str(DEMONSTRATIONS))
        run_verb("record", "--out", str(recordings), *flags)
        if failed := train_library(recordings, library):
            raise InputError(f"{library}: {failed}")
        return library

    def _simulation(self, arm: str, library: Path) -> Figure:
        file = self.work / arm / f"simulation_{library_key(library)}.json"
        if not file.exists():
            flags = ("--goal", GOAL, "--episodes", str(self.episodes), "--seed", str(SEED))
            run_verb("run", "--library", str(library), "--out", str(file), *flags)
        rows = json.loads(file.read_text())["episodes"]
        return share(wilson(sum(bool(row["success"]) for row in rows), len(rows)))

    def _on_twin(self, arm: str, library: Path, gap: int) -> list[Episode]:
        folder = self.work / arm / f"gap_{gap}_{library_key(library)}"
        folder.mkdir(parents=True, exist_ok=True)
        seeds = range(SEED, SEED + self.episodes)
        files = [folder / f"{seed}.json" for seed in seeds]
        missing = [s for s, f in zip(seeds, files, strict=True) if not f.exists()]
        with ThreadPoolExecutor(self.workers) as pool:
            started = [pool.submit(self._deploy, arm, library, gap, s, folder) for s in missing]
            for one in track(started, f"{arm} gap {gap}"):
                one.result()
        return [read_episode(file) for file in files]

    def _deploy(self, arm: str, library: Path, gap: int, seed: int, folder: Path) -> None:
        out = folder / f"{seed}.json"
        words = ["--twin", arm, "--env", ENVIRONMENTS[arm], "--library", str(library)]
        words += ["--goal", GOAL, "--seed", str(seed), "--gap", str(gap), "--out", str(out)]
        words += ["--control.priority", str(self.priority)]
        command = [sys.executable, "-m", "robot_skills", "deploy", *words]
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=EPISODE_TIMEOUT_S, check=False
        )
        if not out.exists():
            raise InputError(f"{' '.join(command)}\n{ended.stdout}{ended.stderr}")


def read_episode(file: Path) -> Episode:
    """What `robot-skills deploy --out` wrote."""
    row: dict[str, Any] = json.loads(file.read_text())["episodes"][0]
    reason = str(row.get("reason", ""))
    ended_by_fault = not row.get("robot_time_s") and bool(reason)
    fault = reason if ended_by_fault else ""
    return Episode(bool(row["success"]), fault, reason, float(row.get("robot_time_s", 0.0)))


def failures(found: Sequence[Episode]) -> str:
    """Why episodes failed: how often what latched, what was exceeded, or the goal was missed."""
    kinds = Counter(failure(e) for e in found if not e.success)
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())


def failure(episode: Episode) -> str:
    """One failed episode in a few words."""
    if episode.fault:
        return episode.fault.removeprefix("latched: ").split(":")[0]
    return "limit exceeded" if "allowed" in episode.reason else "goal not reached"


if __name__ == "__main__":
    tyro.cli(Bench).run()
