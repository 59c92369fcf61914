"""Older versions of a library, kept inside it: LIBRARY/versions/0.1.0/ is a library like any other.

A version that is replaced or rolled back from moves there whole, with its standing and evidence.
"""

import os
import shutil
from pathlib import Path

from robot_skills.storage.library_changes import version_parts

LIBRARY_FILE = "library.toml"
VERSIONS = "versions"
STANDING_FILES = ("standing.toml", "evidence")  # what library_standing writes


def kept_versions(library: Path) -> list[str]:
    """Versions that LIBRARY/versions holds, oldest first."""
    found = [file.parent.name for file in (library / VERSIONS).glob(f"*/{LIBRARY_FILE}")]
    return sorted(found, key=version_parts)


def keep_version(old: Path, version: str, new: Path, derived: bool = False) -> None:
    """Put what `old` keeps, and `old` itself as `version`, into the folder `new` that replaces it.

    A `derived` one keeps the file that tells the origin; the standing in it is that of other
    content, and counts no more. Files are linked where the disk can do that: nothing ever writes
    into one.
    """
    if derived and (old / STANDING_FILES[0]).is_file():
        _link(str(old / STANDING_FILES[0]), str(new / STANDING_FILES[0]))
    if (old / VERSIONS).is_dir():
        shutil.copytree(old / VERSIONS, new / VERSIONS, copy_function=_link)
    shutil.rmtree(new / VERSIONS / version, ignore_errors=True)
    copy_version(old, new / VERSIONS / version)


def carry_versions(old: Path, new: Path) -> None:
    """Put into `new`, which says the same, what `old` keeps, and its standing."""
    for name in (VERSIONS, *STANDING_FILES):
        source = old / name
        if source.is_dir():
            shutil.copytree(source, new / name, copy_function=_link)
        elif source.is_file():
            _link(str(source), str(new / name))


def copy_version(library: Path, to: Path) -> None:
    """Copy one version's files, not the others that it keeps."""
    skip = shutil.ignore_patterns(VERSIONS)
    shutil.copytree(library, to, ignore=skip, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # a disk without links
        shutil.copy2(source, target)
    return target
