"""robot-skills library diff and rollback: what changed between versions, and back to one."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

if TYPE_CHECKING:
    from robot_skills.storage.library_changes import LibraryChange

HASH = "sha256/"  # begins the lineage's entries of inputs


@dataclass(frozen=True)
class LibraryDiff:
    """Say what differs between two libraries, skill by skill, and what version that asks for.

    With one library, what the newest one it keeps had otherwise.
    """

    old: tyro.conf.Positional[Path]
    """The older library, or the only one."""

    new: tyro.conf.Positional[Path | None] = None
    """The newer library."""

    json: bool = False
    """Print JSON instead of text."""

    def run(self) -> None:
        """Print the differences."""
        from robot_skills.storage.libraries import load_library
        from robot_skills.storage.library_changes import compare_libraries

        before, after = self._folders()
        old, new = load_library(before), load_library(after)
        change = compare_libraries(old, new)
        if self.json:
            table = {**asdict(change), "change": change.change.name.lower()}
            print(json.dumps({"old": str(before), "new": str(after), **table}, indent=2))
            return
        print(f"{before} {old.version} -> {after} {new.version}: {_summary(change)}")
        for line in _lines(change):
            print(line)

    def _folders(self) -> tuple[Path, Path]:
        from robot_skills.core.errors import InputError
        from robot_skills.storage.kept_versions import VERSIONS, kept_versions
        from robot_skills.storage.libraries import load_library
        from robot_skills.storage.library_changes import version_parts

        if self.new is not None:
            return self.old, self.new
        present = version_parts(load_library(self.old).version)
        earlier = [v for v in kept_versions(self.old) if version_parts(v) < present]
        if not earlier:
            raise InputError(f"{self.old} keeps no earlier version; give a second library")
        return self.old / VERSIONS / earlier[-1], self.old


def _summary(change: "LibraryChange") -> str:
    from robot_skills.storage.library_changes import Change

    words = {
        Change.NONE: "the same",
        Change.PATCH: "patch (operators are the same)",
        Change.MINOR: "minor (operators or skills came)",
        Change.MAJOR: "major (what plans relied on changed)",
    }
    return words[change.change]


def _lines(change: "LibraryChange") -> list[str]:
    lines = [f"  {what}" for what in change.setting]
    for skill in change.skills:
        lines += [f"  {skill.name} ({skill.change.name.lower()})"]
        lines += [f"    {what}" for what in skill.what]
    told = [what for what in change.lineage if not what.startswith(HASH)]
    lines += [f"  lineage {what}" for what in told]
    hashes = len(change.lineage) - len(told)
    return lines + ([f"  lineage: {hashes} inputs are others"] if hashes else [])


@dataclass(frozen=True)
class LibraryRollback:
    """Put an older version in a library's place, with the standing that it had.

    The present version is kept in its turn, so that --to brings it back.
    """

    library: tyro.conf.Positional[Path]
    """Folder of the library."""

    to: str = ""
    """Version to go back to; the newest earlier one by default."""

    def run(self) -> None:
        """Roll back, and say to what."""
        from robot_skills.storage.libraries import load_library
        from robot_skills.storage.library_rollback import roll_back
        from robot_skills.storage.library_standing import load_record

        before = load_library(self.library).version
        version = roll_back(self.library, self.to).version
        standing = load_record(self.library).standing.meaning
        print(f"{self.library} is {version} again, {standing}; {before} is kept")
