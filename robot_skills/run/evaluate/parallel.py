"""Many seeded episodes on several processes; the results do not depend on how many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from robot_skills.core.parallel import map_in_processes
from robot_skills.core.progress import Track, quiet

Result = TypeVar("Result")
RunCase = Callable[[str, int], Result]
Build = Callable[[], RunCase[Result]]


def cases(goals: Sequence[str], episodes: int, seed: int) -> list[tuple[str, int]]:
    """(goal, seed) of every episode: the same seeds for each goal."""
    return [(goal, seed + number) for goal in goals for number in range(episodes)]


def evaluate_in_processes(
    build: Build[Result], wanted: Sequence[tuple[str, int]], workers: int = 2, track: Track = quiet
) -> list[Result]:
    """One result a (goal, seed), in that order, of what `build` makes in each process.

    `build` must be picklable; it is called once a process. With one worker all is done here.
    """
    return map_in_processes(_Spread(build), wanted, workers, track, "evaluating")


@dataclass(frozen=True)
class _Spread(Generic[Result]):
    """Makes a function that takes a goal and a seed as one."""

    build: Build[Result]

    def __call__(self) -> Callable[[tuple[str, int]], Result]:
        run_case = self.build()
        return lambda case: run_case(*case)
