"""The stages of refinement, on several processes: try skills, practise one, try it again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from robot_skills.cli.refine_work import Practising, Repeating, Trying
from robot_skills.cli.simulated import Simulated

if TYPE_CHECKING:
    from robot_skills.core.skill import Skill
    from robot_skills.nets.residual import ResidualReach
    from robot_skills.run.trials.trial import SkillTrial
    from robot_skills.train.refinement.practising import Practised
    from robot_skills.train.refinement.state import PracticeState

PILOT_EPISODES = 60
SPARE = 1.05  # so that one round of episodes mostly gives the starts that are wanted


@dataclass(frozen=True)
class Stages:
    """What is done with one library, from one seed, on so many processes."""

    simulated: Simulated
    seed: int
    workers: int

    def goals(self) -> tuple[str, ...]:
        """The seen goals of the environment."""
        _, task, _ = self.simulated.load()
        return tuple(name for name, template in task.goals.items() if template.seen)

    def pilot(self, first_seed: int) -> "tuple[list[SkillTrial], int]":
        """Trials of every skill in some episodes of each seen goal, and how many episodes."""
        episodes = ceil(PILOT_EPISODES / len(self.goals()))
        return self._tried(episodes, first_seed), episodes * len(self.goals())

    def collect(self, skill: str, wanted: int, uses: float, first_seed: int) -> "list[SkillTrial]":
        """So many trials of a skill that has about so many in an episode.

        Raises InputError where no plan for a seen goal uses it.
        """
        from robot_skills.core.errors import InputError
        from robot_skills.run.practice.starts import trials_of

        found: list[SkillTrial] = []
        while len(found) < wanted:
            episodes = ceil(SPARE * (wanted - len(found)) / (max(uses, 0.1) * len(self.goals())))
            own = trials_of(self._tried(episodes, first_seed), skill)
            if not own:
                raise InputError(
                    f"no plan for a seen goal uses {skill}; it has nothing to practise"
                )
            found += own
            first_seed += episodes
        return found[:wanted]

    def _tried(self, episodes: int, first_seed: int) -> "list[SkillTrial]":
        from robot_skills.cli.progress import track
        from robot_skills.run.evaluate.parallel import cases, evaluate_in_processes

        wanted = cases(self.goals(), episodes, first_seed)
        tried = evaluate_in_processes(Trying(self.simulated), wanted, self.workers, track)
        return [trial for trials in tried for trial in trials]

    def practise(
        self,
        starts: "Sequence[SkillTrial]",
        reach: "ResidualReach",
        budget_s: float,
        state: "PracticeState | None",
        keep: "Callable[[PracticeState], None]",
    ) -> "Practised":
        """A residual for the skill of these trials, from a `state` on where there is one."""
        from robot_skills.cli.progress import track
        from robot_skills.nets.threads import limited_threads
        from robot_skills.train.refinement.algorithm import AlgorithmConfig
        from robot_skills.train.refinement.crew import Crew
        from robot_skills.train.refinement.practising import Budget, practise

        config = AlgorithmConfig()
        make = Practising(self.simulated, tuple(starts), reach, self.seed)
        crew = Crew(make, config.environments, self.workers)
        try:
            with limited_threads(1):
                return practise(crew, config, Budget(budget_s), self.seed, state, keep, track)
        finally:
            crew.close()

    def repeat(self, skill: "Skill", trials: "Sequence[SkillTrial]") -> "list[SkillTrial]":
        """The skill in the place of the library's, from the starts of trials."""
        from robot_skills.cli.progress import track
        from robot_skills.core.parallel import map_in_processes

        build = Repeating(self.simulated, skill)
        return map_in_processes(build, trials, self.workers, track, "comparing old and new")
