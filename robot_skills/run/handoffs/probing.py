"""Tries what could follow a skill from where it really ended, beside what did follow."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from robot_skills.core.grounding import groundings
from robot_skills.core.skill import PlanStep, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.run.evaluate.episodes import Simulation
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.trials.collecting import try_step
from robot_skills.run.trials.trial import SkillTrial, Snapshot


def probe(
    simulation: Simulation,
    library: SkillLibrary,
    trials: Sequence[SkillTrial],
    seed: int,
    config: ExecutorConfig | None = None,
) -> list[SkillTrial]:
    """One trial from the end of each skill that succeeded, of an operator that did not follow it.

    Which one is drawn from those that are possible there and would change something; so pairs are
    measured that the plans of these episodes never have.
    """
    rng = np.random.default_rng(seed)
    found = []
    for trial, followed in zip(trials, [*trials[1:], None], strict=True):
        if not trial.success:
            continue
        steps = _possible(trial.end, library, simulation.task)
        names = sorted({s.operator.name for s in steps} - {followed.operator if followed else ""})
        if not names:
            continue
        name = names[rng.integers(len(names))]
        fitting = [step for step in steps if step.operator.name == name]
        step = fitting[rng.integers(len(fitting))]
        tried = try_step(simulation, library, trial.end, step, config)
        found.append(_after(trial, tried))
    return found


def _after(trial: SkillTrial, tried: SkillTrial) -> SkillTrial:
    return replace(
        tried,
        goal=trial.goal,
        seed=trial.seed,
        number=trial.number + 1,
        previous=trial.operator,
        previous_success=True,
        planned=False,
    )


def _possible(at: Snapshot, library: SkillLibrary, task: Task) -> list[PlanStep]:
    """Steps whose preconditions hold at a snapshot and whose effects do not."""
    return [
        PlanStep(bound)
        for operator in library.operators
        for bound in groundings(operator, task, at.objects)
        if bound.preconditions <= at.facts and not bound.add <= at.facts
    ]
