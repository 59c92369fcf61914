"""The columns of the kitchen's table: how each contender is trained, and what runs it."""

import json
import time
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from chain_bench import (
    Contender,
    FlatCases,
    cut_as_control,
    file_key,
    library_key,
    run_verb,
    scene_of,
    step_limit,
    train_library,
)
from peer_cases import PeerCases, newest_checkpoint
from safetensors.numpy import load_file, save_file

from robot_skills.cli.progress import track
from robot_skills.cli.simulated import Simulated
from robot_skills.core.demonstration import Demonstration
from robot_skills.core.errors import NoPlanError
from robot_skills.core.task import Task
from robot_skills.core.task_file import load_task
from robot_skills.nets.meta_policy import MetaPolicy, meta_shape
from robot_skills.paths import find
from robot_skills.record.session import SessionConfig, record_session
from robot_skills.run.controls.meta_controller import MetaController
from robot_skills.run.evaluate.episodes import Episode, Simulation, run_episode
from robot_skills.run.evaluate.parallel import RunCase
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.storage.atomic import write_text
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.storage.libraries import load_library
from robot_skills.storage.segments import load_segments
from robot_skills.train.controls.flat import Stretches, random_windows, train_flat, whole
from robot_skills.train.controls.meta_controller import train_meta_controller
from robot_skills.train.discovery.splitting import split_recurring
from robot_skills.train.discovery.transitions import Transition, find_transitions
from robot_skills.train.history import History, read_history
from robot_skills.train.learning.cloning import CloningConfig
from robot_skills.train.trainer import TrainConfig

ARM = "ur5e"
CAMERAS = ("front", "wrist")
DEMONSTRATIONS_A_TASK = 6
FLAT_STEPS = 10 * CloningConfig().steps  # about as many as the skills learn for together
COLUMNS = {
    "skills": "the default: discovered segments, planner, executor",
    "true_segments": "the operator's real changes of behaviour instead of discovered ones",
    "gripper_cuts": "cuts where the gripper is commanded to open or close",
    "equal_cuts": "cuts at equal distances",
    "random_cuts": "as many cuts, anywhere",
    "kernelcpd": "change points under a Gaussian kernel",
    "meta_controller": "a cloned choice of the next skill instead of the planner",
    "random_windows": "one policy of hindsight goals over random windows, no skills",
    "flat": "one policy of hindsight goals over whole demonstrations, no skills",
    "robomimic": "robomimic's own BC-RNN on the same demonstrations and goals",
    "camera": "the default, its skills seeing through two cameras",
    "refined": "the default after practice of the skill that limits it most",
}
STRETCHES: dict[str, Stretches] = {"flat": whole, "random_windows": random_windows}


@dataclass(frozen=True)
class MetaCases:
    """Builds, in each process, what runs a library under the meta-controller."""

    weights: Path
    library: Path
    limit_steps: int

    def __call__(self) -> RunCase[Episode]:
        """A function from goal and seed to the episode that came of them."""
        library = load_library(self.library)
        task, body = scene_of(library.task, library.arm)
        policy = MetaPolicy(load_file(self.weights), meta_shape(library, task), task)
        choose = MetaController(policy, library, task)
        simulation = Simulation(task, body)

        def run_case(goal: str, seed: int) -> Episode:
            robot, situation = simulation.start(goal, seed)
            facts, wanted = simulation.facts(robot), situation.goal.facts
            try:
                first = choose(facts, wanted, situation.objects).steps[0]
            except NoPlanError as error:
                return Episode(goal, situation.goal.seen, seed, False, None, str(error))
            limit = self.limit_steps / library.skill(first.skill).median_steps
            config = replace(
                ExecutorConfig(), limit=limit, longer=1.0
            )  # of a plan that is one step long
            return run_episode(simulation, library, choose, goal, seed, config)

        return run_case


@dataclass(frozen=True)
class Partition:
    """One third of the tasks held out: the demonstrations of the others, and what is made of them.

    `work` is the folder that all of it is kept in; `robomimic` is the interpreter of robomimic's
    own environment; a refined library has practised for `refine_minutes`.
    """

    letter: str
    work: Path
    robomimic: Path
    refine_minutes: float = 0.0

    @property
    def env(self) -> str:
        """The environment that holds this part out."""
        return "kitchen" if self.letter == "a" else f"kitchen_{self.letter}"

    @cached_property
    def task(self) -> Task:
        """Its task."""
        return load_task(find("envs", self.env))

    @property
    def recordings(self) -> Path:
        """Folder of the demonstrations."""
        return self.work / "demonstrations"

    @cached_property
    def demonstrations(self) -> list[Demonstration]:
        """The recorded demonstrations."""
        return load_demonstrations(self.recordings)

    def record(self, workers: int) -> None:
        """Record what is missing: each seen task as often as DEMONSTRATIONS_A_TASK says."""
        record_session(self._session(()), self.recordings, workers, track)

    def _session(self, cameras: tuple[str, ...]) -> SessionConfig:
        seen = sum(goal.seen for goal in self.task.goals.values())
        episodes = DEMONSTRATIONS_A_TASK * seen
        return SessionConfig(env=self.env, arm=ARM, episodes=episodes, cameras=cameras)

    def contender(self, name: str) -> Contender | str:
        """A column, trained if it is not yet; text says why it could not be."""
        if name in STRETCHES:
            return self._flat(name)
        special = {
            "meta_controller": self._meta,
            "robomimic": self._robomimic,
            "refined": self._refined,
        }
        if name in special:
            return special[name]()
        folder = self.work / ("library" if name == "skills" else name)
        failed = self._train(name, folder)
        return failed or Contender(name, Simulated(folder), library_key(folder))

    @property
    def train_minutes(self) -> float | None:
        """Minutes from demonstrations to the default library; None where it was not timed."""
        file = self.work / "train_minutes.json"
        return float(json.loads(file.read_text())) if file.is_file() else None

    @property
    def peer_training(self) -> dict[str, float] | None:
        """Minutes, epochs and losses of robomimic's training; None where there was none."""
        file = self.work / "robomimic" / "trained.json"
        return dict(json.loads(file.read_text())) if file.is_file() else None

    @property
    def best_library(self) -> Path | None:
        """The refined library, else the default one, else None."""
        folders = (self.work / "library_refined", self.work / "library")
        return next((folder for folder in folders if folder.is_dir()), None)

    def _train(self, name: str, folder: Path) -> str:
        if name == "skills":
            return self._train_default(folder)
        if name == "true_segments":
            return train_library(self.recordings, folder, "--true-segments")
        if name == "camera":
            return self._train_seeing(folder)
        table = cut_as_control(name, self.demonstrations, self._table(name))
        return train_library(self.recordings, folder, "--segments", str(table))

    def _train_default(self, folder: Path) -> str:
        if folder.is_dir():
            return ""
        fresh = not any(self.work.glob("library*")) and not self._table("skills").exists()
        started_s = time.monotonic()
        self._segment()
        failed = train_library(self.recordings, folder, "--segments", str(self._table("skills")))
        minutes = (time.monotonic() - started_s) / 60
        if fresh and not failed:
            write_text(self.work / "train_minutes.json", json.dumps(minutes))
        return failed

    def _train_seeing(self, folder: Path) -> str:
        """Of the same episodes, recorded again with cameras, and the same segments."""
        if folder.is_dir():
            return ""
        self._segment()
        filmed = self.work / "filmed"
        record_session(self._session(CAMERAS), filmed, 1, track)
        flags = ("--input", "camera", "--cameras", *CAMERAS)
        return train_library(filmed, folder, "--segments", str(self._table("skills")), *flags)

    def _segment(self) -> None:
        if not self._table("skills").exists():
            out = str(self._table("skills").parent)
            flags = ("--out", out, "--workers", "2", "--no-pictures", "--no-page")
            run_verb("segment", str(self.recordings), *flags)

    def _table(self, name: str) -> Path:
        return self.work / "segments" / name / "segments.json"

    def _flat(self, name: str) -> Contender:
        file = self.work / f"{name}.safetensors"
        if not file.is_file():
            config = CloningConfig(steps=FLAT_STEPS)
            stretches = STRETCHES[name]
            save_file(train_flat(self.histories(), self.task, config, 0, track, stretches), file)
        limit = step_limit(self.demonstrations)
        return Contender(name, FlatCases(file, self.env, ARM, limit), file_key(file))

    def histories(self) -> list[History]:
        """The demonstrations as training sees them."""
        body = scene_of(self.env, ARM)[1]
        return [read_history(one, self.task, body.kinematics) for one in self.demonstrations]

    def _meta(self) -> Contender | str:
        library = self.contender("skills")
        if isinstance(library, str):
            return library
        folder, file = self.work / "library", self.work / f"meta_{library.key}.safetensors"
        if not file.is_file():
            skills, (found, _) = load_library(folder), self.transitions()
            save_file(train_meta_controller(found, skills, self.task, seed=0, track=track), file)
        build = MetaCases(file, folder, step_limit(self.demonstrations))
        return Contender("meta_controller", build, file_key(file, folder / "library.toml"))

    def transitions(self) -> tuple[list[Transition], int]:
        """What the default library was learned from, and how many make an operator."""
        segments = load_segments(self._table("skills")).segments
        cut, config = find_transitions(self.histories(), segments), TrainConfig()
        support = max(config.min_support, round(config.min_share * len(cut)))
        return split_recurring(cut, self.task, support), support

    def _robomimic(self) -> Contender | str:
        checkpoint = newest_checkpoint(self.work / "robomimic")
        if checkpoint is None:
            return "scripts/peer_robomimic.py has not been run"
        limit = step_limit(self.demonstrations)
        build = PeerCases(self.robomimic, checkpoint, self.env, ARM, limit)
        return Contender("robomimic", build, file_key(checkpoint))

    def _refined(self) -> Contender | str:
        plain = self.contender("skills")
        if isinstance(plain, str):
            return plain
        folder, done = self.work / "library_refined", self.work / f"practised_{plain.key}"
        if not folder.is_dir() and not done.exists():
            if not self.refine_minutes:
                return "nothing practised: --refine-minutes is 0"
            minutes = ("--minutes", str(self.refine_minutes))
            failed = run_verb("refine", str(self.work / "library"), "--out", str(folder), *minutes)
            if failed:
                return failed
            write_text(done, "")
        if not folder.is_dir():
            return plain  # practice did no good, and nothing was replaced
        return Contender("refined", Simulated(folder), library_key(folder))
