"""A skill to refine with its scene and starts, as files that need no robosuite to be read."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from robot_skills.cli.refine import HELD_OUT_SEED, PRACTICE_SEED
from robot_skills.cli.refine_stages import Stages
from robot_skills.cli.simulated import Simulated
from robot_skills.core.arm import load_arm
from robot_skills.core.body import Body
from robot_skills.core.skill import SkillLibrary
from robot_skills.core.task import Task
from robot_skills.core.task_file import load_task
from robot_skills.nets.residual import ResidualReach
from robot_skills.paths import find
from robot_skills.run.evaluate.episodes import Simulation
from robot_skills.run.practice.batched.widening import all_objects
from robot_skills.run.practice.environment import SkillPractice
from robot_skills.run.trials.trial import SkillTrial
from robot_skills.run.trials.trial_files import load_trials, save_trials
from robot_skills.sim.batch.kinematics import BatchKinematics
from robot_skills.sim.scene import Scene, load_scene, save_model
from robot_skills.storage.libraries import load_library, save_library

PRACTICE, HELD_OUT, LIBRARY = "practice", "held_out", "library"


@dataclass(frozen=True)
class Parts:
    """A library, where it runs, and trials of one skill: to practise from, and held out."""

    library: SkillLibrary
    simulation: Simulation
    practice: tuple[SkillTrial, ...]
    held_out: tuple[SkillTrial, ...]


class FileSimulation(Simulation):
    """A Simulation whose scenes lie in a folder, one a set of objects."""

    def __init__(self, task: Task, arm: str, folder: Path) -> None:
        self._folder, self._arm = folder, load_arm(find("assets/arms", arm))
        first = load_scene(task, self._arm, sorted(folder.glob("*.mjb"))[0])
        kinematics = BatchKinematics(self._arm, np.asarray, first.model)
        super().__init__(task, Body(self._arm, kinematics))

    def _build(self, objects: tuple[str, ...]) -> Scene:
        return load_scene(self.task, self._arm, self._folder / _file(objects))


@dataclass(frozen=True)
class PractisingFiles:
    """Makes the environment with a number, in the process that it is called in."""

    folder: Path
    reach: ResidualReach

    def __call__(self, number: int) -> SkillPractice:
        """An environment that draws its starts from a seed of its own."""
        parts = read_parts(self.folder)
        return SkillPractice(parts.simulation, parts.library, parts.practice, self.reach, number)


def write_parts(
    library: Path, skill: str, starts: int, held_out: int, workers: int, folder: Path
) -> None:
    """Collect starts of a skill and write all that refining it needs; needs robosuite."""
    stages = Stages(Simulated(library), 0, workers)
    wanted = ((PRACTICE, starts, PRACTICE_SEED), (HELD_OUT, held_out, HELD_OUT_SEED))
    found = {name: stages.collect(skill, count, 1.0, seed) for name, count, seed in wanted}
    for name, trials in found.items():
        save_trials(folder / name, trials, replace=True)
    save_library(folder / LIBRARY, load_library(library), replace=True)
    _, simulation, _ = Simulated(library).parts()
    present = {trial.start.objects for trials in found.values() for trial in trials}
    for objects in {*present, all_objects(simulation.task, tuple(present))}:
        save_model(simulation.robot(objects).scene, folder / _file(objects))


@cache
def read_parts(folder: Path) -> Parts:
    """What `write_parts` wrote."""
    library = load_library(folder / LIBRARY)
    task = load_task(find("envs", library.task))
    trials = (tuple(load_trials(folder / name)) for name in (PRACTICE, HELD_OUT))
    return Parts(library, FileSimulation(task, library.arm, folder), *trials)


def _file(objects: tuple[str, ...]) -> str:
    return f"{'-'.join(objects)}.mjb"
