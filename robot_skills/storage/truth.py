"""What a scripted operator was really doing: kept apart from the episodes, read only to score."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from robot_skills.core.errors import InputError
from robot_skills.storage.atomic import write_text

FORMAT = 1


@dataclass(frozen=True)
class Behaviour:
    """Steps [start, stop) in which the operator did one thing, such as pick(red)."""

    name: str
    arguments: tuple[str, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class Truth:
    """Steps at which the behaviour changes, and the behaviours themselves."""

    boundaries: tuple[int, ...]
    behaviours: tuple[Behaviour, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)


def truth_file(set_folder: Path, episode_name: str) -> Path:
    """Where the truth of an episode is kept."""
    return set_folder / "truth" / f"{episode_name}.json"


def save_truth(set_folder: Path, episode_name: str, truth: Truth) -> Path:
    """Write the truth of one episode beside the set's episodes; returns the file."""
    file = truth_file(set_folder, episode_name)
    write_text(file, json.dumps({"format": FORMAT, **asdict(truth)}, indent=2) + "\n")
    return file


def load_truth(set_folder: Path, episode_name: str) -> Truth:
    """Read the truth of one episode; raises InputError when there is none or it is damaged."""
    file = truth_file(set_folder, episode_name)
    try:
        table = json.loads(file.read_text())
        behaviours = tuple(
            Behaviour(b["name"], tuple(b["arguments"]), int(b["start"]), int(b["stop"]))
            for b in table["behaviours"]
        )
        truth = Truth(tuple(table["boundaries"]), behaviours, table["notes"])
    except FileNotFoundError:
        raise InputError(f"no truth for {episode_name}: {file} is missing") from None
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{file}: damaged ({error})") from None
    if table.get("format") != FORMAT:
        raise InputError(f"{file}: format must be {FORMAT}; found {table.get('format')!r}")
    return truth
