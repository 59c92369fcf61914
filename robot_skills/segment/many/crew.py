"""Who does the same work on many recordings: this process, several, or a cluster."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from robot_skills.core.errors import InputError
from robot_skills.core.progress import Track, quiet

Item = TypeVar("Item")
Result = TypeVar("Result")
Numbered = Generator[tuple[int, "Outcome[Any]"], None, None]


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What came of one item: its value, or the reason why there is none."""

    value: Result | None
    reason: str = ""


class Crew(Protocol):
    """Does work on items and gives what came of each with its number, in any order."""

    def as_done(self, work: Callable[[Any], Any], items: Sequence[Any]) -> Numbered:
        """Outcomes as they come; `work`, items and values must be picklable."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


@dataclass(frozen=True)
class Workers:
    """How many processes of this machine work, or the address of a Ray cluster that does.

    A cluster is given as "host:port", as "auto" for the one of this machine, or as "local" to
    start one here.
    """

    count: int = 1
    ray: str = ""

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InputError(f"workers must be 1 or more; found {self.count}")


class Alone(AbstractContextManager["Alone"]):
    """Works in this process, one item after the other."""

    def as_done(self, work: Callable[[Any], Any], items: Sequence[Any]) -> Numbered:
        """Outcomes in order."""
        for number, item in enumerate(items):
            yield number, attempt(work, item)

    def __exit__(self, *error: object) -> None:
        """Nothing is held."""


def open_crew(workers: Workers) -> Crew:
    """The crew to enter; InputError when Ray is wanted and is not there."""
    if workers.ray:
        from robot_skills.segment.many.ray_cluster import RayCluster

        return RayCluster(workers.ray)
    if workers.count == 1:
        return Alone()
    from robot_skills.segment.many.processes import Processes

    return Processes(workers.count)


def attempt(work: Callable[[Item], Result], item: Item) -> Outcome[Result]:
    """Do one item; whatever goes wrong with it is its own reason and stops no other."""
    try:
        return Outcome(work(item))
    except InputError as error:
        return Outcome(None, str(error))
    except OSError as error:
        return Outcome(None, f"{error.strerror or error}: {error.filename or 'no file named'}")
    except Exception as error:  # one recording, however broken, does not stop the others
        return Outcome(None, f"{type(error).__name__}: {error}")


def each_done(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    crew: Crew,
    track: Track = quiet,
    label: str = "working",
) -> Iterator[tuple[int, Outcome[Result]]]:
    """Number of an item and what came of it, as they are done; nothing is kept here."""
    with closing(crew.as_done(work, items)) as arriving:
        for _ in track(items, label):
            yield next(arriving)


def map_sources(
    work: Callable[[Item], Result],
    sources: Sequence[Item],
    crew: Crew,
    track: Track = quiet,
    label: str = "working",
) -> list[Outcome[Result]]:
    """What came of every source, in the order of the sources, whoever worked."""
    found = dict(each_done(work, sources, crew, track, label))
    return [found[number] for number in range(len(sources))]
