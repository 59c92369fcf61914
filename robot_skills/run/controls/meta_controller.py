"""Chooses the next skill with a learned policy in the planner's place."""

from collections.abc import Iterator

from robot_skills.core.errors import NoPlanError
from robot_skills.core.facts import State
from robot_skills.core.grounding import groundings
from robot_skills.core.skill import NOTHING_BARRED, Barred, Operator, Plan, PlanStep, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.nets.meta_policy import MetaPolicy


class MetaController:
    """Plans of one step: the likeliest of the skills that can start, whatever comes after."""

    def __init__(self, policy: MetaPolicy, library: SkillLibrary, task: Task) -> None:
        self._policy = policy
        self._library = library
        self._task = task

    def __call__(
        self,
        facts: State,
        goal: State,
        objects: tuple[str, ...],
        barred: Barred = NOTHING_BARRED,
    ) -> Plan:
        """The next step towards a goal; raises NoPlanError where no skill can start."""
        steps = [s for s in self._grounded(objects, barred) if s.preconditions <= facts]
        if not steps:
            raise NoPlanError("no skill can start here")
        scores = self._policy.scores(facts, goal, steps)
        best = int(scores.argmax())
        return Plan(facts, goal, (PlanStep(steps[best]),), -float(scores[best]), "meta-controller")

    def _grounded(self, objects: tuple[str, ...], barred: Barred) -> Iterator[Operator]:
        allowed = (o for o in self._library.operators if o.skill not in barred.skills)
        for operator in allowed:
            for bound in groundings(operator, self._task, objects):
                if (operator.name, PlanStep(bound).arguments) not in barred.operators:
                    yield bound
