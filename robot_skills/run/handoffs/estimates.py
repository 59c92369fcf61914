"""Hand-offs: how well one operator starts where another ends, estimated from trials."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from robot_skills.core.skill import Handoff, Operator, Skill, SkillLibrary
from robot_skills.run.evaluate.statistics import Rate
from robot_skills.run.handoffs.coverage import Coverage
from robot_skills.run.trials.trial import SkillTrial

Booleans = NDArray[np.bool_]

PRIOR_TRIALS = 4.0  # how many trials the estimate from coverage is worth
LEAST_VALUE = 0.01

Pair = tuple[str, str]


@dataclass(frozen=True)
class MeasuredHandoff:
    """What is known of a pair of operators.

    `success` is how often `after` succeeds after `before` (0..1 with a 95 % interval): its trials
    on top of what was `expected` from others. `usual` is how often it succeeds after anything
    else. `value` is `success` over the success of `after` from covered starts.
    """

    before: str
    after: str
    successes: int
    trials: int
    covered: float
    expected: float
    usual: float
    success: Rate
    value: float

    @property
    def row(self) -> Handoff:
        """The pair as a library keeps it."""
        return Handoff(
            self.before, self.after, self.value, self.successes, self.trials, self.covered
        )


@dataclass(frozen=True)
class HandoffTable:
    """Success of each operator from covered starts, and every pair that was tried."""

    operators: Mapping[str, Rate]
    pairs: tuple[MeasuredHandoff, ...]


def is_handed(trial: SkillTrial) -> bool:
    """Whether a trial started where the one before it ended, or where an episode starts."""
    begun = not trial.previous or trial.previous_success
    return begun and trial.first_try and trial.decided


def measure_handoffs(trials: Sequence[SkillTrial]) -> HandoffTable:
    """Estimate every hand-off that was tried.

    What is expected of B after A is what came of the starts nearest to those, in trials of B after
    something else; successes after A are added to it as to a Beta prior worth `PRIOR_TRIALS`.
    """
    handed = [trial for trial in trials if is_handed(trial)]
    known = _Known(handed)
    pairs = tuple(_measured(known, pair, handed) for pair in sorted(known.pairs))
    return HandoffTable(known.success, pairs)


def _measured(known: "_Known", pair: Pair, handed: Sequence[SkillTrial]) -> MeasuredHandoff:
    before, after = pair
    tried = known.pairs[pair]
    own = known.success[after].value
    others = _Known([t for t in handed if t.operator == after and t.previous != before])
    expected = others.expected(tried) if others.pairs else own
    successes = sum(trial.success for trial in tried)
    success = beta_rate(successes, len(tried), expected)
    return MeasuredHandoff(
        before=before,
        after=after,
        successes=successes,
        trials=len(tried),
        covered=float(np.mean(known.covered(tried))),
        expected=expected,
        usual=others.usual[after] if others.pairs else own,
        success=success,
        value=min(1.0, max(LEAST_VALUE, success.value / own)),
    )


class _Known:
    """What handed trials say of each skill's starts and of each operator's success."""

    def __init__(self, handed: Sequence[SkillTrial]) -> None:
        by_skill, by_operator = defaultdict(list), defaultdict(list)
        self.pairs: dict[Pair, list[SkillTrial]] = defaultdict(list)
        for trial in handed:
            by_skill[trial.skill].append(trial)
            by_operator[trial.operator].append(trial)
            self.pairs[trial.previous, trial.operator].append(trial)
        self._coverage = {skill: Coverage(tried) for skill, tried in by_skill.items()}
        self.success: dict[str, Rate] = {}
        self.usual = {
            operator: sum(t.success for t in tried) / len(tried)
            for operator, tried in by_operator.items()
        }
        for operator, tried in by_operator.items():
            inside = self.covered(tried)
            near = [t.success for t, covered in zip(tried, inside, strict=True) if covered]
            self.success[operator] = beta_rate(sum(near), len(near), 0.5, 1.0)

    def covered(self, tried: Sequence[SkillTrial]) -> Booleans:
        """Whether the start (N,) of each trial of one operator is covered."""
        return self._coverage[tried[0].skill].covers([trial.start for trial in tried])

    def expected(self, tried: Sequence[SkillTrial]) -> float:
        """Success to expect of starts of one operator by what came of those nearest to them."""
        coverage, usual = self._coverage[tried[0].skill], self.usual[tried[0].operator]
        return float(np.mean(coverage.likely([trial.start for trial in tried], usual)))


def beta_rate(successes: int, n: int, expected: float, worth: float = PRIOR_TRIALS) -> Rate:
    """Mean and central 95 % interval of a rate, before trials expected at 0..1.

    The expectation counts as `worth` trials: a Beta prior. Gelman et al., "Bayesian Data Analysis",
    section 2.4.
    """
    a = successes + worth * expected
    b = n - successes + worth * (1 - expected)
    low, high = (float(beta.ppf(q, max(a, 1e-6), max(b, 1e-6))) for q in (0.025, 0.975))
    return Rate(a / (a + b), low, high, n)


def prediction_error(table: HandoffTable, fewest: int = 10) -> tuple[float, float, int]:
    """How far what is expected of a pair without its own trials is from what these then gave.

    Mean absolute difference over pairs of at least `fewest` trials; the same where `after` is
    expected to succeed as after anything else; and how many pairs.
    """
    pairs = [pair for pair in table.pairs if pair.trials >= fewest]
    if not pairs:
        return float("nan"), float("nan"), 0
    measured = np.array([pair.successes / pair.trials for pair in pairs])
    by_nearest = np.array([pair.expected for pair in pairs])
    by_usual = np.array([pair.usual for pair in pairs])
    errors = [float(np.mean(np.abs(guess - measured))) for guess in (by_nearest, by_usual)]
    return errors[0], errors[1], len(pairs)


def with_handoffs(
    library: SkillLibrary, table: HandoffTable, trials: Sequence[SkillTrial]
) -> SkillLibrary:
    """The library with measured success in its operators and skills, and its hand-offs."""
    skills = tuple(_measured_skill(skill, table, trials) for skill in library.skills)
    return replace(library, skills=skills, handoffs=tuple(pair.row for pair in table.pairs))


def _measured_skill(skill: Skill, table: HandoffTable, trials: Sequence[SkillTrial]) -> Skill:
    tried = [t for t in trials if t.skill == skill.name and t.decided and t.planned]
    if not tried:
        return skill
    first = [trial for trial in tried if trial.first_try]
    measured = {
        "success": sum(trial.success for trial in first) / max(1, len(first)),
        "trials": float(len(first)),
        "success of all tries": sum(trial.success for trial in tried) / len(tried),
        "median steps": float(np.median([trial.control_steps for trial in tried])),
    }
    operators = tuple(_measured_operator(operator, table) for operator in skill.operators)
    return replace(skill, operators=operators, measured={**skill.measured, **measured})


def _measured_operator(operator: Operator, table: HandoffTable) -> Operator:
    rate = table.operators.get(operator.name)
    return operator if rate is None else replace(operator, success=rate.value)
