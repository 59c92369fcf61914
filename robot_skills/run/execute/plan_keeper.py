"""The plan under way: the steps that wait, what to plan around, what is taken for true so far."""

from collections.abc import Callable, Sequence
from typing import Protocol

from robot_skills.core.errors import NoPlanError
from robot_skills.core.facts import State, format_facts, undoes
from robot_skills.core.skill import NOTHING_BARRED, Barred, Plan, PlanStep
from robot_skills.core.task import Task
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.execute.pretence import is_sound, pretences
from robot_skills.run.execute.retries import Retries
from robot_skills.run.execute.senses import Senses
from robot_skills.run.execute.skill_monitor import Outcome
from robot_skills.run.execute.trace import EventKind

Note = Callable[[EventKind, str], None]


class Replan(Protocol):
    """Gives a new plan from the facts of the moment, without what is barred, or NoPlanError."""

    def __call__(self, facts: State, barred: Barred = NOTHING_BARRED) -> Plan: ...  # noqa: D102 - said above


class PlanKeeper:
    """Hands out the steps of a plan, and finds another plan when one cannot go on."""

    def __init__(
        self,
        plan: Plan,
        replan: Replan,
        task: Task,
        senses: Senses,
        config: ExecutorConfig,
        note: Note,
    ) -> None:
        self.plan = plan
        self.waiting = list(plan.steps)
        self.goal = plan.goal
        self._replan = replan
        self._task, self._senses = task, senses
        self._retries = Retries(config)
        self._note = note
        self._pretended: State = frozenset()
        self._done: list[PlanStep] = []

    @property
    def is_ready(self) -> bool:
        """Whether a step waits and can start."""
        return bool(self.waiting) and self.lacking <= self._pretended

    @property
    def lacking(self) -> State:
        """Preconditions of the next step that do not hold."""
        return self.waiting[0].operator.preconditions - self._senses.facts

    @property
    def is_worth_a_try(self) -> bool:
        """Whether a step waits of whose preconditions none is known to be undone."""
        if not self.waiting:
            return False
        return not frozenset(map(undoes, self.lacking)) & self._senses.facts

    @property
    def is_open(self) -> bool:
        """Whether the facts leave open how something is, such as a drawer between its ends."""
        return bool(self._open_questions())

    @property
    def is_going_around(self) -> bool:
        """Whether something that failed is planned around, or something is pretended."""
        return bool(self._pretended) or self._retries.bars()[0] != NOTHING_BARRED

    def succeeded(self, step: PlanStep) -> None:
        """Take in that a step did its work: what it changed is known now."""
        self._done.append(step)
        self._pretended -= step.operator.add | step.operator.delete

    def failed(self, step: PlanStep, outcome: Outcome) -> str:
        """Take in that a step ended badly; why nothing may be tried any more, or ""."""
        if self._pretended & step.operator.preconditions:
            self._retries.count_pretending(self._pretended)
        else:
            self._retries.count(step, blamed=outcome is not Outcome.UNDONE)
        return self._retries.all_spent or self._stuck_with(step)

    def failures(self, step: PlanStep) -> int:
        """How often a step ended badly so far."""
        return self._retries.failures(step)

    def find(self) -> Plan | None:
        """A plan from the facts as they are, around what keeps failing where there is one."""
        return self._planned(self._retries.bars())

    def find_pretending(self) -> Plan | None:
        """A plan as if what the facts leave open were known; what has failed less often first."""
        found = self._open_questions()
        for pretended in sorted(found, key=self._retries.failed_pretending):
            try:
                plan = self._replan(self._senses.facts | pretended, NOTHING_BARRED)
            except NoPlanError:
                continue
            if is_sound(plan.steps, pretended, self.goal):
                self._note("replan", f"as if {format_facts(pretended)}")
                return plan
        return None

    def adopt(self, plan: Plan) -> None:
        """Go on with another plan from here."""
        self.plan, self.waiting = plan, list(plan.steps)
        self._pretended = plan.start - self._senses.facts

    def step_back(self) -> None:
        """Let the last step that had brought about what the next one lacks be done again."""
        if not self.waiting:
            return
        again = [step for step in self._done if step.operator.add & self.lacking]
        if again:
            self._done.remove(again[-1])
            self.waiting.insert(0, again[-1])

    def _stuck_with(self, step: PlanStep) -> str:
        """Why there is no way on but a step that may not be tried again, or ""."""
        spent = self._retries.spent(step)
        plan = self._planned(self._retries.bars()[:-1]) if spent else None
        return "" if plan is not None and step not in plan.steps else spent

    def _planned(self, bars: Sequence[Barred]) -> Plan | None:
        """The first plan there is when this, or else that, is barred; None where there is none."""
        reason = ""
        for barred in bars:
            try:
                return self._replan(self._senses.facts, barred)
            except NoPlanError as error:
                reason = str(error)
        if reason:
            self._note("replan", f"no plan from here: {reason}")
        return None

    def _open_questions(self) -> list[State]:
        return pretences(self._senses.facts, self._task, self._senses.observation)
