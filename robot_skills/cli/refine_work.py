"""What refinement does in other processes: trials of a library's skills, and practice."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from robot_skills.cli.simulated import Simulated

if TYPE_CHECKING:
    from collections.abc import Callable

    from robot_skills.core.skill import Skill
    from robot_skills.nets.residual import ResidualReach
    from robot_skills.run.evaluate.parallel import RunCase
    from robot_skills.run.practice.environment import SkillPractice
    from robot_skills.run.trials.trial import SkillTrial


@dataclass(frozen=True)
class Trying:
    """Makes a function from goal and seed to the trials of every skill in that episode.

    An episode is over with the first failure: what follows it is no start to practise from.
    """

    simulated: Simulated

    def __call__(self) -> "RunCase[tuple[SkillTrial, ...]]":
        """The function, in the process that it is called in."""
        library, simulation, make_plan = self.simulated.parts()

        def run_case(goal: str, seed: int) -> "tuple[SkillTrial, ...]":
            from robot_skills.run.execute.config import ExecutorConfig
            from robot_skills.run.trials.collecting import run_trials

            once = ExecutorConfig(attempts=1, failures=1)
            return run_trials(simulation, library, make_plan, goal, seed, once)[1]

        return run_case


@dataclass(frozen=True)
class Repeating:
    """Makes a function from a trial to the trial of another skill from the same start."""

    simulated: Simulated
    skill: "Skill"

    def __call__(self) -> "Callable[[SkillTrial], SkillTrial]":
        """The function, in the process that it is called in."""
        from robot_skills.run.practice.refined import with_skill

        library, simulation, _ = self.simulated.parts()
        changed = with_skill(library, self.skill)

        def repeat(trial: "SkillTrial") -> "SkillTrial":
            from robot_skills.run.practice.environment import step_of
            from robot_skills.run.trials.collecting import try_step

            return try_step(simulation, changed, trial.start, step_of(trial, changed))

        return repeat


@dataclass(frozen=True)
class Practising:
    """Makes the environment with a number, in the process that it is called in."""

    simulated: Simulated
    starts: "tuple[SkillTrial, ...]"
    reach: "ResidualReach"
    seed: int

    def __call__(self, number: int) -> "SkillPractice":
        """An environment that draws its starts from a seed of its own."""
        from robot_skills.run.practice.environment import SkillPractice

        library, simulation, _ = self.simulated.parts()
        own_seed = 1000 * self.seed + number
        return SkillPractice(simulation, library, self.starts, self.reach, own_seed)
