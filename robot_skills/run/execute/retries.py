"""How often what may still be tried, and what to plan around meanwhile."""

from collections import Counter

from robot_skills.core.facts import State
from robot_skills.core.skill import NOTHING_BARRED, Barred, PlanStep
from robot_skills.run.execute.config import ExecutorConfig


class Retries:
    """Counts failures of steps; a step, and a whole plan, may fail only so often."""

    def __init__(self, config: ExecutorConfig) -> None:
        self._config = config
        self._failed: Counter[PlanStep] = Counter()
        self._pretended: Counter[State] = Counter()
        self._total = 0

    def count(self, step: PlanStep, blamed: bool = True) -> None:
        """Take in that a step ended badly; not `blamed` where something else undid its work."""
        self._total += 1
        self._failed[step] += blamed

    def failures(self, step: PlanStep) -> int:
        """How often a step ended badly and was blamed for it."""
        return self._failed[step]

    def count_pretending(self, pretended: State) -> None:
        """Take in that a step failed that relied on what was only pretended."""
        self._total += 1
        self._pretended[pretended] += 1

    def failed_pretending(self, pretended: State) -> int:
        """How often a step failed that relied on this."""
        return self._pretended[pretended]

    def spent(self, step: PlanStep) -> str:
        """Why a step may not be tried again, or ""."""
        if self._failed[step] >= self._config.attempts:
            return f"{step} failed {self._failed[step]} times"
        return ""

    @property
    def all_spent(self) -> str:
        """Why nothing at all may be tried again, or ""."""
        spent = self._total >= self._config.failures
        return f"{self._total} steps of the plan failed" if spent else ""

    def bars(self) -> list[Barred]:
        """What to plan around, most first: skills that keep failing, steps that do, nothing."""
        steps = [s for s, count in self._failed.items() if count >= self._config.switch_after]
        by_skill = Counter(step.skill for step in steps)
        skills = frozenset(s for s, n in by_skill.items() if n >= self._config.barred_steps)
        operators = frozenset((step.operator.name, step.arguments) for step in steps)
        wanted = [Barred(operators, skills), Barred(operators), NOTHING_BARRED]
        return list(dict.fromkeys(wanted))
