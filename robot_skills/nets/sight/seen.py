"""What a policy's network is given at one step, however it was sensed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """Inputs (I,) of the network; `ee` (7,) and the `frame` (7,) it moves in, in world.

    `frame_name` says whose frame it is. `may_be_done` is false while a skill that is told whether
    its effects hold is told that they do not: no recording ended so.
    """

    frame_name: str
    ee: Floats
    frame: Floats
    inputs: Floats
    may_be_done: bool = True
