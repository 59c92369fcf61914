"""Work in stages that are not done twice: each leaves a note of what came of it."""

import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from robot_skills.cli.memory import MemoryWatch
from robot_skills.core.errors import InputError
from robot_skills.storage.atomic import write_text

FORMAT = 1
SETTINGS_FILE = "settings.json"
NOTES = "stages"


@dataclass(frozen=True)
class StageNote:
    """What a finished stage took and found; `found` holds plain values."""

    name: str
    seconds: float
    peak_gb: float
    found: Mapping[str, Any]


class Stages:
    """The stages of one folder, made with one set of settings.

    Raises InputError when the folder holds other settings or what is no work of stages.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], fresh: bool = False) -> None:
        self.folder = folder
        self.notes: list[StageNote] = []
        if fresh:
            _remove(folder)
        _claim(folder, json.loads(json.dumps(settings)))

    def do(self, name: str, what: str, work: Callable[[], Mapping[str, Any]]) -> StageNote:
        """Do a stage unless it was done before; says so in a line either way."""
        file = self.folder / NOTES / f"{name}.json"
        note = _read_note(file) if file.is_file() else None
        if note is None:
            print(f"{name:<9} {what} ...", flush=True)
            self._forget_later()
            note = _timed(name, work)
            write_text(file, json.dumps({"format": FORMAT, **asdict(note)}, indent=2) + "\n")
            print(f"{'':<9} {note.found.get('summary', 'done')} ({note.seconds:.0f} s)", flush=True)
        else:
            print(f"{name:<9} done before: {note.found.get('summary', '')}", flush=True)
        self.notes.append(note)
        return note

    def _forget_later(self) -> None:
        """Remove the notes of stages that build on the one to be done now."""
        kept = {f"{note.name}.json" for note in self.notes}
        for file in (self.folder / NOTES).glob("*.json"):
            if file.name not in kept:
                file.unlink()


def read_notes(folder: Path) -> list[StageNote]:
    """Notes of every finished stage of a folder; empty where there are none."""
    notes = [_read_note(file) for file in sorted((folder / NOTES).glob("*.json"))]
    return [note for note in notes if note is not None]


def _timed(name: str, work: Callable[[], Mapping[str, Any]]) -> StageNote:
    started = time.monotonic()
    with MemoryWatch() as memory:
        found = work()
    return StageNote(name, round(time.monotonic() - started, 1), round(memory.peak_gb, 2), found)


def _read_note(file: Path) -> StageNote | None:
    try:
        table = json.loads(file.read_text())
        if table.pop("format") != FORMAT:
            return None
        return StageNote(**table)
    except (KeyError, TypeError, ValueError):  # of another version, or damaged: the stage is redone
        return None


def _claim(folder: Path, settings: dict[str, Any]) -> None:
    file = folder / SETTINGS_FILE
    if not file.is_file():
        if folder.exists() and any(folder.iterdir()):
            raise InputError(f"{folder} holds something else already; choose another --out")
        write_text(file, json.dumps({"format": FORMAT, **settings}, indent=2) + "\n")
        return
    found = json.loads(file.read_text())
    differing = [key for key, value in settings.items() if found.get(key) != value]
    if differing:
        changes = ", ".join(f"{k}: {found.get(k)} there, {settings[k]} asked" for k in differing)
        raise InputError(
            f"{folder} was made with other settings ({changes}); choose another --out, or give "
            "--fresh to begin again there"
        )


def _remove(folder: Path) -> None:
    if not folder.exists():
        return
    if not (folder / SETTINGS_FILE).is_file() and any(folder.iterdir()):
        raise InputError(f"{folder} is no folder of a demo; it is not removed")
    shutil.rmtree(folder)
