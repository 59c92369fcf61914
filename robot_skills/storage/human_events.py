"""Lift and place events of recorded human teleoperation: physical truth for scoring cuts.

`object_events.json` beside the recordings holds, by recording, the intervals [start, stop) of
steps in which an object was more than 2 cm above where it began.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from robot_skills.core.demonstration import Demonstration
from robot_skills.core.errors import InputError
from robot_skills.storage.labelled_set import TOLERANCE_S, LabelledSet
from robot_skills.storage.robosuite_hdf5 import load_robosuite_demonstrations

Lifted = dict[str, list[list[int]]]

EVENTS = "object_events.json"
SET = "robosuite_teleop"
LONG_HORIZON = (
    "v0.3.0/SawyerPickPlace",
    "v0.3.0/SawyerNutAssembly",
    "v1.0.1/pick-place/panda",
    "v1.0.1/nut-assembly/panda",
)


def load_long_horizon(data_folder: Path) -> LabelledSet:
    """Six demonstrations that move several objects each, objects' poses among the channels.

    A boundary is where an object is lifted or put down; a recording that stops in mid-air ends no
    placement, so its last step is none. InputError when recordings or their events are missing.
    """
    demonstrations: list[Demonstration] = []
    boundaries_s: list[list[float]] = []
    labels: list[list[str]] = []
    for one, lifted in _recordings(data_folder / SET):
        steps = _changes(lifted, one.steps)
        demonstrations.append(one)
        boundaries_s.append([step / one.rate_hz for step in steps])
        labels.append([_label(lifted, step) for step in (0, *steps)])
    truth = "an object rises over or sinks under 2 cm above where it began"
    return LabelledSet("long_horizon", demonstrations, boundaries_s, TOLERANCE_S, labels, truth)


def load_human_long_horizon(data_folder: Path) -> tuple[list[Demonstration], list[list[int]]]:
    """The demonstrations of `load_long_horizon`, and their true boundaries in steps."""
    known = load_long_horizon(data_folder)
    steps = [
        [round(at_s * one.rate_hz) for at_s in boundaries_s]
        for one, boundaries_s in zip(known.demonstrations, known.boundaries_s, strict=True)
    ]
    return known.demonstrations, steps


def _recordings(folder: Path) -> Iterator[tuple[Demonstration, Lifted]]:
    """Demonstrations at their true rate, and when each of their objects was up."""
    events_file = folder / EVENTS
    if not events_file.is_file():
        raise InputError(f"no human recordings: {events_file} is missing")
    events = json.loads(events_file.read_text())
    for recording in LONG_HORIZON:
        for one in load_robosuite_demonstrations(folder / recording / "demo.hdf5"):
            key = f"{recording}/{one.name.rpartition('/')[2]}"
            if key not in events:
                raise InputError(f"{events_file}: no events of {key}")
            yield replace(one, name=key, rate_hz=1.0 / events[key]["dt"]), events[key]["lifted"]


def _label(lifted: Lifted, step: int) -> str:
    up = any(start <= step < stop for pairs in lifted.values() for start, stop in pairs)
    return "carry" if up else "reach"


def _changes(lifted: Lifted, steps: int) -> list[int]:
    """Sorted starts and stops of every interval, the end of the recording left out."""
    moments = {step for intervals in lifted.values() for pair in intervals for step in pair}
    return sorted(step for step in moments if 0 < step < steps)
