"""Where a library comes from: every input by its content, the settings, the versions."""

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from robot_skills import __version__
from robot_skills.core.demonstration import Demonstration, Segment
from robot_skills.core.revision import revision
from robot_skills.core.task import Task
from robot_skills.storage.file_hash import sha256_of

if TYPE_CHECKING:
    from robot_skills.train.trainer import TrainConfig

PACKAGES = ("torch", "numpy", "mujoco")
GROWN = "grown"  # lineage of the first growth is grown/1/..., of the second grown/2/...
SUGGESTION = "suggestion/"  # begins the keys of what might be merged or split


def lineage_of(
    demonstrations: Sequence[Demonstration],
    segments: Sequence[Segment],
    task: Task,
    config: "TrainConfig",
) -> dict[str, str]:
    """Counts, content hashes (SHA-256), settings, versions and git revision, as text by name."""
    pieces = json.dumps([asdict(segment) for segment in segments], sort_keys=True)
    return {
        "demonstrations": str(len(demonstrations)),
        "segments": str(len(segments)),
        "seed": str(config.seed),
        **{f"version/{name}": version for name, version in _versions().items()},
        "git_revision": revision(),
        **{f"train/{key}": str(value) for key, value in _flat(asdict(config)).items()},
        "sha256/segments": hashlib.sha256(pieces.encode()).hexdigest(),
        "sha256/task.toml": hashlib.sha256(_task_text(task)).hexdigest(),
        **{f"sha256/{one.name}": content_hash(one) for one in demonstrations},
        **_video_hashes(demonstrations, config.cameras),
    }


def _video_hashes(
    demonstrations: Sequence[Demonstration], cameras: Sequence[str]
) -> dict[str, str]:
    """SHA-256 of the videos that policies learn to see from."""
    return {
        f"sha256/{one.name}/{camera}": sha256_of(one.video[camera])
        for one in demonstrations
        for camera in cameras
        if camera in one.video
    }


def content_hash(demonstration: Demonstration) -> str:
    """SHA-256 of the rate and every channel's name, shape and values."""
    digest = hashlib.sha256(repr(float(demonstration.rate_hz)).encode())
    for name, channel in sorted(demonstration.channels.items()):
        values = np.ascontiguousarray(channel.values, dtype="<f8")
        digest.update(f"{name} {values.shape}".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def grown_lineage(lineage: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """A library's lineage with that of one more growth."""
    prefix = f"{GROWN}/{growths(lineage) + 1}/"
    return {**lineage, **{prefix + key: value for key, value in new.items()}}


def growths(lineage: Mapping[str, str]) -> int:
    """How often a library of this lineage has grown."""
    grown = (key.split("/")[1] for key in lineage if key.startswith(f"{GROWN}/"))
    return max((int(number) for number in grown if number.isdecimal()), default=0)


def lineage_of_suggestions(suggestions: Sequence[str]) -> dict[str, str]:
    """Suggestions as entries of a library's lineage."""
    return {f"{SUGGESTION}{number}": line for number, line in enumerate(suggestions, start=1)}


def suggestions_in(lineage: Mapping[str, str]) -> list[str]:
    """The suggestions that a lineage holds, those of the last growth where there was one."""
    number = growths(lineage)
    prefix = (f"{GROWN}/{number}/" if number else "") + SUGGESTION
    return [line for key, line in lineage.items() if key.startswith(prefix)]


def fingerprint(lineage: Mapping[str, str]) -> str:
    """Short hash of a lineage: the same for the same inputs and settings."""
    text = json.dumps(dict(lineage), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _versions() -> dict[str, str]:
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"robot_skills": __version__, **found}


def _task_text(task: Task) -> bytes:
    file = task.folder / "task.toml"
    return file.read_bytes() if file.is_file() else b""


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
