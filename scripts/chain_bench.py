"""What every benchmark of the whole chain needs: trained controls and episodes kept on disk.

An episode's row is written as soon as it is over, in a folder named after what was evaluated and
its hash: an interrupted benchmark goes on where it stopped, and what was trained anew is never
scored with the episodes of what it replaced.
"""

import hashlib
import json
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from results import Figure, share
from safetensors.numpy import load_file

from robot_skills.cli import FAILED
from robot_skills.cli.progress import track
from robot_skills.core.arm import load_arm
from robot_skills.core.body import Body
from robot_skills.core.demonstration import Demonstration
from robot_skills.core.task import Task
from robot_skills.core.task_file import load_task
from robot_skills.nets.networks.network import INPUT_MEAN
from robot_skills.paths import find
from robot_skills.run.controls.flat import FlatRunner
from robot_skills.run.evaluate.episodes import Episode, Simulation, skill_counts
from robot_skills.run.evaluate.parallel import Build, RunCase, evaluate_in_processes
from robot_skills.run.evaluate.statistics import Rate, wilson
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.segment.config import Method, SegmentConfig
from robot_skills.segment.segmenter import segment
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.storage.atomic import write_text
from robot_skills.storage.segments import SegmentTable, save_segments
from robot_skills.train.learning.cloning import CloningConfig

CONTROL_MIN_LENGTH_S = 1.0  # a gripper that opens to let go and closes at once is one event
TRAINING_THREADS = 1  # two gain a third on idle cores, and crawl where something else runs
COMPLAINT = "robot-skills: "  # how the last line of a command begins that could not do its work
LINES_KEPT = 50
CUTS = {
    "gripper_cuts": Method.GRIPPER,
    "equal_cuts": Method.EQUAL,
    "random_cuts": Method.RANDOM,
    "kernelcpd": Method.KERNEL,
}


@dataclass(frozen=True)
class Row:
    """What came of one episode, as kept on disk.

    `final` are the facts that held at the end, as text; `skills` counts (good, tried) runs.
    """

    goal: str
    seen: bool
    seed: int
    success: bool
    first_try: bool
    seconds: float
    reason: str = ""
    final: tuple[str, ...] = ()
    skills: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def row_of(episode: Episode) -> Row:
    """An episode as plain values."""
    trace = episode.trace
    return Row(
        goal=episode.goal,
        seen=episode.seen,
        seed=episode.seed,
        success=episode.success,
        first_try=episode.first_try,
        seconds=trace.seconds if trace else 0.0,
        reason=episode.reason,
        final=tuple(str(fact) for fact in sorted(trace.final_facts)) if trace else (),
        skills=skill_counts([episode]),
    )


def plain_row(episode: Episode) -> dict[str, Any]:
    """An episode's row as a table."""
    return asdict(row_of(episode))


def read_row(table: Mapping[str, Any]) -> Row:
    """The row of a table that `plain_row` made."""
    skills = {name: (good, tried) for name, (good, tried) in table["skills"].items()}
    return Row(**{**table, "final": tuple(table["final"]), "skills": skills})


@dataclass(frozen=True)
class Contender:
    """What is evaluated: a name, how a process builds it, and a key that changes when it does.

    `plain` makes of what came of an episode what is kept on disk.
    """

    name: str
    build: Build[Any]
    key: str
    plain: Callable[[Any], Any] = plain_row


@dataclass(frozen=True)
class Keeping:
    """Builds what runs an episode and leaves what came of it in `folder`."""

    contender: Contender
    folder: Path

    def __call__(self) -> RunCase[None]:
        """A function from goal and seed that runs the episode and keeps what came of it."""
        run_case = self.contender.build()

        def run_and_keep(goal: str, seed: int) -> None:
            text = json.dumps(self.contender.plain(run_case(goal, seed))) + "\n"
            write_text(row_file(self.folder, goal, seed), text)

        return run_and_keep


def row_file(folder: Path, goal: str, seed: int) -> Path:
    """Where the row of an episode is kept."""
    return folder / f"{goal}_{seed}.json"


def evaluate(
    contender: Contender, wanted: Sequence[tuple[str, int]], work: Path, workers: int
) -> list[Row]:
    """Rows of every (goal, seed) wanted, in order; only those that `work` lacks are run."""
    return [read_row(table) for table in kept_results(contender, wanted, work, workers)]


def kept_results(
    contender: Contender, wanted: Sequence[tuple[str, int]], work: Path, workers: int
) -> list[Any]:
    """What the contender's `plain` made of every (goal, seed) wanted, in order."""
    folder = work / contender.name / contender.key
    missing = [case for case in wanted if not row_file(folder, *case).is_file()]
    print(f"{contender.name}: {len(wanted)} episodes, {len(missing)} to run", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    if missing:
        evaluate_in_processes(Keeping(contender, folder), missing, workers, track)
    return [json.loads(row_file(folder, *case).read_text()) for case in wanted]


def file_key(*files: Path) -> str:
    """A short hash of files; a library's library.toml holds the hashes of all its others."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def library_key(library: Path) -> str:
    """A short hash of everything in a library."""
    return file_key(library / "library.toml")


def train_library(demonstrations: Path, out: Path, *flags: str) -> str:
    """Train as a user would, unless `out` is there; returns why it could not be, or "".

    An interrupted training goes on.
    """
    if out.is_dir():
        return ""
    threads = ("--threads", str(TRAINING_THREADS))
    return run_verb("train", str(demonstrations), "--out", str(out), *threads, *flags)


def run_verb(*words: str) -> str:
    """Run a command of robot-skills; returns what it found wrong with its input, or "".

    Raises RuntimeError when the command itself breaks.
    """
    command = [sys.executable, "-m", "robot_skills", *words]
    last: deque[str] = deque(maxlen=LINES_KEPT)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            print(line, end="", file=sys.stderr, flush=True)
            last.append(line)
    if process.returncode == 0:
        return ""
    if process.returncode != FAILED or not last or not last[-1].startswith(COMPLAINT):
        raise RuntimeError(f"{' '.join(command)} failed:\n{''.join(last)}")
    return last[-1].removeprefix(COMPLAINT).strip()


def cut_as_control(name: str, demonstrations: Sequence[Demonstration], file: Path) -> Path:
    """The table of segments of a control among CUTS, made unless `file` is there."""
    if not file.is_file():
        config = SegmentConfig(method=CUTS[name], min_length_s=CONTROL_MIN_LENGTH_S)
        segments = tuple(segment(demonstrations, config))
        rates = {one.name: one.rate_hz for one in demonstrations}
        file.parent.mkdir(parents=True, exist_ok=True)
        save_segments(file, SegmentTable(segments, rates, {"method": CUTS[name].value}))
    return file


def scene_of(env: str, arm: str) -> tuple[Task, Body]:
    """A task and an arm by name."""
    profile = load_arm(find("assets/arms", arm))
    return load_task(find("envs", env)), Body(profile, MujocoKinematics(profile))


@dataclass(frozen=True)
class FlatCases:
    """Builds, in each process, what runs a policy without skills for a goal and a seed."""

    weights: Path
    env: str
    arm: str
    limit_steps: int

    def __call__(self) -> RunCase[Episode]:
        """A function from goal and seed to the episode that came of them."""
        task, body = scene_of(self.env, self.arm)
        weights = load_file(self.weights)
        network = CloningConfig().network(weights[INPUT_MEAN].size)
        runner = FlatRunner(weights, network, task, body)
        simulation = Simulation(task, body)

        def run_case(goal: str, seed: int) -> Episode:
            robot, situation = simulation.start(goal, seed)
            trace = runner.run(robot, situation.goal.facts, self.limit_steps)
            return Episode(goal, situation.goal.seen, seed, trace.success, trace)

        return run_case


def step_limit(demonstrations: Sequence[Demonstration]) -> int:
    """Control steps for a policy without skills: as the executor's, over the longest recording."""
    return round(ExecutorConfig().limit * max(one.steps for one in demonstrations))


def rate(rows: Sequence[Row]) -> Rate:
    """Share of successes; InputError where there are no rows."""
    return wilson(sum(row.success for row in rows), len(rows))


def share_or_none(rows: Sequence[Row], why_none: str) -> Figure:
    """The rate of rows as a figure, or why there is none."""
    return share(rate(rows)) if rows else Figure(None, "share", note=why_none)


def goals_of(rows: Sequence[Row]) -> list[str]:
    """The tasks of rows, in order."""
    return list(dict.fromkeys(row.goal for row in rows))
