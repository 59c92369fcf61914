"""A library on the simulated arm: what `run` and `demo` evaluate, made anew in each process."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robot_skills.core.arm import ArmProfile
    from robot_skills.core.facts import State
    from robot_skills.core.skill import Barred, Plan, SkillLibrary
    from robot_skills.core.task import Task
    from robot_skills.run.evaluate.episodes import Episode, MakePlan, Simulation, Spectator
    from robot_skills.run.evaluate.parallel import RunCase


@dataclass(frozen=True)
class Simulated:
    """A library, an environment and an arm by name or folder; empty names are the library's own."""

    library: Path
    env: str = ""
    arm: str = ""

    def load(self) -> "tuple[SkillLibrary, Task, ArmProfile]":
        """The parts, read from disk; InputError for what is missing or damaged."""
        from robot_skills.core.arm import load_arm
        from robot_skills.core.task_file import load_task
        from robot_skills.paths import find
        from robot_skills.storage.libraries import load_library

        library = load_library(self.library)
        task = load_task(find("envs", self.env or library.task))
        if self.env:
            self._check_fits(library, task)
        return library, task, load_arm(find("assets/arms", self.arm or library.arm))

    def _check_fits(self, library: "SkillLibrary", task: "Task") -> None:
        from robot_skills.core.errors import InputError
        from robot_skills.plan.operators import present_operators

        try:
            present_operators(library, task, ())
        except InputError as error:
            raise InputError(
                f"{self.library} was trained for {library.task}, not for {task.name}: {error}"
            ) from None

    def __call__(self) -> "RunCase[Episode]":
        """A function from goal and seed to the episode that comes of them."""
        library, simulation, make_plan = self.parts()

        def run_case(goal: str, seed: int) -> "Episode":
            from robot_skills.run.evaluate.episodes import run_episode

            return run_episode(simulation, library, make_plan, goal, seed)

        return run_case

    def watched(self, goal: str, seed: int, spectator: "Spectator") -> "Episode":
        """One episode, seen by a spectator."""
        from robot_skills.run.evaluate.episodes import run_episode

        library, simulation, make_plan = self.parts()
        return run_episode(simulation, library, make_plan, goal, seed, spectator=spectator)

    def parts(self) -> "tuple[SkillLibrary, Simulation, MakePlan]":
        """The library, where it runs, and who plans with it."""
        from robot_skills.core.body import Body
        from robot_skills.core.skill import NOTHING_BARRED
        from robot_skills.nets.sight.camera_sight import library_cameras
        from robot_skills.plan import plan_without
        from robot_skills.run.evaluate.episodes import Simulation
        from robot_skills.sim.kinematics import MujocoKinematics

        library, task, arm = self.load()

        def plan(
            facts: "State",
            goal: "State",
            objects: tuple[str, ...],
            barred: "Barred" = NOTHING_BARRED,
        ) -> "Plan":
            return plan_without(barred, facts, goal, library, task, objects)

        body = Body(arm, MujocoKinematics(arm))
        return library, Simulation(task, body, library_cameras(library)), plan
