"""Which library arrays belong to: the same formulas serve NumPy and torch."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace

Array = Any  # NumPy or torch; the array-API standard has no static type yet

_NUMPY = (np.ndarray, np.float64, float)


def namespace(*arrays: Array) -> Any:
    """The arrays' library; NumPy 2 is its own array-API namespace, known without asking."""
    for array in arrays:
        if type(array) not in _NUMPY:
            return array_namespace(*arrays)
    return np
