"""Progress of long loops: a bar on a terminal, a line now and then elsewhere; always on stderr."""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

LINE_EVERY_S = 10.0


def track(items: Sequence[T], label: str) -> Iterable[T]:
    """Go through `items` showing how far it is under `label`; fits `core.progress.Track`."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track as bar

        return bar(items, label, console=Console(stderr=True), transient=True)
    return _lines(items, label)


def _lines(items: Sequence[T], label: str) -> Iterator[T]:
    started = printed = time.monotonic()
    for done, item in enumerate(items):
        now = time.monotonic()
        if now - printed >= LINE_EVERY_S:
            print(f"{label}: {done}/{len(items)} ({now - started:.0f} s)", file=sys.stderr)
            printed = now
        yield item
