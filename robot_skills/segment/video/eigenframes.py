"""A description of pictures learned from the clips alone: how they differ from the usual one."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

Images = NDArray[np.uint8]
Floats = NDArray[np.float64]

SIDE_PX = 32  # pictures are brought to this square, whatever their shape
FAINTEST = 1e-4  # of a grey level's range: what varies less is rounding


@dataclass(frozen=True)
class Eigenframes:
    """Main directions (E, 3 SIDE_PX^2) in which pictures leave their mean (3 SIDE_PX^2,).

    A camera that stands still sees a mean that is the background. Source: Turk and Pentland,
    "Eigenfaces for recognition", Journal of Cognitive Neuroscience, 1991.
    """

    mean: NDArray[np.float32]
    directions: NDArray[np.float32]

    side_px = SIDE_PX

    @classmethod
    def fit(cls, images: Images, columns: int, seed: int) -> Self:
        """Learn at most `columns` directions from pictures (N, SIDE_PX, SIDE_PX, 3)."""
        rows = _rows(images)
        mean = rows.mean(axis=0)
        count = min(columns, len(rows))
        _, spread, directions = randomized_svd(rows - mean, count, random_state=seed)
        seen = spread > FAINTEST * np.sqrt(rows.size)
        seen[0] = True
        return cls(mean, np.asarray(directions[seen], dtype=np.float32))

    def encode(self, images: Images) -> Floats:
        """Embedding (N, E) of pictures (N, H, W, 3)."""
        rows = _rows(np.stack([square(image) for image in images]))
        return np.asarray((rows - self.mean) @ self.directions.T, dtype=np.float64)


def square(image: Images) -> Images:
    """A picture brought to (SIDE_PX, SIDE_PX, 3)."""
    size = (SIDE_PX, SIDE_PX)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _rows(images: Images) -> NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
