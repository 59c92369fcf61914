"""Segments as the sub-task annotations of a LeRobot data set, in a copy of it.

Format v3.0 gets the episode columns `{sparse,dense}_subtask_*` that LeRobot's stage-aware reward
model reads, the names' shares in `meta/temporal_proportions_*.json`, and, frame by frame,
`subtask_index` with its table `meta/subtasks.parquet`. Format v2.1 has no table for such an index
and gets the episode columns and the shares alone.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from robot_skills.core.demonstration import Segment
from robot_skills.core.errors import InputError
from robot_skills.storage.atomic import new_folder, write_text
from robot_skills.storage.segments import SegmentTable
from robot_skills.storage.subtask_labels import (
    Stretch,
    dense_stretches,
    in_order,
    proportions,
    sparse_stretches,
)

VERSIONS = ("v2.1", "v3.0")
LEVELS = ("sparse", "dense")
UNLABELLED = "unlabelled"
NUMBERED = re.compile(r"(?:^|[/_ -])episode[_ -]?(\d+)$")


@dataclass(frozen=True)
class Subtasks:
    """Stretches of each labelled episode by its index, at both levels, and the frame rate."""

    dense: Mapping[int, tuple[Stretch, ...]]
    sparse: Mapping[int, tuple[Stretch, ...]]
    fps: float

    def columns(self, episode: int) -> dict[str, list[Any] | None]:
        """The ten columns of one episode; None in each for an episode without segments.

        Frames count from the episode's start and the last one belongs to the stretch, as LeRobot
        reads them; times are seconds, and a stretch ends when the next begins.
        """
        columns: dict[str, list[Any] | None] = {}
        for level in LEVELS:
            stretches = getattr(self, level).get(episode)
            for name, values in self._values(stretches or ()).items():
                columns[f"{level}_subtask_{name}"] = values if stretches else None
        return columns

    def _values(self, stretches: Sequence[Stretch]) -> dict[str, list[Any]]:
        return {
            "names": [one.name for one in stretches],
            "start_times": [one.start / self.fps for one in stretches],
            "end_times": [one.stop / self.fps for one in stretches],
            "start_frames": [one.start for one in stretches],
            "end_frames": [one.stop - 1 for one in stretches],
        }


def export_subtasks(dataset: Path, out: Path, table: SegmentTable) -> list[str]:
    """Copy the LeRobot data set in `dataset` to `out`, with the segments as its sub-tasks.

    Demonstrations called "...episode_<number>" belong to the episode of that number; any other
    names must be as many as the episodes, and are taken in order. Returns notes. `dataset` is
    left as it is and `out` appears whole or not at all. InputError for an unknown format, for
    segments that do not fit the episodes in number or length, and without pyarrow for v3.0.
    """
    check_export(dataset, out)
    info = _info(dataset)
    lengths = _lengths(dataset, info["codebase_version"])
    subtasks = _subtasks(table, lengths, float(info["fps"]))
    with new_folder(out) as partial:
        shutil.copytree(dataset, partial, dirs_exist_ok=True)
        _write_proportions(partial, subtasks)
        if info["codebase_version"] == "v2.1":
            _write_episode_lines(partial, subtasks)
        else:
            _write_parquet(partial, info, subtasks, lengths)
    return _notes(subtasks, lengths)


def check_export(dataset: Path, out: Path) -> None:
    """Raise InputError where `export_subtasks` could not begin, asked before the work."""
    if _info(dataset)["codebase_version"] != "v2.1":
        _parquet()
    if dataset.resolve() in (out.resolve(), *out.resolve().parents):
        raise InputError(f"{out} is inside {dataset}; choose a folder beside it")
    if out.exists():
        raise InputError(f"{out} exists already; choose another name or remove it")


def _info(dataset: Path) -> dict[str, Any]:
    file = dataset / "meta" / "info.json"
    try:
        info = json.loads(file.read_text())
    except FileNotFoundError:
        raise InputError(f"no LeRobot data set in {dataset}: it has no meta/info.json") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: damaged ({error})") from None
    version = info.get("codebase_version") if isinstance(info, dict) else None
    if version not in VERSIONS:
        raise InputError(
            f"{dataset} is of LeRobot's format {version}; sub-tasks can be written into "
            f"{' and '.join(VERSIONS)}"
        )
    fps = info.get("fps")
    if not isinstance(fps, int | float) or fps <= 0:
        raise InputError(f"{file}: fps must be a positive number; found {fps!r}")
    return dict(info)


def _lengths(dataset: Path, version: str) -> dict[int, int]:
    """Frames of each episode by its index."""
    if version == "v2.1":
        lines = _episode_lines(dataset)
        return {line["episode_index"]: line["length"] for line in lines}
    return dict(_parquet().episode_lengths(dataset))


def _parquet() -> ModuleType:
    """What reads and writes Parquet, where that is installed."""
    try:
        from robot_skills.storage import lerobot_parquet
    except ImportError:
        raise InputError(
            "LeRobot v3.0 is kept in Parquet files, which need pyarrow: "
            "pip install 'robot-skills[parquet]'"
        ) from None
    return lerobot_parquet


def _subtasks(table: SegmentTable, lengths: Mapping[int, int], fps: float) -> Subtasks:
    pieces: dict[str, list[Segment]] = {}
    for piece in table.segments:
        pieces.setdefault(piece.demonstration, []).append(piece)
    episodes = _matched(list(pieces), sorted(lengths))
    dense = {
        episodes[name]: dense_stretches(own, table.rate_hz[name], lengths[episodes[name]], fps)
        for name, own in pieces.items()
    }
    return Subtasks(dense, {key: sparse_stretches(own) for key, own in dense.items()}, fps)


def _matched(names: Sequence[str], episodes: Sequence[int]) -> dict[str, int]:
    """The episode of each demonstration: by its number, else by its place."""
    numbers = [int(found[1]) for found in map(NUMBERED.search, names) if found]
    if len(set(numbers)) == len(names) and set(numbers) <= set(episodes):
        return dict(zip(names, numbers, strict=True))
    if len(names) == len(episodes):
        return dict(zip(names, episodes, strict=True))
    raise InputError(
        f"there are segments of {len(names)} demonstrations, but the data set has "
        f"{len(episodes)} episodes; cut all of them, or name demonstrations episode_<number>"
    )


def _write_proportions(folder: Path, subtasks: Subtasks) -> None:
    for level in LEVELS:
        shares = proportions(list(getattr(subtasks, level).values()))
        file = folder / "meta" / f"temporal_proportions_{level}.json"
        write_text(file, json.dumps(shares, indent=2, ensure_ascii=False) + "\n")


def _episode_lines(dataset: Path) -> list[dict[str, Any]]:
    file = dataset / "meta" / "episodes.jsonl"
    try:
        lines = [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
        if all(isinstance(line["episode_index"] + line["length"], int) for line in lines):
            return lines
    except FileNotFoundError:
        raise InputError(f"{dataset} has no meta/episodes.jsonl, where v2.1 has one") from None
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{file}: damaged ({error!r})") from None
    raise InputError(f"{file}: damaged (episode_index and length must be whole numbers)")


def _write_episode_lines(folder: Path, subtasks: Subtasks) -> None:
    lines = [
        json.dumps({**line, **subtasks.columns(line["episode_index"])}, ensure_ascii=False)
        for line in _episode_lines(folder)
    ]
    write_text(folder / "meta" / "episodes.jsonl", "\n".join(lines) + "\n")


def _write_parquet(
    folder: Path, info: dict[str, Any], subtasks: Subtasks, lengths: Mapping[int, int]
) -> None:
    files = _parquet()
    names = in_order(list(subtasks.dense.values()))
    if set(lengths) - set(subtasks.dense):
        names.append(UNLABELLED)
    numbers = {name: number for number, name in enumerate(names)}
    files.write_episode_columns(folder, subtasks.columns)
    files.write_names(folder, names)
    files.write_frame_index(
        folder, lambda episode: _frame_numbers(subtasks, episode, lengths, numbers)
    )
    info["features"] = {**info["features"], **files.INDEX_FEATURE}
    write_text(folder / "meta" / "info.json", json.dumps(info, indent=4, ensure_ascii=False) + "\n")


def _frame_numbers(
    subtasks: Subtasks, episode: int, lengths: Mapping[int, int], numbers: Mapping[str, int]
) -> list[int]:
    """The number of the name of each frame of an episode."""
    whole = (Stretch(UNLABELLED, 0, lengths[episode]),)
    stretches = subtasks.dense.get(episode, whole)
    return [numbers[one.name] for one in stretches for _ in range(one.start, one.stop)]


def _notes(subtasks: Subtasks, lengths: Mapping[int, int]) -> list[str]:
    missing = sorted(set(lengths) - set(subtasks.dense))
    if not missing:
        return []
    return [f"episodes without segments, left unlabelled: {', '.join(map(str, missing))}"]
