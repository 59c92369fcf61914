"""Pictures as rows of numbers, before it is known which of them matter."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Rows = NDArray[np.float32]

SQUARE_PX = 32


class Look(Protocol):
    """Turns pictures into rows; `pictures` of them are enough to learn from."""

    @property
    def side_px(self) -> int:
        """Longer side in pixels that pictures should have at least."""
        ...

    @property
    def pictures(self) -> int:
        """How many pictures to learn from."""
        ...

    def rows(self, images: Images) -> Rows:
        """Rows (N, D) of pictures (N, H, W, 3) uint8 RGB."""
        ...


@dataclass(frozen=True)
class Thumbnail:
    """The picture itself, brought to SQUARE_PX whatever its shape, from 0 to 1."""

    side_px: int = 2 * SQUARE_PX
    pictures: int = 4000

    def rows(self, images: Images) -> Rows:
        """Rows (N, 3 SQUARE_PX^2) of pictures (N, H, W, 3)."""
        size = (SQUARE_PX, SQUARE_PX)
        small = [cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in images]
        return np.stack(small).reshape(len(small), -1).astype(np.float32) / np.float32(255)
