"""A library with one skill refined, and what is said of how that came about."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from robot_skills.core.skill import Operator, Skill, SkillLibrary
from robot_skills.run.practice.gate import Verdict
from robot_skills.run.trials.trial import SkillTrial


def with_skill(library: SkillLibrary, skill: Skill) -> SkillLibrary:
    """The library with a skill in the place of the one of its name."""
    skills = tuple(skill if one.name == skill.name else one for one in library.skills)
    return replace(library, skills=skills)


def accept(
    library: SkillLibrary,
    skill: Skill,
    verdict: Verdict,
    trials: Sequence[SkillTrial],
    practice: Mapping[str, str],
) -> SkillLibrary:
    """The library with the refined skill, its success as the gate measured it, and its lineage.

    `trials` are of the refined skill. Hand-offs from and to it were measured with the old one and
    are dropped.
    """
    operators = tuple(_measured(operator, trials) for operator in skill.operators)
    measured = {
        **skill.measured,
        "success": verdict.after.value,
        "trials": float(verdict.after.n),
        "success before refinement": verdict.before.value,
    }
    changed = replace(skill, operators=operators, measured=measured)
    names = {operator.name for operator in operators}
    handoffs = tuple(h for h in library.handoffs if not {h.before, h.after} & names)
    told = {
        "before": str(verdict.before),
        "after": str(verdict.after),
        "difference": str(verdict.difference),
        **practice,
    }
    lineage = {f"refined/{skill.name}/{key}": text for key, text in told.items()}
    return replace(
        with_skill(library, changed),
        handoffs=handoffs,
        lineage={**library.lineage, **lineage},
    )


def _measured(operator: Operator, trials: Sequence[SkillTrial]) -> Operator:
    own = [trial.success for trial in trials if trial.operator == operator.name]
    if not own:
        return operator
    return replace(operator, success=(sum(own) + 0.5) / (len(own) + 1))
