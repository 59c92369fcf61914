"""Back to an older version of a library, and forward again."""

import shutil
from pathlib import Path

from robot_skills.core.errors import InputError, unknown_name
from robot_skills.core.skill import SkillLibrary
from robot_skills.storage.atomic import new_folder
from robot_skills.storage.kept_versions import VERSIONS, copy_version, keep_version, kept_versions
from robot_skills.storage.libraries import load_library
from robot_skills.storage.library_changes import version_parts


def roll_back(library: Path, version: str = "") -> SkillLibrary:
    """Put a kept version (the newest by default) in the library's place; returns it.

    The present one is kept in its turn, so that a second call can go forward again. Raises
    InputError where that version is not kept, or damaged.
    """
    present = load_library(library)
    kept = kept_versions(library)
    if not kept:
        raise InputError(f"{library} keeps no older version; it is {present.version}")
    earlier = [one for one in kept if version_parts(one) < version_parts(present.version)]
    wanted = version or (earlier or kept)[-1]
    if wanted not in kept:
        raise unknown_name(f"version kept in {library}", wanted, kept)
    chosen = load_library(library / VERSIONS / wanted)
    with new_folder(library, replace=True) as partial:
        copy_version(library / VERSIONS / wanted, partial)
        keep_version(library, present.version, partial)
        shutil.rmtree(partial / VERSIONS / wanted)
    return chosen
