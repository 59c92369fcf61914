"""Success on the blocks tasks with the library that `make demo` trained, and its controls.

    make demo && python scripts/bench_blocks.py [--episodes 50] [--workers 2]

Every control is trained on the same demonstrations and evaluated on the same starts: the same
pipeline with gripper-event cuts, equal cuts and the true segments, and one flat goal-conditioned
policy without skills or plans. Finished episodes are kept in --work, so an interrupted run goes
on. Writes docs/results/blocks.json.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from results import Figure, write_results
from safetensors.numpy import load_file, save_file

from robot_skills.cli.progress import track
from robot_skills.cli.simulated import Simulated
from robot_skills.core.arm import load_arm
from robot_skills.core.body import Body
from robot_skills.core.demonstration import Demonstration, Segment
from robot_skills.core.errors import InputError, NoPlanError
from robot_skills.core.skill import SkillLibrary
from robot_skills.core.task import Task
from robot_skills.core.task_file import load_task
from robot_skills.nets.chunk_mlp import ChunkShape
from robot_skills.paths import find
from robot_skills.plan import make_plan
from robot_skills.run.evaluation import Episode, Simulation
from robot_skills.run.executor import ExecutorConfig
from robot_skills.run.flat import FlatRunner
from robot_skills.run.parallel import RunCase, cases, evaluate_in_processes
from robot_skills.run.statistics import Rate, wilson
from robot_skills.segment.config import Method, SegmentConfig
from robot_skills.segment.segmenter import segment
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.storage.atomic import write_text
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.storage.libraries import load_library, save_library
from robot_skills.storage.truth import load_truth
from robot_skills.train.cloning import CloningConfig
from robot_skills.train.flat import train_flat
from robot_skills.train.history import read_history
from robot_skills.train.trainer import TrainConfig, train

SEED = 20_000  # of the evaluated starts; training and tuning never used these
CONTROL_MIN_LENGTH_S = 1.0  # a gripper that opens to let go and closes at once is one event
CUTS = ("gripper_cuts", "equal_cuts", "true_segments")


@dataclass(frozen=True)
class Row:
    """What came of one episode, as kept on disk."""

    goal: str
    seen: bool
    seed: int
    success: bool
    first_try: bool


@dataclass(frozen=True)
class FlatCases:
    """Builds, in each process, what runs the flat policy for a goal and a seed."""

    weights: Path
    library: Path

    def __call__(self) -> RunCase[Episode]:
        """A function from goal and seed to the episode that came of them."""
        library = load_library(self.library)
        task, body = _scene(library)
        weights = load_file(self.weights)
        cloning = CloningConfig()
        shape = ChunkShape(weights["input_mean"].size, cloning.chunk, cloning.hidden)
        runner = FlatRunner(weights, shape, task, body)
        simulation = Simulation(task, body)

        def run_case(goal: str, seed: int) -> Episode:
            robot, situation = simulation.start(goal, seed)
            wanted = situation.goal.facts
            try:
                plan = make_plan(simulation.facts(robot), wanted, library, task, situation.objects)
            except NoPlanError as error:  # then the skills fail as well, and no time limit is known
                return Episode(goal, situation.goal.seen, seed, False, None, str(error))
            median = sum(library.skill(step.skill).median_steps for step in plan.steps)
            success = runner.run(robot, wanted, round(ExecutorConfig().limit * median))
            return Episode(goal, situation.goal.seen, seed, success, None)

        return run_case


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
        self._claim()
        task, body = _scene(library)
        rows = {"skills": self._evaluate("skills", task, Simulated(self.demo / "library"))}
        for name in CUTS:
            folder = self._library(name, demonstrations, task, body)
            rows[name] = self._evaluate(name, task, Simulated(folder)) if folder else []
        flat = FlatCases(self._flat(demonstrations, task, body), self.demo / "library")
        rows["flat"] = self._evaluate("flat", task, flat)
        figures = _figures(rows) | _demo_figures(self.demo)
        seeds = range(SEED, SEED + self.episodes)
        file = write_results("blocks", figures, seeds, keep_others=True)
        for name, figure in figures.items():
            print(f"{name:<44} {figure.value} [{figure.low}, {figure.high}] {figure.note}")
        print(f"written to {file}")

    def _claim(self) -> None:
        """Keep finished episodes of one library apart from those of another."""
        measured = self.demo / "library" / "library.toml"  # it holds the hash of every other file
        digest, mark = hashlib.sha256(measured.read_bytes()).hexdigest(), self.work / "library"
        if mark.exists() and mark.read_text() != digest:
            raise InputError(
                f"{self.work} holds episodes of another library than {measured.parent}; "
                "remove it or choose another --work"
            )
        self.work.mkdir(parents=True, exist_ok=True)
        write_text(mark, digest)

    def _library(
        self, name: str, demonstrations: Sequence[Demonstration], task: Task, body: Body
    ) -> Path | None:
        folder = self.work / name
        if folder.exists():
            return folder
        segments = self._segments(name, demonstrations)
        try:
            trained = train(demonstrations, segments, task, body.kinematics, TrainConfig(), track)
        except InputError as error:
            print(f"{name}: {error}")
            return None
        save_library(folder, trained.library)
        return folder

    def _segments(self, name: str, demonstrations: Sequence[Demonstration]) -> list[Segment]:
        if name == "true_segments":
            truth = self.demo / "demonstrations"
            return [
                Segment(d.name, b.start, b.stop)
                for d in demonstrations
                for b in load_truth(truth, d.name).behaviours
            ]
        method = {"gripper_cuts": Method.GRIPPER, "equal_cuts": Method.EQUAL}[name]
        config = SegmentConfig(method=method, min_length_s=CONTROL_MIN_LENGTH_S)
        return segment(demonstrations, config)

    def _flat(self, demonstrations: Sequence[Demonstration], task: Task, body: Body) -> Path:
        file = self.work / "flat.safetensors"
        if not file.exists():
            histories = [read_history(d, task, body.kinematics) for d in demonstrations]
            # As many steps as the four skills have together.
            config = CloningConfig(steps=4 * CloningConfig().steps)
            weights, _ = train_flat(histories, task, config, seed=0, track=track)
            self.work.mkdir(parents=True, exist_ok=True)
            save_file({n: np.ascontiguousarray(a) for n, a in weights.items()}, file)
        return file

    def _evaluate(self, name: str, task: Task, build: Simulated | FlatCases) -> list[Row]:
        rows: list[Row] = []
        for goal in task.goals:
            file = self.work / "episodes" / name / f"{goal}_{self.episodes}.json"
            if not file.exists():
                wanted = cases([goal], self.episodes, SEED)
                found = evaluate_in_processes(build, wanted, self.workers, track)
                done = [vars(Row(e.goal, e.seen, e.seed, e.success, e.first_try)) for e in found]
                file.parent.mkdir(parents=True, exist_ok=True)
                write_text(file, json.dumps(done))
            mine = [Row(**row) for row in json.loads(file.read_text())]
            print(f"{name:<14} {goal:<24} {_rate(mine)}", flush=True)
            rows += mine
        return rows


def _scene(library: SkillLibrary) -> tuple[Task, Body]:
    task = load_task(find("envs", library.task))
    arm = load_arm(find("assets/arms", library.arm))
    return task, Body(arm, MujocoKinematics(arm))


def _rate(rows: Sequence[Row]) -> Rate:
    return wilson(sum(row.success for row in rows), len(rows))


def _share(rate: Rate, note: str = "") -> Figure:
    return Figure(rate.value, "share", rate.low, rate.high, rate.n, note)


def _figures(rows: dict[str, list[Row]]) -> dict[str, Figure]:
    seen = {name: [r for r in found if r.seen] for name, found in rows.items()}
    unseen = {name: [r for r in found if not r.seen] for name, found in rows.items()}
    tasks = {g: _rate([r for r in rows["skills"] if r.goal == g]) for g in _goals(rows["skills"])}
    worst = min({r.goal for r in unseen["skills"]}, key=lambda goal: tasks[goal].value)
    first = [r for r in unseen["skills"] if r.first_try]
    figures = {
        "seen_success": _share(_rate(seen["skills"])),
        "unseen_success": _share(_rate(unseen["skills"])),
        "unseen_worst_task": _share(tasks[worst], worst),
        "unseen_success_no_retry": _share(wilson(len(first), len(unseen["skills"]))),
    }
    for name in (*CUTS, "flat"):
        prefix = "flat_unseen_success" if name == "flat" else f"unseen_success_{name}"
        other = "flat_seen_success" if name == "flat" else f"seen_success_{name}"
        figures[prefix] = _or_none(unseen[name])
        figures[other] = _or_none(seen[name])
    for name, found in rows.items():
        figures |= {
            f"task/{goal}/{name}": _or_none([r for r in found if r.goal == goal])
            for goal in _goals(rows["skills"])
        }
    return figures


def _goals(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row.goal for row in rows))


def _or_none(rows: Sequence[Row]) -> Figure:
    if not rows:
        return Figure(None, "share", note="no operator recurs in these segments")
    return _share(_rate(rows))


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
