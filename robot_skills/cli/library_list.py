"""robot-skills library list: the libraries below a folder, or the versions of one."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

if TYPE_CHECKING:
    from rich.table import Table

HEADS = ("library", "version", "task", "arm", "skills", "standing", "success in its evidence")


@dataclass(frozen=True)
class Listed:
    """One library in a line; `problem` says why it cannot be used."""

    folder: str
    version: str = ""
    task: str = ""
    arm: str = ""
    skills: int = 0
    standing: str = ""
    evidence: str = ""
    problem: str = ""


@dataclass(frozen=True)
class LibraryList:
    """List the libraries below a folder; of one library, its older versions as well."""

    folder: tyro.conf.Positional[Path] = Path("runs")
    """Where to look, or a library."""

    json: bool = False
    """Print JSON instead of a table."""

    def run(self) -> None:
        """Print one line a library."""
        from rich.console import Console

        from robot_skills.core.errors import InputError

        found = [listed(folder) for folder in libraries_below(self.folder)]
        if not found:
            raise InputError(f"no library below {self.folder}; robot-skills train makes one")
        if self.json:
            print(json.dumps([asdict(one) for one in found], indent=2))
        else:
            Console().print(_table(found))


def libraries_below(folder: Path) -> list[Path]:
    """Folders of libraries; of a library itself it and its older versions, newest first."""
    from robot_skills.core.errors import InputError
    from robot_skills.storage.kept_versions import LIBRARY_FILE, VERSIONS, kept_versions

    if not folder.is_dir():
        raise InputError(f"no folder {folder}; give one that holds libraries")
    if (folder / LIBRARY_FILE).is_file():
        kept = reversed(kept_versions(folder))
        return [folder, *(folder / VERSIONS / version for version in kept)]
    found = sorted(file.parent for file in folder.rglob(LIBRARY_FILE))
    return [one for one in found if not _inside(one.relative_to(folder))]


def _inside(place: Path) -> bool:
    """Whether a library is an older version, or something unfinished."""
    from robot_skills.storage.atomic import PARTIAL, REPLACED
    from robot_skills.storage.kept_skills import ENDING
    from robot_skills.storage.kept_versions import VERSIONS

    unfinished = (PARTIAL, REPLACED, ENDING)
    return VERSIONS in place.parts[:-1] or any(part.endswith(unfinished) for part in place.parts)


def listed(folder: Path) -> Listed:
    """What is to be said of a library in one line."""
    from robot_skills.core.errors import InputError
    from robot_skills.storage.libraries import load_library
    from robot_skills.storage.library_standing import load_record

    try:
        library, record = load_library(folder), load_record(folder)
    except InputError as error:
        return Listed(str(folder), problem=str(error))
    evidence = record.evidence.get(record.standing)
    return Listed(
        str(folder),
        library.version,
        library.task,
        library.arm,
        len(library.skills),
        record.standing.meaning,
        str(evidence) if evidence else "",
    )


def _table(found: list[Listed]) -> "Table":
    from rich.markup import escape
    from rich.table import Column, Table

    told = any(one.evidence for one in found)
    heads = HEADS if told else HEADS[:-1]
    table = Table(Column(heads[0], overflow="fold"), *heads[1:], box=None)
    for one in found:
        if one.problem:
            table.add_row(escape(one.folder), style="red")
            table.add_row(f"  {escape(one.problem)}", style="red")
        else:
            cells = (one.version, one.task, one.arm, str(one.skills), one.standing)
            evidence = (one.evidence,) if told else ()
            table.add_row(*map(escape, (one.folder, *cells, *evidence)))
    return table
