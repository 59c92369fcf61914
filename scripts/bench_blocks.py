"""Success on the blocks tasks with the library that `make demo` trained, and its controls.

    make demo && python scripts/bench_blocks.py [--episodes 50] [--workers 2]

Every control is trained on the same demonstrations and evaluated on the same starts: the same
pipeline with gripper-event cuts, equal cuts and the true segments, and one flat goal-conditioned
policy without skills or plans. Goals given as facts, in which skills follow each other as in no
task, are tried with the library as well. Finished episodes are kept in --work, so an interrupted
run goes on. Writes docs/results/blocks.json.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro
from chain_bench import (
    Contender,
    FlatCases,
    Row,
    cut_as_control,
    evaluate,
    file_key,
    goals_of,
    library_key,
    rate,
    scene_of,
    share_or_none,
    step_limit,
    train_library,
)
from results import Figure, share, write_results
from safetensors.numpy import save_file

from robot_skills.cli.progress import track
from robot_skills.cli.simulated import Simulated
from robot_skills.core.demonstration import Demonstration
from robot_skills.core.skill import SkillLibrary
from robot_skills.run.evaluate.parallel import cases
from robot_skills.run.evaluate.statistics import wilson
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.storage.libraries import load_library
from robot_skills.train.controls.flat import train_flat
from robot_skills.train.history import read_history
from robot_skills.train.learning.cloning import CloningConfig

SEED = 20_000  # of the evaluated starts; training and tuning never used these
CONTROLS = ("gripper_cuts", "equal_cuts", "true_segments")
GIVEN = (
    "on(red, blue) in(green, drawer)",
    "on(red, blue) open(drawer)",
    "in(red, tray) open(drawer)",
    "in(blue, drawer) on(red, green) closed(drawer)",
)
NOTHING_RECURS = "no operator recurs in these segments"
FLAT_STEPS = 4 * CloningConfig().steps  # as many as the four skills learn for together


@dataclass(frozen=True)
class Bench:
    """Evaluate the demo's library and its controls."""

    demo: Path = Path("runs/demo")
    """Folder that `make demo` wrote."""

    work: Path = Path("runs/bench_blocks")
    """Folder for the controls and for finished episodes."""

    episodes: int = 50
    """Episodes a task."""

    workers: int = 2
    """Processes that evaluate at the same time."""

    def run(self) -> None:
        """Train what is missing, evaluate what is missing, print and write."""
        demonstrations = load_demonstrations(self.demo / "demonstrations")
        library = load_library(self.demo / "library")
        task, _ = scene_of(library.task, library.arm)
        wanted = cases(tuple(task.goals), self.episodes, SEED)
        contenders = [self._skills("skills", self.demo / "library")]
        contenders += [c for name in CONTROLS if (c := self._control(name, demonstrations))]
        contenders.append(self._flat(demonstrations, library))
        rows = {
            one.name: evaluate(one, wanted, self.work / "episodes", self.workers)
            for one in contenders
        }
        figures = _figures(rows) | self._given_figures() | _demo_figures(self.demo)
        seeds = range(SEED, SEED + self.episodes)
        file = write_results("blocks", figures, seeds, keep_others=True)
        for name, figure in figures.items():
            print(f"{name:<44} {figure.value} [{figure.low}, {figure.high}] {figure.note}")
        print(f"written to {file}")

    def _given_figures(self) -> dict[str, Figure]:
        wanted = cases(GIVEN, self.episodes, SEED)
        contender = self._skills("given", self.demo / "library")
        found = evaluate(contender, wanted, self.work / "episodes", self.workers)
        goals = {goal: rate([r for r in found if r.goal == goal]) for goal in GIVEN}
        return {
            "given_goals_success": share(rate(found), "given as facts; in no list"),
            **{f"given/{goal}": share(one) for goal, one in goals.items()},
        }

    def _skills(self, name: str, folder: Path) -> Contender:
        return Contender(name, Simulated(folder), library_key(folder))

    def _control(self, name: str, demonstrations: Sequence[Demonstration]) -> Contender | None:
        """A library from other segments; None where nothing recurs in them."""
        recordings, folder = self.demo / "demonstrations", self.work / name
        flags: tuple[str, ...] = ("--true-segments",)
        if name != "true_segments":
            table = self.work / "segments" / name / "segments.json"
            flags = ("--segments", str(cut_as_control(name, demonstrations, table)))
        failed = train_library(recordings, folder, *flags)
        print(f"{name}: {failed or folder}")
        return None if failed else self._skills(name, folder)

    def _flat(self, demonstrations: Sequence[Demonstration], library: SkillLibrary) -> Contender:
        file = self.work / "flat.safetensors"
        if not file.exists():
            task, body = scene_of(library.task, library.arm)
            histories = [read_history(d, task, body.kinematics) for d in demonstrations]
            config = CloningConfig(steps=FLAT_STEPS)
            self.work.mkdir(parents=True, exist_ok=True)
            save_file(train_flat(histories, task, config, seed=0, track=track), file)
        build = FlatCases(file, library.task, library.arm, step_limit(demonstrations))
        return Contender("flat", build, file_key(file))


def _figures(rows: dict[str, list[Row]]) -> dict[str, Figure]:
    seen = {name: [r for r in found if r.seen] for name, found in rows.items()}
    unseen = {name: [r for r in found if not r.seen] for name, found in rows.items()}
    goals = goals_of(rows["skills"])
    tasks = {goal: rate([r for r in rows["skills"] if r.goal == goal]) for goal in goals}
    worst = min(goals_of(unseen["skills"]), key=lambda goal: tasks[goal].value)
    first = [r for r in unseen["skills"] if r.first_try]
    figures = {
        "seen_success": share(rate(seen["skills"])),
        "unseen_success": share(rate(unseen["skills"])),
        "unseen_worst_task": share(tasks[worst], worst),
        "unseen_success_no_retry": share(wilson(len(first), len(unseen["skills"]))),
    }
    for name in (*CONTROLS, "flat"):
        prefix = "flat_unseen_success" if name == "flat" else f"unseen_success_{name}"
        other = "flat_seen_success" if name == "flat" else f"seen_success_{name}"
        figures[prefix] = share_or_none(unseen.get(name, []), NOTHING_RECURS)
        figures[other] = share_or_none(seen.get(name, []), NOTHING_RECURS)
    for goal in goals:
        for name, found in rows.items():
            mine = [r for r in found if r.goal == goal]
            figures[f"task/{goal}/{name}"] = share_or_none(mine, NOTHING_RECURS)
    return figures


def _demo_figures(folder: Path) -> dict[str, Figure]:
    measured = json.loads((folder / "demo.json").read_text())
    units = {
        "demo_minutes": "min",
        "setup_minutes": "min",
        "demo_peak_gb": "GB",
        "twin_completed": "1 or 0",
    }
    missing = "not measured: the demo was not made by `make demo`"
    return {
        name: Figure(measured.get(name), unit, note=missing if measured.get(name) is None else "")
        for name, unit in units.items()
    }


if __name__ == "__main__":
    tyro.cli(Bench).run()
