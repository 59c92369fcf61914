"""How much memory this process and everything it started hold at their worst."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

PROC = Path("/proc")
PERIOD_S = 0.5
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class MemoryWatch:
    """Context manager that looks twice a second; `peak_gb` is the largest sum of resident sizes.

    What processes share is counted for each of them, so the figure is an upper bound. It stays 0
    where there is no /proc.
    """

    def __init__(self) -> None:
        self.peak_gb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.peak_gb = max(self.peak_gb, resident_bytes(os.getpid()) / 1e9)
            if self._over.wait(PERIOD_S):
                return


def resident_bytes(process: int) -> int:
    """Resident size of a process and all its descendants now."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    family = [process]
    for member in family:  # grows while it is gone through
        family += children.get(member, [])
    return sum(map(_resident_bytes, family))


def _parents() -> Iterator[tuple[int, int]]:
    for folder in PROC.glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        yield int(folder.name), int(fields[1])


def _resident_bytes(process: int) -> int:
    try:
        return int((PROC / str(process) / "statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return 0
