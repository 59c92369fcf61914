"""A world that went wrong, on disk: its model, its state before that, and how to see it again."""

import json
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.sim.sim_arm import FULL_STATE

Floats = NDArray[np.float64]

FORMAT = 1


@dataclass(frozen=True)
class WorldFault:
    """The last good state (S,) of one world, controls included, and the model it had.

    `substeps` of physics after that state lead to the fault.
    """

    model: mujoco.MjModel
    state: Floats
    substeps: int


def write_fault(fault: WorldFault, folder: Path, world: int) -> Path:
    """Write `fault_<world>.json` and `.mjb` into a folder, which is made; returns the .json."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"fault_{world}.json"
    mujoco.mj_saveModel(fault.model, str(file.with_suffix(".mjb")), None)
    table = {"format": FORMAT, "substeps": fault.substeps, "state": fault.state.tolist()}
    file.write_text(json.dumps(table))
    return file


def read_fault(file: Path) -> WorldFault:
    """What `write_fault` wrote; raises InputError for anything else."""
    try:
        table = json.loads(file.read_text())
        if table["format"] != FORMAT:
            raise InputError(f"{file}: format must be {FORMAT}; found {table['format']!r}")
        model = mujoco.MjModel.from_binary_path(str(file.with_suffix(".mjb")))
        return WorldFault(model, np.array(table["state"], dtype=float), int(table["substeps"]))
    except (OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise InputError(f"{file}: not a world that went wrong ({error})") from None


def replay_fault(fault: WorldFault) -> Floats:
    """Go on from the state in MuJoCo C; returns the joint positions (substeps + 1, nq)."""
    data = mujoco.MjData(fault.model)
    mujoco.mj_setState(fault.model, data, fault.state, FULL_STATE)
    visited = [data.qpos.copy()]
    for _ in range(fault.substeps):
        mujoco.mj_step(fault.model, data)
        visited.append(data.qpos.copy())
    return np.array(visited)
