"""Whether results can be written where they are wanted, asked before the work that makes them."""

import os
from pathlib import Path

from robot_skills.core.errors import InputError


def check_folder(folder: Path) -> None:
    """Raise InputError where files cannot be made in `folder`, which need not exist yet."""
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise InputError(f"{there} is a file, not a folder; choose another place than {folder}")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"no permission to write in {there}; choose another place than {folder}")


def check_file(file: Path | None) -> None:
    """Raise InputError where `file` cannot be written or replaced; None is always fine."""
    if file is None:
        return
    if file.is_dir():
        raise InputError(f"{file} is a folder; give the name of a file, such as {file / 'new'}")
    check_folder(file.parent)
