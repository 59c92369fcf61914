"""Which hand-offs and operators are weak, and the one command that would mend each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from robot_skills.core.skill import SkillLibrary
from robot_skills.run.handoffs.estimates import HandoffTable, MeasuredHandoff, is_handed
from robot_skills.run.trials.trial import SkillTrial

WEAK = 0.9  # a hand-off or a success below this is told
FEWEST_TRIALS = 5  # below which nothing is said of a pair
PRACTISABLE = 0.1  # success below which practice with a sparse reward finds nothing to build on
RECORDED = 20  # demonstrations to ask for
MOST_GOALS = 4  # among which they are shared out


@dataclass(frozen=True)
class Advice:
    """A weak point: why it is weak, the command that would mend it, and the starts that needs.

    `starts` belong in `folder`; `loss` is how many steps of the measured episodes it cost.
    """

    reason: str
    command: tuple[str, ...]
    folder: Path
    starts: tuple[SkillTrial, ...]
    loss: float


@dataclass(frozen=True)
class Place:
    """What the commands name: the library's folder, one for start states, goals to record."""

    library: Path
    starts: Path
    goals: tuple[str, ...] = ()


def advise(
    table: HandoffTable, trials: Sequence[SkillTrial], library: SkillLibrary, place: Place
) -> list[Advice]:
    """What to do about each weak hand-off and operator, the costliest first."""
    handed = [trial for trial in trials if is_handed(trial)]
    found = [
        _of_pair(pair, handed, library, place)
        for pair in table.pairs
        if pair.trials >= FEWEST_TRIALS and pair.value < WEAK
    ]
    found += [
        _of_operator(operator, rate.value, handed, library, place)
        for operator, rate in table.operators.items()
        if rate.n >= FEWEST_TRIALS and rate.value < WEAK
    ]
    return sorted(found, key=lambda advice: (-advice.loss, advice.reason))


def _of_pair(
    pair: MeasuredHandoff, handed: Sequence[SkillTrial], library: SkillLibrary, place: Place
) -> Advice:
    starts = [t for t in handed if (t.previous, t.operator) == (pair.before, pair.after)]
    planned = [trial for trial in starts if trial.planned]
    folder = place.starts / f"{pair.before or 'start'}--{pair.after}"
    ends = f"{pair.before} ends" if pair.before else "episodes start"
    skill = _skill(pair.after, library)
    why = (
        f"{pair.after} succeeds in {pair.success.value:.0%} of starts where {ends}, and "
        f"{pair.covered:.0%} of these are like starts that it knows"
    )
    if pair.successes >= PRACTISABLE * pair.trials:
        reason = f"{why}: refine {skill} towards them"
        command = _refine(skill, place, folder)
    else:
        reason = f"{why}, too few to practise from: record tasks in which the two follow each other"
        command = _record(planned, library, place)
    loss = len(planned) * (1 - pair.success.value)
    return Advice(reason, command, folder, tuple(starts), loss)


def _of_operator(
    operator: str,
    success: float,
    handed: Sequence[SkillTrial],
    library: SkillLibrary,
    place: Place,
) -> Advice:
    starts = [trial for trial in handed if trial.operator == operator]
    skill = _skill(operator, library)
    loss = sum(trial.planned and not trial.success for trial in starts)
    reason = f"{operator} succeeds in {success:.0%} even of starts that it knows: refine {skill}"
    folder = place.starts / f"any--{operator}"
    return Advice(reason, _refine(skill, place, folder), folder, tuple(starts), loss)


def _skill(operator: str, library: SkillLibrary) -> str:
    return next(o.skill for o in library.operators if o.name == operator)


def _refine(skill: str, place: Place, starts: Path) -> tuple[str, ...]:
    return ("refine", str(place.library), "--skill", skill, "--starts", str(starts))


def _record(planned: Sequence[SkillTrial], library: SkillLibrary, place: Place) -> tuple[str, ...]:
    """Record goals in whose plans the pair occurs; by hand where there are none."""
    counted = Counter(trial.goal for trial in planned if trial.goal in place.goals)
    goals = [goal for goal, _ in counted.most_common(MOST_GOALS)]
    chosen = ("--goals", *goals) if goals else ("--operator", "keyboard")
    setting = ("--env", library.task, "--arm", library.arm)
    return ("record", *setting, *chosen, "--episodes", str(RECORDED))
