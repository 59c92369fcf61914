"""Camera images as policies see them: small, and with what is meant picked out by its colour."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError

Floats = NDArray[np.float64]
Images = NDArray[np.uint8]

ALIKE = 0.12  # distance of hues at which a pixel is half of what is meant
DARK = 60.0  # of 255: below this a pixel's hue says little


def hue(images: Images) -> NDArray[np.float32]:
    """Colours (..., 3) from 0 to 1 with the strongest at 1, so that shade does not matter."""
    strongest = np.maximum(images.max(axis=-1, keepdims=True), 1).astype(np.float32)
    return np.asarray(images / strongest, dtype=np.float32)


def likeness(images: Images, wanted: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each pixel (..., 3) is of a hue (3,), from 0 to 1 (...,)."""
    apart = hue(images) - wanted
    near = np.exp2(-np.einsum("...c,...c", apart, apart) / ALIKE**2)
    bright = np.minimum(images.max(axis=-1) / DARK, 1.0) ** 2
    return np.asarray(near * bright, dtype=np.float32)


def picture(images: Images, wanted: NDArray[np.float32] | None, shrink: int) -> Images:
    """Images (..., H, W, 3) as (..., 4, H / shrink, W / shrink): likeness and RGB, of 255 each.

    Without a hue that is `wanted` the likeness is 0. Raises InputError unless `shrink` divides
    both sides.
    """
    height, width = images.shape[-3:-1]
    if height % shrink or width % shrink:
        raise InputError(
            f"images must be a multiple of {shrink} pixels high and wide; found {height} x {width}"
        )
    meant = np.zeros((*images.shape[:-1], 1), np.float32)
    if wanted is not None:
        meant[..., 0] = 255.0 * likeness(images, wanted)
    small = np.concatenate([_shrunk(meant, shrink), _shrunk(images, shrink)], axis=-1)
    return np.ascontiguousarray(np.moveaxis(small.round().astype(np.uint8), -1, -3))


def _shrunk(images: NDArray[np.generic], shrink: int) -> NDArray[np.float32]:
    """Means (..., H / shrink, W / shrink, C) over squares of `shrink` pixels."""
    corners = [(row, column) for row in range(shrink) for column in range(shrink)]
    parts = [images[..., row::shrink, column::shrink, :] for row, column in corners]
    return np.asarray(sum(part.astype(np.float32) for part in parts) / len(parts))
