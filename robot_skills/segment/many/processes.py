"""Work on several processes of this machine, of which any may die without stopping the others."""

import os
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from robot_skills.core.parallel import replies
from robot_skills.core.worker import Reply, Worker, WorkerDied, stop
from robot_skills.segment.many.crew import Numbered, Outcome, attempt

Task = tuple[Callable[[Any], Any], Any]  # what to do, and the item to do it with


class Processes:
    """A crew of `count` processes, started when they are first needed."""

    def __init__(self, count: int) -> None:
        self._members: list[Worker[Task, Outcome[Any]]] = [Worker(_prepare) for _ in range(count)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        stop(self._members)

    def as_done(self, work: Callable[[Any], Any], items: Sequence[Any]) -> Numbered:
        """Outcomes as they come. What a process died of is tried again, at last and by itself."""
        fatal: list[int] = []
        for number, reply in replies(self._members, [(work, item) for item in items]):
            if isinstance(reply.error, WorkerDied):
                fatal.append(number)
            else:
                yield number, reply.get()
        for number in fatal:
            for _, reply in replies(self._members[:1], [(work, items[number])]):
                yield number, _outcome(reply)


def _outcome(reply: Reply[Outcome[Any]]) -> Outcome[Any]:
    return Outcome(None, str(reply.error)) if isinstance(reply.error, WorkerDied) else reply.get()


def _prepare() -> Callable[[Task], Outcome[Any]]:
    _use_one_thread()
    return lambda task: attempt(*task)


def _use_one_thread() -> None:
    """Of the libraries that are there already, and of those that the work will import."""
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"}
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(1)
