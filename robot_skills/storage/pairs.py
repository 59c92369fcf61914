"""Clips and logs of a folder that belong together: `name.mp4` with `name.csv`."""

from dataclasses import dataclass
from pathlib import Path

from robot_skills.core.errors import InputError
from robot_skills.storage.clips import is_video
from robot_skills.storage.logs import is_log, log_stem


@dataclass(frozen=True)
class Recorded:
    """A clip, a log, or both, of one name."""

    name: str
    clip: Path | None
    log: Path | None


def find_recorded(folder: Path) -> list[Recorded]:
    """Clips and logs of a folder by name, each with its counterpart where it has one.

    InputError for no folder, or two clips or two logs of one name.
    """
    if not folder.is_dir():
        raise InputError(f"no folder {folder}")
    files = sorted(path for path in folder.iterdir() if path.is_file())
    clips = _by_name({path: path.stem for path in files if is_video(path)})
    logs = _by_name({path: log_stem(path) for path in files if is_log(path)})
    names = sorted({*clips, *logs})
    return [Recorded(name, clips.get(name), logs.get(name)) for name in names]


def _by_name(names: dict[Path, str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path, name in names.items():
        if name in found:
            raise InputError(f"{path} and {found[name].name} have one name; keep or rename one")
        found[name] = path
    return found
