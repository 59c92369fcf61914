"""Which skill limits the plans most, and the trials that practice starts from."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from robot_skills.core.errors import InputError
from robot_skills.run.evaluate.statistics import Rate, wilson
from robot_skills.run.trials.trial import SkillTrial


@dataclass(frozen=True)
class Chosen:
    """The skill to refine, trials of it to practise from, and what such trials cost.

    `uses` is how often an episode uses it; `episode_s` and `trial_s` are seconds of computing.
    """

    name: str
    starts: tuple[SkillTrial, ...]
    uses: float
    episode_s: float
    trial_s: float

    def measuring_s(self, pairs: int) -> float:
        """About how long it takes to find so many starts and to try the new skill from them."""
        return pairs * (self.episode_s / max(self.uses, 0.1) + self.trial_s)


@dataclass(frozen=True)
class SkillNeed:
    """How often a skill is used in an episode, how often it succeeds, and what that costs.

    `loss` is the expected -log of success that the skill takes from an episode's plan: the plan
    would succeed exp(loss) times as often, did the skill never fail.
    """

    skill: str
    uses: float
    success: Rate
    loss: float


def skill_needs(trials: Sequence[SkillTrial], episodes: int) -> list[SkillNeed]:
    """Every skill that was tried in so many episodes, the one that limits the plans most first."""
    first = [trial for trial in trials if trial.first_try and trial.decided]
    needs = []
    for skill in sorted({trial.skill for trial in first}):
        own = [trial.success for trial in first if trial.skill == skill]
        rate = wilson(sum(own), len(own))
        smooth = (sum(own) + 0.5) / (len(own) + 1)  # Jeffreys: finite where none succeeded
        loss = 0.0 if all(own) else -log(smooth) * len(own) / episodes
        needs.append(SkillNeed(skill, len(own) / episodes, rate, loss))
    return sorted(needs, key=lambda need: -need.loss)


def limiting_skill(needs: Sequence[SkillNeed]) -> str:
    """The skill whose failures cost the plans most; InputError where none has failed."""
    if not needs:
        raise InputError("no skill was tried in the seen goals; is there a plan for them?")
    if needs[0].loss == 0.0:
        count = sum(need.success.n for need in needs)
        raise InputError(
            f"every skill succeeded in all of its trials ({count}): none limits the plans; name "
            "one with --skill to refine it all the same"
        )
    return needs[0].skill


def trials_of(trials: Sequence[SkillTrial], skill: str) -> list[SkillTrial]:
    """The trials of one skill that came to their own end, without retries."""
    return [t for t in trials if t.skill == skill and t.first_try and t.decided]
