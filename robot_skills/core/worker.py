"""A process that works for this one, and is gone when this one is, however that ends."""

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any, Generic, TypeVar

from robot_skills.core.errors import RobotSkillsError

Order = TypeVar("Order")
Answer = TypeVar("Answer")
Work = Callable[[Order], Answer]

TIDYING_S = 1.0  # for what is half done, such as a file, before a process is killed
GONE = (EOFError, BrokenPipeError, ConnectionResetError)


class WorkerDied(RobotSkillsError):
    """A process ended in the midst of its work."""

    def __init__(self) -> None:
        super().__init__("the process that worked on it died: it was killed, or memory ran out")


@dataclass(frozen=True)
class Reply(Generic[Answer]):
    """What came of one order: an answer, or the error that was raised instead."""

    answer: Answer | None
    error: Exception | None = None

    def get(self) -> Answer:
        """The answer; raises the error where there is one."""
        if self.error is not None:
            raise self.error
        return self.answer  # type: ignore[return-value]  # where there is no error, it is one


class Worker(Generic[Order, Answer]):
    """Answers orders, one after the other, with the function that `prepare` makes over there.

    The process starts with the first order, if not before, and anew where it died. `prepare`,
    orders and answers must be picklable.
    """

    def __init__(self, prepare: Callable[[], Work[Order, Answer]]) -> None:
        self._prepare = prepare
        self._pipe: Connection | None = None
        self._process: SpawnProcess | None = None

    def send(self, order: Order) -> None:
        """Have one order carried out; its reply has to be received before the next is sent."""
        if self._process is None:
            self.start()
        with suppress(*GONE):  # receiving tells
            self.connection.send(order)

    def receive(self) -> Reply[Answer]:
        """Wait for the reply to the order sent; its error is WorkerDied where the process died."""
        try:
            return Reply(*self.connection.recv())
        except GONE:
            self.kill()
            return Reply(None, WorkerDied())

    @property
    def connection(self) -> Connection:
        """What `multiprocessing.connection.wait` watches for a reply."""
        if self._pipe is None:
            raise ValueError("no order was sent")
        return self._pipe

    def start(self) -> None:
        """Start the process, which then prepares while the first order is still to come."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._prepare), daemon=True)
        with _interruptions_held():
            self._process.start()
        theirs.close()

    def ask_to_leave(self) -> None:
        """Have the process leave its work, through every `with` and `finally`."""
        if self._process is not None:
            self._process.terminate()

    def wait_until_left(self, timeout_s: float) -> None:
        """Wait so long at most for the process to end."""
        if self._process is not None:
            self._process.join(timeout_s)

    def kill(self) -> None:
        """End the process, if it is still there; a later order starts another."""
        if self._process is not None and self._pipe is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._process = self._pipe = None


def stop(workers: Iterable[Worker[Any, Any]]) -> None:
    """End processes in the midst of their work, in little more than TIDYING_S; may be repeated."""
    ending = list(workers)
    try:
        for worker in ending:
            worker.ask_to_leave()
        until_s = time.monotonic() + TIDYING_S
        for worker in ending:
            worker.wait_until_left(max(0.0, until_s - time.monotonic()))
    finally:  # a second interruption ends the wait
        for worker in ending:
            worker.kill()


@contextmanager
def _interruptions_held() -> Iterator[None]:
    """Hold SIGINT back, also in processes started meanwhile: Ctrl-C would meet their imports."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, prepare: Callable[[], Work[Any, Any]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    work, broken = _tried(prepare)
    with suppress(*GONE):
        while True:
            order = pipe.recv()
            pipe.send((None, broken) if broken is not None else _tried(work, order))


def _tried(work: Callable[..., Any], *given: Any) -> tuple[Any, Exception | None]:
    try:
        return work(*given), None
    except Exception as error:  # raised again by the parent, which has no other trace of it
        error.add_note(traceback.format_exc())
        return None, error


def _leave(signum: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what tidies up is left alone
    sys.exit(128 + signum)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
        time.sleep(TIDYING_S)
        os._exit(1)
