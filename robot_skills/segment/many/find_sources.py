"""From the paths a person gives to the recordings that lie there."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from robot_skills.core.demonstration import Demonstration
from robot_skills.core.errors import InputError
from robot_skills.paths import recording
from robot_skills.segment.many.sources import Source, SourceKind
from robot_skills.storage.atomic import PARTIAL
from robot_skills.storage.clips import is_video
from robot_skills.storage.logs import is_log, log_stem
from robot_skills.storage.robosuite_hdf5 import robosuite_label, robosuite_names

HDF5_ENDINGS = (".hdf5", ".h5")
WANTED = (
    "an episode, a robosuite .hdf5 file, a video, a .csv or .parquet log with a column of times, "
    "or a folder of such"
)
_EPISODE = re.compile(r"episode_\d{6,}")
_NUMBER = re.compile(r"(\d+)")


@dataclass
class Found:
    """Recordings in the order given, and why others are left out, by their path."""

    sources: list[Source] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


def find_sources(paths: Sequence[Path]) -> Found:
    """Recordings at the paths, files and folders, none of them read yet.

    A folder is looked through one level deep. Recordings of one name are told apart by the folders
    they lie in; one that is given twice counts once. InputError for a path that is not there, or
    where nothing is that could be a recording.
    """
    if not paths:
        raise InputError(
            f"nothing to segment: give {WANTED}; the shipped demonstrations are in demos/blocks"
        )
    found = Found()
    for path in map(recording, paths):
        if not path.exists():
            raise InputError(f"no file or folder {path}")
        _look_at(path.absolute(), found)
    unique: dict[tuple[Path, str], Source] = {}
    for source in found.sources:
        unique.setdefault((source.path.resolve(), source.part), source)
    found.sources = _with_distinct_names(_with_logs(list(unique.values())))
    return found


def check_apart(sources: Sequence[Source], out: Path) -> None:
    """Raise InputError where results would be written among recordings, and taken for some."""
    for source in sources:
        if source.path.is_file() and source.path.parent.resolve() == out.resolve():
            raise InputError(f"{source.path} lies in {out} itself; choose another --out")


def load_given(paths: Sequence[Path]) -> list[Demonstration]:
    """Every recording at the paths, read; InputError at the first that is broken."""
    found = find_sources(paths)
    broken = {path: why for path, why in found.skipped.items() if not path.endswith(PARTIAL)}
    for path, reason in broken.items():
        raise InputError(f"{path}: {reason}")
    return [source.load() for source in found.sources]


def _look_at(path: Path, found: Found) -> None:
    before = len(found.sources) + len(found.skipped)
    if path.is_dir() and not _is_episode(path):
        for child in sorted(path.iterdir(), key=_by_number):
            _add(child, found)
    else:
        _add(path, found)
    if len(found.sources) + len(found.skipped) == before:
        raise InputError(f"no recordings in {path}: wanted {WANTED}, found {_contents(path)}")


def _contents(path: Path) -> str:
    if not path.is_dir():
        return "another kind of file"
    names = sorted(child.name for child in path.iterdir())
    return (
        ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "none"
    )


def _by_number(path: Path) -> list[tuple[int, str]]:
    """Sorts 2 before 10."""
    return [(int(p), "") if p.isdigit() else (-1, p) for p in _NUMBER.split(path.name) if p]


def _is_episode(folder: Path) -> bool:
    return bool(_EPISODE.fullmatch(folder.name)) or (folder / "episode.json").is_file()


def _add(path: Path, found: Found) -> None:
    """Add what a file or an episode's folder holds; what is neither is none of ours."""
    if path.is_dir():
        if path.name.startswith("episode_") and path.name.endswith(PARTIAL):
            found.skipped[str(path)] = "was never finished; its recording was cut off"
        elif _is_episode(path):
            found.sources.append(Source(path.name, SourceKind.EPISODE, path))
        elif path.suffix in HDF5_ENDINGS or is_log(path) or is_video(path):
            found.skipped[str(path)] = "is a folder, not a file"
    elif path.suffix in HDF5_ENDINGS:
        _add_robosuite(path, found)
    elif is_log(path):
        found.sources.append(Source(log_stem(path), SourceKind.LOG, path))
    elif is_video(path):
        found.sources.append(Source(path.stem, SourceKind.CLIP, path))


def _add_robosuite(file: Path, found: Found) -> None:
    try:
        names = robosuite_names(file)
    except InputError as error:
        found.skipped[str(file)] = str(error)
        return
    for name in names:
        label = robosuite_label(file, name)
        found.sources.append(Source(label, SourceKind.ROBOSUITE, file, name))


def _with_logs(sources: Sequence[Source]) -> list[Source]:
    """Clips with the log of the same name beside them; that log is no recording of its own."""
    logs = {(s.path.parent, s.name): s.path for s in sources if s.kind is SourceKind.LOG}
    clips = Counter((s.path.parent, s.name) for s in sources if s.kind is SourceKind.CLIP)
    paired = {place for place, count in clips.items() if count == 1 and place in logs}
    return [
        replace(one, log=logs[place]) if place in paired else one
        for one in sources
        if (place := (one.path.parent, one.name)) not in paired or one.kind is SourceKind.CLIP
    ]


def _with_distinct_names(sources: list[Source]) -> list[Source]:
    """As many folders before a name as tell it from the others."""
    named, folders = sources, 0
    while clashing := {name for name, times in _names(named).items() if times > 1}:
        folders += 1
        if folders > max(len(source.path.parts) for source in sources):
            raise InputError(f"recordings that cannot be told apart by name: {min(clashing)}")
        named = [
            replace(now, name=_longer(source, folders)) if _plain(now.name) in clashing else now
            for source, now in zip(sources, named, strict=True)
        ]
    return named


def _names(sources: Sequence[Source]) -> Counter[str]:
    return Counter(_plain(source.name) for source in sources)


def _plain(name: str) -> str:
    """The name as that of a picture, which no two recordings may share."""
    return name.replace("/", "_")


def _longer(source: Source, folders: int) -> str:
    parts = [*source.path.parent.parts[1:][-folders:], source.path.name, source.part]
    return "/".join(filter(None, parts))
