"""What things look like, learned from holding them: no camera needs to be calibrated for it.

While a thing is held it is always at the same place of a picture that is taken from the hand.
Those pixels are found because their hue tells what is held: it differs between things and hardly
while one of them is held.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.nets.sight.pictures import hue
from robot_skills.storage.video import read_frames
from robot_skills.train.history import History

Hues = dict[str, NDArray[np.float32]]
Images = NDArray[np.uint8]
Videos = Mapping[str, Mapping[str, Path]]

EVERY = 8  # of the steps at which something is held, one in so many is looked at
TELLING = 0.005  # share of the pixels that are asked
FLOOR = 1e-3  # variance of hue that noise has anyway


def learn_appearances(histories: Sequence[History], videos: Videos, cameras: Sequence[str]) -> Hues:
    """Hue (3,) of every thing that was held, by name; InputError where nothing was."""
    held = {history.name: _held_steps(history) for history in histories}
    names = np.array([name for found in held.values() for _, name in found])
    if not len(names):
        raise InputError("nothing is held in these recordings: what things look like is unknown")
    best: tuple[float, Hues] = (-1.0, {})
    for camera in cameras:
        steps = [(videos[n][camera], [t for t, _ in found]) for n, found in held.items() if found]
        seen = hue(np.concatenate([read_frames(file, chosen) for file, chosen in steps]))
        score, pixels = _telling_pixels(seen, names)
        if score > best[0]:
            best = (score, {str(n): _hue_of(seen[names == n], pixels) for n in np.unique(names)})
    return best[1]


def _held_steps(history: History) -> list[tuple[int, str]]:
    """Some steps at which a thing is held, and which."""
    found = [
        (step, fact.arguments[0])
        for step, facts in enumerate(history.facts)
        for fact in facts
        if fact.predicate == "holding"
    ]
    return found[::EVERY]


def _telling_pixels(
    seen: NDArray[np.float32], names: NDArray[np.str_]
) -> tuple[float, NDArray[np.bool_]]:
    """How well the best pixels (H, W) tell what is held, and which these are (Fisher's ratio)."""
    groups = [seen[names == name] for name in np.unique(names)]
    within = np.mean([g.var(axis=0).sum(axis=-1) for g in groups], axis=0)
    between = np.var([g.mean(axis=0) for g in groups], axis=0).sum(axis=-1)
    ratio = between / (within + FLOOR)
    chosen = ratio >= np.quantile(ratio, 1 - TELLING)
    return float(ratio[chosen].mean()), chosen


def _hue_of(seen: NDArray[np.float32], pixels: NDArray[np.bool_]) -> NDArray[np.float32]:
    return np.asarray(np.median(seen[:, pixels].reshape(-1, 3), axis=0), dtype=np.float32)
