"""Many seeded episodes on several processes; the results do not depend on how many."""

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from robot_skills.core.progress import Track, quiet

Case = TypeVar("Case")
Result = TypeVar("Result")
RunCase = Callable[[str, int], Result]
Build = Callable[[], RunCase[Result]]

_worker: dict[str, Callable[[Any], Any]] = {}  # an initialiser can hand on in no other way


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


def map_in_processes(
    build: Callable[[], Callable[[Case], Result]],
    wanted: Sequence[Case],
    workers: int = 2,
    track: Track = quiet,
    label: str = "working",
) -> list[Result]:
    """What the function that `build` makes gives for each case, in the cases' order.

    `build` must be picklable; it is called once a process. With one worker all is done here.
    """
    if workers <= 1 or len(wanted) < 2:
        run_case = build()
        return [run_case(case) for case in track(wanted, label)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _prepare, (build,)) as pool:
        futures = [pool.submit(_run, case) for case in wanted]
        try:
            _await(futures, track, label)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        return [future.result() for future in futures]


@dataclass(frozen=True)
class _Spread(Generic[Result]):
    """Makes a function that takes a goal and a seed as one."""

    build: Build[Result]

    def __call__(self) -> Callable[[tuple[str, int]], Result]:
        run_case = self.build()
        return lambda case: run_case(*case)


def _await(futures: Sequence[Future[Any]], track: Track, label: str) -> None:
    done = as_completed(futures)
    for _ in track(futures, label):
        next(done).result()


def _prepare(build: Callable[[], Callable[[Any], Any]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    _worker["run"] = build()


def _run(case: Any) -> Any:
    return _worker["run"](case)
