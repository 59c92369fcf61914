"""A log as it stands in its file: columns of numbers and columns of text."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Texts = NDArray[np.str_]


@dataclass(frozen=True)
class LogTable:
    """Columns (N,) by name in the file's order: numbers, NaN where empty, and texts apart."""

    numbers: dict[str, Floats]
    texts: dict[str, Texts]
    notes: tuple[str, ...] = ()
