"""How sure a success rate is."""

from dataclasses import dataclass
from math import sqrt

from robot_skills.core.errors import InputError

Z_95 = 1.959963984540054  # standard normal quantile of a two-sided 95 % interval


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
