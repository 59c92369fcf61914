"""People opening a latched door in virtual reality with the ADROIT hand.

Source: Rajeswaran et al., "Learning complex dexterous manipulation with deep reinforcement
learning and demonstrations", RSS 2018. `obs<i>` (T, 39) and `act<i>` (T, 28) at 100 Hz.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.storage.labelled_set import LabelledSet, opened

Floats = NDArray[np.float64]

FILE = Path("adroit_door", "door_human.npz")
RATE_HZ = 100.0
TOLERANCE_S = 0.1  # a whole demonstration takes 3 s
MOVED_RAD = 0.1
SHAPE = 39, 28
HAND = slice(0, 27)  # joints of wrist and fingers, rad
LATCH, HINGE = 27, 28
PALM = slice(29, 32)  # position in the world, m
LABELS = ["reach", "turn", "pull"]


def load_adroit_door(data_folder: Path) -> LabelledSet:
    """Joints, palm position m and action of each opening; boundaries where latch and hinge move.

    Latch and hinge angles are the truth, and the handle's position follows from them: none of the
    three is a channel. InputError when the file is missing or a door never opens.
    """
    file = data_folder / FILE
    demonstrations, boundaries_s = [], []
    with opened(file) as arrays:
        count = sum(1 for key in arrays.files if key.startswith("obs"))
        for number in range(count):
            name = f"adroit_door/{number}"
            observed = np.asarray(arrays[f"obs{number}"], dtype=float)
            action = np.asarray(arrays[f"act{number}"], dtype=float)
            if (observed.shape[1], action.shape[1]) != SHAPE:
                raise InputError(
                    f"{name}: wanted {SHAPE} columns of observations and actions; found "
                    f"{observed.shape} and {action.shape}"
                )
            demonstrations.append(Demonstration(name, RATE_HZ, _channels(observed, action)))
            boundaries_s.append(_boundaries_s(name, observed))
    truth = "the latch, then the hinge, has turned 0.1 rad"
    labels = [LABELS] * count
    return LabelledSet("adroit_door", demonstrations, boundaries_s, TOLERANCE_S, labels, truth)


def _channels(observed: Floats, action: Floats) -> dict[str, Channel]:
    return {
        "palm_position": Channel(observed[:, PALM], "m", ChannelKind.POSE, "world"),
        "joint_position": Channel(observed[:, HAND], "rad", ChannelKind.JOINT_POSITION),
        "action": Channel(action, "1", ChannelKind.ACTION),
    }


def _boundaries_s(name: str, observed: Floats) -> list[float]:
    moved = np.abs(observed[:, LATCH] - observed[0, LATCH]) > MOVED_RAD
    open_ = observed[:, HINGE] > MOVED_RAD
    if not (moved.any() and open_.any()):
        raise InputError(f"{name}: latch or hinge never passes {MOVED_RAD} rad")
    return [float(np.argmax(mask)) / RATE_HZ for mask in (moved, open_)]
