"""A terminal as keyboard and as screen: keys as they are struck, pictures as coloured blocks."""

import os
import select
import sys
import termios
import tty
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError

Image = NDArray[np.uint8]

READ_BYTES = 1024
HOME_AND_CLEAR = "\x1b[H\x1b[J"
HOME = "\x1b[H"
UPPER_HALF = "\u2580"  # its ink is the upper pixel, its background the lower one
COLOUR_STEP = 12  # coarser colours make longer runs of one colour, and less to send


class TerminalKeys:
    """Reads keys without Enter and without echo while entered; restores the terminal on leaving.

    Raises InputError where `fd` (standard input by default) is no terminal. Ctrl-C still
    interrupts.
    """

    def __init__(self, fd: int | None = None) -> None:
        self._fd = sys.stdin.fileno() if fd is None else fd

    def pressed(self) -> str:
        """Keys struck since the last call, in order; never waits."""
        ready, _, _ = select.select([self._fd], [], [], 0.0)
        return os.read(self._fd, READ_BYTES).decode(errors="ignore") if ready else ""

    def __enter__(self) -> Self:
        if not os.isatty(self._fd):
            raise InputError("the keyboard needs a terminal; standard input is none")
        self._before = termios.tcgetattr(self._fd)
        tty.setcbreak(self._fd)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)


def as_text(image: Image, columns: int) -> str:
    """An image (H, W, 3) uint8 RGB as text for a 24-bit terminal, two pixels a character."""
    height, width, _ = image.shape
    across = np.linspace(0, width - 1, min(columns, width)).astype(int)
    rows = 2 * (len(across) * height // (2 * width))
    down = np.linspace(0, height - 1, rows).astype(int)
    small = image[np.ix_(down, across)] // COLOUR_STEP * COLOUR_STEP
    lines = [_line(small[row], small[row + 1]) for row in range(0, rows, 2)]
    return "\n".join(lines)


def _line(upper: Image, lower: Image) -> str:
    cells: list[str] = []
    last = None
    for pair in zip(upper.tolist(), lower.tolist(), strict=True):
        if pair != last:  # a colour holds until the next one
            ink, ground = (";".join(map(str, colour)) for colour in pair)
            cells.append(f"\x1b[38;2;{ink};48;2;{ground}m")
        cells.append(UPPER_HALF)
        last = pair
    return "".join(cells) + "\x1b[0m"
