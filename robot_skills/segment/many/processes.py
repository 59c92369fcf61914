"""Work on several processes of this machine, of which any may die without stopping the others."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Self

from robot_skills.segment.many.crew import Numbered, Outcome, attempt

AHEAD = 2  # items handed out a process: one in work, one waiting; no more results are ever held
DIED = "the process that worked on it died: it was killed, or memory ran out"

UntilDeath = Generator[tuple[int, Outcome[Any]], None, list[int]]


class Processes:
    """A crew of `count` processes, started when they are first needed."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool: ProcessPoolExecutor | None = None
        self._others = set(multiprocessing.active_children())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop(at_once=kind is not None)

    def as_done(self, work: Callable[[Any], Any], items: Sequence[Any]) -> Numbered:
        """Outcomes as they come. What was in work when a process died is tried again by itself."""
        left = dict(enumerate(items))
        while left:
            for number in (yield from self._until_one_dies(work, left, self._count)):
                alone = {number: left.pop(number)}
                if (yield from self._until_one_dies(work, alone, 1)):
                    yield number, Outcome(None, DIED)

    def _until_one_dies(
        self, work: Callable[[Any], Any], left: dict[int, Any], at_once: int
    ) -> UntilDeath:
        """Do what is left and take it out; returns what was in work when a process died."""
        waiting = list(reversed(left))
        running: dict[Future[Outcome[Any]], int] = {}
        try:
            while waiting or running:
                while waiting and len(running) < AHEAD * at_once:
                    number = waiting.pop()
                    running[self._started().submit(attempt, work, left[number])] = number
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    outcome, number = future.result(), running.pop(future)
                    del left[number]
                    yield number, outcome
        except BrokenProcessPool:
            self._stop(at_once=True)
            return list(running.values())
        except BaseException:
            self._stop(at_once=True)
            raise
        return []

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._count, context, _prepare)
        return self._pool

    def _stop(self, at_once: bool) -> None:
        """End the processes: after their work, or in the midst of it, for what counts is kept."""
        if self._pool is None:
            return
        if at_once:
            for process in set(multiprocessing.active_children()) - self._others:
                process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None


def _prepare() -> None:
    """Set up a process of the crew: one thread, stopped by the parent alone, gone when it is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _use_one_thread()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _use_one_thread() -> None:
    """Of the libraries that are there already, and of those that the work will import."""
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"}
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(1)
