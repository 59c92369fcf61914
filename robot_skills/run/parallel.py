"""Many seeded episodes on several processes; the results do not depend on how many."""

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from typing import Any, TypeVar

from robot_skills.core.progress import Track, quiet

Result = TypeVar("Result")
RunCase = Callable[[str, int], Result]
Build = Callable[[], RunCase[Result]]

_worker: dict[str, RunCase[Any]] = {}  # of this process: an initialiser can hand on in no other way


def cases(goals: Sequence[str], episodes: int, seed: int) -> list[tuple[str, int]]:
    """(goal, seed) of every episode: the same seeds for each goal."""
    return [(goal, seed + number) for goal in goals for number in range(episodes)]


def evaluate_in_processes(
    build: Build[Result], wanted: Sequence[tuple[str, int]], workers: int = 2, track: Track = quiet
) -> list[Result]:
    """One result a (goal, seed), in that order, of what `build` makes in each process.

    `build` must be picklable; it is called once a process. With one worker all is done here.
    """
    if workers <= 1 or len(wanted) < 2:
        run_case = build()
        return [run_case(goal, seed) for goal, seed in track(wanted, "evaluating")]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _prepare, (build,)) as pool:
        futures = [pool.submit(_run, goal, seed) for goal, seed in wanted]
        try:
            _await(futures, track)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        return [future.result() for future in futures]


def _await(futures: Sequence[Future[Any]], track: Track) -> None:
    done = as_completed(futures)
    for _ in track(futures, "evaluating"):
        next(done).result()


def _prepare(build: Build[Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    _worker["run"] = build()


def _run(goal: str, seed: int) -> Any:
    return _worker["run"](goal, seed)
