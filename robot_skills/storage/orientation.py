"""Which way up a video is: the display matrix that phones write instead of turning the picture."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]

MATRIX = "DISPLAYMATRIX"
TILT_DEG = 1.0  # beyond this a matrix is no quarter turn


@dataclass(frozen=True)
class Orientation:
    """How a decoded picture becomes upright: transpose first, then the mirrors.

    `rotation_deg` is the clockwise turn this amounts to, 0, 90, 180 or 270.
    """

    transposed: bool = False
    mirrored_x: bool = False
    mirrored_y: bool = False
    rotation_deg: int = 0
    notes: tuple[str, ...] = ()

    @classmethod
    def of_frame(cls, frame: Any) -> Self:
        """The orientation a decoded PyAV frame carries; upright when it carries none."""
        for data in frame.side_data:
            if data.type.name == MATRIX:
                return cls.of_matrix(np.frombuffer(bytes(data), dtype=np.int32)[:9].reshape(3, 3))
        return cls()

    @classmethod
    def of_matrix(cls, matrix: NDArray[np.int32]) -> Self:
        """From a display matrix (3, 3): row vector (column, row, 1) times it gives the screen.

        Source: ISO/IEC 14496-12, 6.2.2; a turn that is no quarter is brought to the nearest.
        """
        a, b, c, d = (float(matrix[i, j]) for i in (0, 1) for j in (0, 1))
        transposed = abs(b) + abs(c) > abs(a) + abs(d)
        x_sign, y_sign = (c, b) if transposed else (a, d)
        exact_deg = float(np.degrees(np.arctan2(b, a))) % 360.0
        quarter = round(exact_deg / 90.0)
        mirrored = a * d - b * c < 0
        notes = []
        if abs(exact_deg - 90.0 * quarter) > TILT_DEG:
            notes.append(f"filmed at {exact_deg:.0f} degrees; turned by {90 * (quarter % 4)}")
        if mirrored:
            notes.append("mirrored in the file; shown unmirrored as it says")
        return cls(transposed, x_sign < 0, y_sign < 0, 90 * (quarter % 4), tuple(notes))

    def upright(self, image: Images) -> Images:
        """The picture (H, W, 3) as it is to be seen, contiguous."""
        turned = image.swapaxes(0, 1) if self.transposed else image
        turned = turned[:: -1 if self.mirrored_y else 1, :: -1 if self.mirrored_x else 1]
        return np.ascontiguousarray(turned)

    def upright_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height as they are to be seen."""
        return (height, width) if self.transposed else (width, height)
