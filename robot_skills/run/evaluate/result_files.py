"""Results files of evaluated episodes, read back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot_skills.core.errors import InputError
from robot_skills.run.evaluate.results import FORMAT


@dataclass(frozen=True)
class Row:
    """One episode: how it ended, in s and control steps of robot time, and how far it came.

    `skills` gives by name how many runs brought their effects about, and how many there were.
    `goal` is empty and `goal_facts` 0 where no plan was found at the start.
    """

    task: str
    seen: bool
    seed: int
    success: bool
    goal: str
    goal_facts: int
    goal_facts_held: int
    robot_time_s: float
    control_steps: int
    skills: Mapping[str, tuple[int, int]]

    @property
    def case(self) -> tuple[str, int]:
        """What makes the same episode in another file."""
        return self.task, self.seed


@dataclass(frozen=True)
class Results:
    """Episodes of one file, and the settings they were made with."""

    file: Path
    rows: tuple[Row, ...]
    settings: Mapping[str, Any]

    @property
    def library_sha256(self) -> str:
        """Hash of the library they were made with; empty where the file does not say."""
        return str(self.settings.get("library_sha256", ""))

    @property
    def robot(self) -> str:
        """What the episodes ran on; empty where the file does not say."""
        return str(self.settings.get("robot", ""))


def load_results(file: Path) -> Results:
    """Read what `robot-skills run --out` wrote; raises InputError for anything else.

    Each task and seed may stand there once.
    """
    table = _read(file)
    if "pairs" in table:
        raise InputError(
            f"{file} holds pairs of run --disturb; give results of robot-skills run --out without "
            "--disturb"
        )
    if table.get("format") != FORMAT or not isinstance(table.get("episodes"), list):
        raise InputError(f"{file} is no results file; robot-skills run --out FILE writes one")
    try:
        rows = tuple(read_row(values) for values in table["episodes"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{file}: an episode lacks {error}, or has it in another form; make the file anew with "
            "robot-skills run --out"
        ) from None
    if not rows:
        raise InputError(f"{file} holds no episodes")
    seen: set[tuple[str, int]] = set()
    for row in rows:
        if row.case in seen:
            raise InputError(f"{file} holds task {row.task} with seed {row.seed} twice")
        seen.add(row.case)
    return Results(file, rows, dict(table.get("settings", {})))


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise InputError(f"no results file {file}; robot-skills run --out FILE writes one")
    try:
        table = json.loads(file.read_text())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is no results file ({error})") from None
    return table if isinstance(table, dict) else {}


def read_row(values: Mapping[str, Any]) -> Row:
    """One episode from the plain values of `episode_row`; KeyError names what they lack."""
    return Row(
        task=str(values["task"]),
        seen=bool(values["seen"]),
        seed=int(values["seed"]),
        success=bool(values["success"]),
        goal=str(values["goal"]),
        goal_facts=int(values["goal_facts"]),
        goal_facts_held=int(values["goal_facts_held"]),
        robot_time_s=float(values["robot_time_s"]),
        control_steps=int(values["control_steps"]),
        skills={name: (int(a), int(b)) for name, (a, b) in values["skills"].items()},
    )
