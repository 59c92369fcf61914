"""Lift and place events of recorded human teleoperation: physical truth for scoring cuts.

`object_events.json` beside the recordings holds, by recording, the intervals [start, stop) of
steps in which an object was more than 2 cm above where it began.
"""

import json
from dataclasses import replace
from pathlib import Path

from robot_skills.core.demonstration import Demonstration
from robot_skills.core.errors import InputError
from robot_skills.storage.robosuite_hdf5 import load_robosuite_demonstrations

EVENTS = "object_events.json"
SET = "robosuite_teleop"
LONG_HORIZON = (
    "v0.3.0/SawyerPickPlace",
    "v0.3.0/SawyerNutAssembly",
    "v1.0.1/pick-place/panda",
    "v1.0.1/nut-assembly/panda",
)


def load_human_long_horizon(data_folder: Path) -> tuple[list[Demonstration], list[list[int]]]:
    """Six demonstrations that move several objects each, and their true boundaries in steps.

    A recording that stops in mid-air ends no placement, so its last step is no boundary.
    InputError when the recordings or their events are missing.
    """
    folder = data_folder / SET
    events_file = folder / EVENTS
    if not events_file.is_file():
        raise InputError(f"no human recordings: {events_file} is missing")
    events = json.loads(events_file.read_text())
    demonstrations: list[Demonstration] = []
    boundaries: list[list[int]] = []
    for recording in LONG_HORIZON:
        for one in load_robosuite_demonstrations(folder / recording / "demo.hdf5"):
            key = f"{recording}/{one.name.rpartition('/')[2]}"
            demonstrations.append(replace(one, name=key, rate_hz=1.0 / events[key]["dt"]))
            boundaries.append(_changes(events[key]["lifted"], one.steps))
    return demonstrations, boundaries


def _changes(lifted: dict[str, list[list[int]]], steps: int) -> list[int]:
    """Sorted starts and stops of every interval, the end of the recording left out."""
    moments = [step for intervals in lifted.values() for pair in intervals for step in pair]
    return sorted(step for step in moments if step < steps)
