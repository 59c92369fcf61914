"""Whether a refined skill may take the place of the old one."""

from collections.abc import Sequence
from dataclasses import dataclass

from robot_skills.run.evaluate.statistics import Difference, Rate, paired_difference, wilson

LEAST_PAIRS = 1000
MARGIN = 0.01  # of success that may be lost for want of certainty


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


def _reason_against(difference: Difference) -> str:
    if difference.n < LEAST_PAIRS:
        return f"kept the old skill: {difference.n} paired starts are fewer than {LEAST_PAIRS}"
    if difference.low < -MARGIN:
        return f"kept the old skill: {100 * -difference.low:.1f} points may have been lost"
    if difference.value <= 0:
        return "kept the old skill: the new one succeeds no more often"
    return ""
