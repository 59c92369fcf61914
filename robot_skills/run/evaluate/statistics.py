"""How sure a success rate is, and a change of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, inf, sqrt
from statistics import median

from robot_skills.core.errors import InputError

Z_95 = 1.959963984540054  # standard normal quantile of a two-sided 95 % interval
TAIL_95 = 0.025  # on either side of a two-sided 95 % interval
RESOLUTION = 1e-9  # of an end that is searched for


@dataclass(frozen=True)
class Rate:
    """A share in 0..1 with its 95 % interval [low, high], out of `n` trials."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.0%} [{self.low:.0%}, {self.high:.0%}] (n={self.n})"


def wilson(successes: int, n: int) -> Rate:
    """Share of successes among `n` trials with Wilson's 95 % score interval.

    Unlike the normal approximation it stays inside 0..1 and is honest at 0 and at n successes.
    Raises InputError unless 0 <= successes <= n and n >= 1. Source: Wilson, "Probable Inference,
    the Law of Succession, and Statistical Inference", JASA 1927.
    """
    if n < 1 or not 0 <= successes <= n:
        raise InputError(f"a rate needs 0 <= successes <= n, n >= 1; found {successes} of {n}")
    share = successes / n
    weight = Z_95**2 / n
    centre = (share + weight / 2) / (1 + weight)
    half = Z_95 / (1 + weight) * sqrt(share * (1 - share) / n + weight / (4 * n))
    return Rate(share, min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)), n)


@dataclass(frozen=True)
class Difference:
    """A change of a share, -1..1, with its 95 % interval [low, high], over `n` pairs.

    `gained` pairs succeeded only after, `lost` pairs only before.
    """

    value: float
    low: float
    high: float
    n: int
    gained: int
    lost: int

    def __str__(self) -> str:
        points = [f"{100 * share:+.1f}" for share in (self.value, self.low, self.high)]
        return f"{points[0]} points [{points[1]}, {points[2]}] (n={self.n} pairs)"


def paired_difference(before: Sequence[bool], after: Sequence[bool]) -> Difference:
    """Share of successes after less that before, over the same cases in the same order.

    The interval is Tango's score interval at 95 %: it leaves 0 out just where McNemar's test
    (without continuity correction) finds a difference at 5 %, and it has a width where no pair
    differs. Raises InputError for no pairs, or as many of one as not of the other. Source: Tango,
    "Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design", Statistics in Medicine 17, 1998.
    """
    n = len(before)
    if n < 1 or len(after) != n:
        raise InputError(f"pairs need as many before as after, 1 or more: found {n}, {len(after)}")
    gained = sum(bool(b and not a) for a, b in zip(before, after, strict=True))
    lost = sum(bool(a and not b) for a, b in zip(before, after, strict=True))
    value = (gained - lost) / n
    low = -_upper_difference(lost, gained, n)
    return Difference(value, low, _upper_difference(gained, lost, n), n, gained, lost)


def _upper_difference(gained: int, lost: int, n: int) -> float:
    """The largest difference that a score test at 5 % does not reject, by bisection."""
    low, high = (gained - lost) / n, 1.0
    while high - low > RESOLUTION:
        middle = (low + high) / 2
        rejected = _score(middle, gained, lost, n) < -Z_95
        low, high = (low, middle) if rejected else (middle, high)
    return (low + high) / 2


def _score(difference: float, gained: int, lost: int, n: int) -> float:
    """Tango's statistic: how many standard errors the pairs lie above `difference`.

    `share` is the likeliest share of lost pairs, were the difference that one.
    """
    linear = (2 * n - gained + lost) * difference - gained - lost
    constant = -lost * difference * (1 - difference)
    share = (sqrt(max(0.0, linear**2 - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * share + difference * (1 - difference))
    distance = gained - lost - n * difference
    return distance / sqrt(variance) if variance > 0 else distance * inf


@dataclass(frozen=True)
class Median:
    """A median with an interval [low, high] of at least 95 %, out of `n` values.

    Up to five values give no such interval: it is then without ends.
    """

    value: float
    low: float
    high: float
    n: int


def median_interval(values: Sequence[float]) -> Median:
    """The median of independent values with the interval between two of them.

    Which two follows from the signs alone, whatever the values' distribution. Raises InputError
    for no values. Source: Conover, "Practical Nonparametric Statistics", on quantiles.
    """
    if not values:
        raise InputError("a median needs one value at least; found none")
    ordered, n = sorted(values), len(values)
    below, rank = 1 / 2**n, 0  # chance that at most `rank` values lie below the true median
    while below <= TAIL_95:
        rank += 1
        below += comb(n, rank) / 2**n
    ends = (ordered[rank - 1], ordered[n - rank]) if rank else (-inf, inf)
    return Median(median(ordered), *ends, n)
