"""Chooses the next skill with a learned policy in the planner's place."""

from collections.abc import Iterator
from itertools import product

from robot_skills.core.errors import NoPlanError
from robot_skills.core.facts import State
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
        for operator in self._library.operators:
            fitting = [self._task.of_type(p.type, objects) for p in operator.parameters]
            for chosen in product(*fitting):
                once = len(set(chosen)) == len(chosen)
                if (
                    once
                    and operator.skill not in barred.skills
                    and ((operator.name, chosen) not in barred.operators)
                ):
                    yield operator.ground(chosen)
