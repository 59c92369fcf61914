"""Demonstrations in the HDF5 layout that robomimic trains on.

Group `data` with `total` and `env_args`; in it `demo_i` with `num_samples`, `actions`, `rewards`,
`dones` and `obs/<key>`; group `mask` with names of demonstrations by filter key. Source:
https://robomimic.github.io/docs/datasets/overview.html
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.storage.atomic import new_file

Floats = NDArray[np.float64]

ACTION_MOST = 1.0  # robomimic's policies give nothing beyond


@dataclass(frozen=True)
class RobomimicDemo:
    """Observations (T, D) by key and actions (T, A), each within -1..1."""

    observations: Mapping[str, Floats]
    actions: Floats


def save_robomimic(
    file: Path,
    demos: Sequence[RobomimicDemo],
    env_args: Mapping[str, Any],
    masks: Mapping[str, Sequence[int]],
) -> None:
    """Write `file`, whole or not at all; the reward is 1 at each demonstration's last step.

    `masks` names demonstrations by their numbers under each filter key. Raises InputError for
    lengths that differ, keys that differ, and actions beyond -1..1.
    """
    _check(demos)
    with new_file(file) as partial, h5py.File(partial, "w") as out:
        data = out.create_group("data")
        data.attrs["total"] = sum(len(demo.actions) for demo in demos)
        data.attrs["env_args"] = json.dumps(dict(env_args))
        for number, demo in enumerate(demos):
            _write(data.create_group(f"demo_{number}"), demo)
        for key, numbers in masks.items():
            out[f"mask/{key}"] = np.array([f"demo_{n}" for n in numbers], dtype="S")


def _write(group: h5py.Group, demo: RobomimicDemo) -> None:
    steps = len(demo.actions)
    last = np.zeros(steps)
    last[-1] = 1.0
    group.attrs["num_samples"] = steps
    group["actions"] = demo.actions
    group["rewards"] = last
    group["dones"] = last.astype(int)
    for key, values in demo.observations.items():
        group[f"obs/{key}"] = values


def _check(demos: Sequence[RobomimicDemo]) -> None:
    if not demos:
        raise InputError("there are no demonstrations to write")
    for number, demo in enumerate(demos):
        lengths = {key: len(values) for key, values in demo.observations.items()}
        if set(lengths.values()) != {len(demo.actions)}:
            raise InputError(
                f"demo_{number}: observations must be as long as its {len(demo.actions)} actions; "
                f"found {lengths}"
            )
        if lengths.keys() != demos[0].observations.keys():
            raise InputError(
                f"demo_{number} has the keys {', '.join(lengths)}; demo_0 has "
                f"{', '.join(demos[0].observations)}"
            )
        most = float(np.abs(demo.actions).max())
        if most > ACTION_MOST:
            raise InputError(f"demo_{number}: actions must be within -1..1; found {most:g}")
