"""How the picture moves from one frame to the next, in six numbers."""

import cv2
import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Floats = NDArray[np.float64]

SIDE_PX = 96  # longer side of the pictures compared: fine enough for a hand, coarse enough for CPUs
PYRAMID_SCALE, PYRAMID_LEVELS = 0.5, 3  # follows motion of up to about a sixth of the picture
WINDOW_PX, PASSES = 11, 3
NEIGHBOURHOOD_PX, NEIGHBOURHOOD_SPREAD = 5, 1.1  # polynomial fit, OpenCV's advice for 5 pixels
COLUMNS = ("right", "right_by_x", "right_by_y", "down", "down_by_x", "down_by_y")


def shrink(image: Images, side_px: int) -> Images:
    """A picture (H, W, 3) or (H, W) whose longer side is at most `side_px`."""
    height, width = image.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def flow_columns(before: Images, after: Images) -> Floats:
    """Mean motion between two pictures (H, W, 3) and how it leans across the picture (6,).

    In picture lengths a frame, right and down positive; x and y run from -1 to 1. Summed over time
    the columns are a path of whatever moves. The flow field is that of Farneback, "Two-frame
    motion estimation based on polynomial expansion", SCIA 2003.
    """
    field = _flow_field(shrink(before, SIDE_PX), shrink(after, SIDE_PX))
    height, width = field.shape[:2]
    x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)[:, None]
    moments = [[np.mean(way * by) for by in (1.0, x, y)] for way in np.moveaxis(field, 2, 0)]
    return np.asarray(np.ravel(moments) / max(height, width))


def _flow_field(before: Images, after: Images) -> Floats:
    """Motion (H, W, 2) of every pixel, in pixels to the right and down."""
    field = cv2.calcOpticalFlowFarneback(
        cv2.cvtColor(before, cv2.COLOR_RGB2GRAY),
        cv2.cvtColor(after, cv2.COLOR_RGB2GRAY),
        np.zeros((*before.shape[:2], 2), np.float32),
        PYRAMID_SCALE,
        PYRAMID_LEVELS,
        WINDOW_PX,
        PASSES,
        NEIGHBOURHOOD_PX,
        NEIGHBOURHOOD_SPREAD,
        0,
    )
    return np.asarray(field, dtype=np.float64)
