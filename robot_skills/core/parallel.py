"""The same work on many cases by several processes; the results do not depend on how many."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TypeVar

from robot_skills.core.progress import Track, quiet
from robot_skills.core.worker import Order, Reply, Worker, stop

Case = TypeVar("Case")
Result = TypeVar("Result")


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
    found: dict[int, Result] = {}
    with team(build, min(workers, len(wanted))) as members:
        arriving = replies(members, wanted)
        for _ in track(wanted, label):
            number, reply = next(arriving)
            found[number] = reply.get()
    return [found[number] for number in range(len(wanted))]


@contextmanager
def team(
    prepare: Callable[[], Callable[[Order], Result]], count: int
) -> Iterator[list[Worker[Order, Result]]]:
    """So many workers; leaving the context ends them at once."""
    members = [Worker(prepare) for _ in range(count)]
    try:
        yield members
    finally:
        stop(members)


def replies(
    members: Sequence[Worker[Order, Result]], orders: Sequence[Order]
) -> Iterator[tuple[int, Reply[Result]]]:
    """Number of an order and what came of it, as they come; a member works on one at a time."""
    waiting = enumerate(orders)
    in_work: dict[Worker[Order, Result], int] = {}

    def hand_on(member: Worker[Order, Result]) -> None:
        for number, order in waiting:
            member.send(order)
            in_work[member] = number
            break

    for member in members:
        hand_on(member)
    while in_work:
        ready = wait([member.connection for member in in_work])
        for member in [member for member in in_work if member.connection in ready]:
            number, reply = in_work.pop(member), member.receive()
            hand_on(member)
            yield number, reply
