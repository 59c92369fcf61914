"""Trials on disk: a folder of text that people read and the simulator's states as arrays.

trials.json               one row a trial; format 1
simulator.safetensors     start/<row> and end/<row>: the full state (S,) of the scene
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from robot_skills.core.errors import InputError
from robot_skills.core.facts import format_facts, parse_facts
from robot_skills.run.trials.trial import SkillTrial, Snapshot
from robot_skills.storage.atomic import new_folder

Floats = NDArray[np.float64]

FORMAT = 1
ROWS_FILE, STATES_FILE = "trials.json", "simulator.safetensors"
ENDS = ("start", "end")


def save_trials(folder: Path, trials: Sequence[SkillTrial], replace: bool = False) -> Path:
    """Write trials as one folder, complete or not at all; returns the folder.

    Raises InputError where there is something already, unless it is trials to be replaced.
    """
    if folder.exists() and not (replace and (folder / ROWS_FILE).is_file()):
        raise InputError(f"{folder} exists already; choose another name or remove it")
    states = {f"{end}/{i}": getattr(t, end).simulator for i, t in enumerate(trials) for end in ENDS}
    with new_folder(folder, replace=replace) as partial:
        rows = {"format": FORMAT, "trials": [_row(trial) for trial in trials]}
        (partial / ROWS_FILE).write_text(json.dumps(rows, indent=1) + "\n")
        save_file(states, partial / STATES_FILE)
    return folder


def load_trials(folder: Path) -> list[SkillTrial]:
    """Read what `save_trials` wrote; InputError for a missing, foreign or damaged folder."""
    if not (folder / ROWS_FILE).is_file():
        raise InputError(f"{folder} has no {ROWS_FILE}; robot-skills handoffs writes trials")
    try:
        document: Any = json.loads((folder / ROWS_FILE).read_text())
        if document["format"] != FORMAT:
            raise InputError(f"{folder}: format must be {FORMAT}; found {document['format']!r}")
        states = load_file(folder / STATES_FILE)
        return [_trial(row, states, i) for i, row in enumerate(document["trials"])]
    except (KeyError, TypeError, json.JSONDecodeError, SafetensorError, OSError) as error:
        raise InputError(f"{folder}: damaged ({error!r})") from None


def _row(trial: SkillTrial) -> dict[str, Any]:
    row = asdict(trial)
    return row | {end: _snapshot_row(getattr(trial, end)) for end in ENDS}


def _snapshot_row(snapshot: Snapshot) -> dict[str, Any]:
    row = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in vars(snapshot).items()}
    del row["simulator"]
    return row | {"facts": format_facts(snapshot.facts)}


def _trial(row: dict[str, Any], states: dict[str, Floats], index: int) -> SkillTrial:
    ends = {end: _snapshot(row[end], states[f"{end}/{index}"]) for end in ENDS}
    return SkillTrial(**{**row, "arguments": tuple(row["arguments"]), **ends})


def _snapshot(row: dict[str, Any], simulator: Floats) -> Snapshot:
    arrays = {
        name: None if row[name] is None else np.array(row[name], dtype=float)
        for name in ("joint_target", "ee_target", "ee_in_frame")
    }
    values = {"objects": tuple(row["objects"]), "facts": parse_facts(row["facts"])}
    return Snapshot(**{**row, **arrays, **values, "simulator": simulator})
