"""Watches one skill: are its effects there, does it still move, is what it needs still so."""

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.facts import State
from robot_skills.core.skill import PlanStep, Skill
from robot_skills.run.execute.config import ExecutorConfig

Floats = NDArray[np.float64]


class Outcome(Enum):
    """How a skill ended; the value is what the trace says."""

    SUCCESS = "its effects hold"
    LATE = "it took too long"
    STUCK = "nothing moves any more"
    LOST = "what it needs no longer holds"
    NO_EFFECT = "it ended without its effects"
    UNDONE = "what the plan needs was undone"
    UNSEEN = "what it is about is not seen any more"
    OUT_OF_TIME = "the episode's time is over"


class SkillMonitor:
    """Judges one run of a skill, control step by control step."""

    def __init__(self, step: PlanStep, skill: Skill, config: ExecutorConfig) -> None:
        self.step = step
        self._config = config
        self._limit = round(config.late * skill.median_steps)
        self._kept = frozenset(f for f in step.operator.preconditions if f.predicate == "holding")
        self._steps = 0
        self._holds = 0
        self._lost = 0
        self._ended = 0
        self._path: list[Floats] = []
        self._alarmed_until = 0
        self._is_gripping = False

    def alarm(self, is_gripping: bool) -> None:
        """Believe sooner for a while what contradicts the skill.

        A hand that was told to open lets go on purpose, so that what it held is not lost sooner.
        """
        self._alarmed_until = self._steps + self._config.alarm_lasts
        self._is_gripping = is_gripping

    @property
    def alarmed(self) -> bool:
        """Whether an alarm went off a short while ago."""
        return self._steps < self._alarmed_until

    def judge(self, facts: State, ee: Floats, done_probability: float) -> Outcome | None:
        """How the skill ended, or None while it goes on."""
        self._steps += 1
        self._path.append(ee[:3])
        if self._brought_about(facts):
            return self._judge_effects(done_probability)
        self._holds = 0
        self._lost = 0 if self._kept <= facts else self._lost + 1
        self._ended = self._ended + 1 if done_probability > self._config.done_probability else 0
        return self._judge_trouble()

    def _brought_about(self, facts: State) -> bool:
        operator = self.step.operator
        return operator.add <= facts and not operator.delete & facts

    def _judge_effects(self, done_probability: float) -> Outcome | None:
        self._holds += 1
        sure = self._holds >= self._config.confirm
        ended = done_probability > self._config.done_probability
        if sure and (ended or self._holds > self._config.patience):
            return Outcome.SUCCESS
        return None

    def _judge_trouble(self) -> Outcome | None:
        config = self._config
        sooner = self.alarmed and self._is_gripping
        if self._lost > (config.alarmed_steps if sooner else config.lost_steps):
            return Outcome.LOST
        if self._ended > config.lost_steps:
            return Outcome.NO_EFFECT
        if self._steps > self._limit:
            return Outcome.LATE
        recent = self._path[-config.stuck_steps :]
        if len(recent) == config.stuck_steps and _extent(recent) < config.stuck_m:
            return Outcome.STUCK
        return None


def _extent(path: list[Floats]) -> float:
    points = np.array(path)
    return float(np.linalg.norm(points.max(axis=0) - points.min(axis=0)))
