"""Whether a refined skill may take the old one's place, and keeps what it learned elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from robot_skills.run.evaluate.statistics import Difference, Rate, paired_difference, wilson

LEAST_PAIRS = 1000
MARGIN = 0.01  # of success that may be lost for want of certainty
DROP_MARGIN = 0.03  # the same for what is lost from the physics practised in to MuJoCo C


@dataclass(frozen=True)
class Verdict:
    """Success before and after from the same starts, the difference, and what follows from it."""

    before: Rate
    after: Rate
    difference: Difference
    accepted: bool
    reason: str


def judge(before: Sequence[bool], after: Sequence[bool]) -> Verdict:
    """Compare two skills from paired starts, held out from practice.

    The new one is accepted when it succeeded more often and the lower end of the difference's 95 %
    interval is not below -1 point, over at least `LEAST_PAIRS` starts.
    """
    difference = paired_difference(before, after)
    reason = _reason_against(difference)
    return Verdict(
        before=wilson(sum(before), len(before)),
        after=wilson(sum(after), len(after)),
        difference=difference,
        accepted=not reason,
        reason=reason or "the new skill takes the old one's place",
    )


@dataclass(frozen=True)
class Transfer:
    """Success in the physics that was practised in and in MuJoCo C, from the same starts.

    `difference` is that of MuJoCo C less the other; its opposite is the drop.
    """

    practised: Rate
    in_c: Rate
    difference: Difference
    accepted: bool
    reason: str


def judge_transfer(practised: Sequence[bool], in_c: Sequence[bool]) -> Transfer:
    """Compare a skill in two physics from paired starts, held out from practice.

    It is accepted when the lower end of the difference's 95 % interval is not below -3 points,
    over at least `LEAST_PAIRS` starts.
    """
    difference = paired_difference(practised, in_c)
    reason = _reason_against_transfer(difference)
    return Transfer(
        practised=wilson(sum(practised), len(practised)),
        in_c=wilson(sum(in_c), len(in_c)),
        difference=difference,
        accepted=not reason,
        reason=reason or "what was learned holds in MuJoCo C",
    )


def _reason_against_transfer(difference: Difference) -> str:
    if difference.n < LEAST_PAIRS:
        return f"kept the old skill: {difference.n} paired starts are fewer than {LEAST_PAIRS}"
    if difference.low < -DROP_MARGIN:
        lost = 100 * -difference.low
        return f"kept the old skill: {lost:.1f} points may have been lost on the way to MuJoCo C"
    return ""


def _reason_against(difference: Difference) -> str:
    if difference.n < LEAST_PAIRS:
        return f"kept the old skill: {difference.n} paired starts are fewer than {LEAST_PAIRS}"
    if difference.low < -MARGIN:
        return f"kept the old skill: {100 * -difference.low:.1f} points may have been lost"
    if difference.value <= 0:
        return "kept the old skill: the new one succeeds no more often"
    return ""
