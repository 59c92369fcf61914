"""Recordings that are read when they are needed: where each lies, and what it is called."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from robot_skills.core.demonstration import Demonstration
from robot_skills.core.errors import InputError
from robot_skills.segment.many.packed import unpack_demonstration
from robot_skills.storage.episodes import load_demonstration, read_description
from robot_skills.storage.logs import load_log, log_stem
from robot_skills.storage.robosuite_hdf5 import load_robosuite_demonstration
from robot_skills.storage.truth import load_truth, truth_file


class SourceKind(StrEnum):
    """What a recording is kept as."""

    EPISODE = "episode"
    ROBOSUITE = "robosuite"
    LOG = "log"
    CLIP = "clip"


@dataclass(frozen=True)
class Source:
    """One recording on disk, known by its absolute path alone until it is read.

    `part` is what it is called inside a file that holds several; `log` is the log of a clip;
    `watched` the file of what was seen in a clip, without which a clip cannot be read.
    """

    name: str
    kind: SourceKind
    path: Path
    part: str = ""
    log: Path | None = None
    watched: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files and folders it is read from."""
        log = self.path if self.kind is SourceKind.LOG else self.log
        sidecar = None if log is None else log.with_name(f"{log_stem(log)}.toml")
        beside = sidecar if sidecar is not None and sidecar.is_file() else None
        return tuple(filter(None, (self.path, self.log, beside, self.watched)))

    def load(self) -> Demonstration:
        """Read it, pictures left on disk; InputError when it is broken."""
        return self.read()[0]

    def read(self) -> tuple[Demonstration, tuple[str, ...]]:
        """What `load` gives, and what had to be mended, a sentence each."""
        demonstration, notes = _READERS[self.kind](self)
        if not demonstration.steps:
            raise InputError(f"{self.name}: holds no steps")
        return replace(demonstration, name=self.name), notes

    def facts(self) -> list[tuple[str, int, int]]:
        """Path, size in bytes and time of change in ns of every file: they change when it does."""
        inside = [
            file
            for path in self.files
            for file in (sorted(path.iterdir()) if path.is_dir() else [path])
        ]
        return [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in inside]

    def true_boundaries_s(self, rate_hz: float) -> list[float] | None:
        """True boundaries in seconds from beside an episode, or None where there is no truth."""
        folder, name = self.path.parent, self.path.name
        if self.kind is not SourceKind.EPISODE or not truth_file(folder, name).is_file():
            return None
        return [step / rate_hz for step in load_truth(folder, name).boundaries]


def _read_episode(source: Source) -> tuple[Demonstration, tuple[str, ...]]:
    demonstration = load_demonstration(source.path, without_video=True)
    cameras = read_description(source.path)["cameras"]
    missing = [camera for camera in cameras if camera not in demonstration.video]
    return demonstration, tuple(f"its video {camera}.mp4 is missing" for camera in missing)


def _read_robosuite(source: Source) -> tuple[Demonstration, tuple[str, ...]]:
    return load_robosuite_demonstration(source.path, source.part), ()


def _read_log(source: Source) -> tuple[Demonstration, tuple[str, ...]]:
    log = load_log(source.path)
    return log.demonstration, log.notes


def _read_watched(source: Source) -> tuple[Demonstration, tuple[str, ...]]:
    if source.watched is None:
        raise InputError(f"{source.path} is a video without an episode; it can only be segmented")
    return unpack_demonstration(source.watched)


_READERS = {
    SourceKind.EPISODE: _read_episode,
    SourceKind.ROBOSUITE: _read_robosuite,
    SourceKind.LOG: _read_log,
    SourceKind.CLIP: _read_watched,
}
