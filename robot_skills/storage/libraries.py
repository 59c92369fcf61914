"""Skill libraries on disk: text that people read, arrays without code, and a hash of every file.

library.toml                  version, task, arm, rate, lineage, hashes, measured hand-offs
standing.toml, evidence/      how far it was promoted, and what that rests on
versions/<version>/           older versions, each a library
skills/<name>/skill.toml      operators, reference frame, settings, measured success
skills/<name>/policy.safetensors   weights of the policy's network
skills/<name>/data.safetensors     where the skill was seen to start and to end
skills/<name>/card.md         the same for people; training adds the picture card.png
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from robot_skills.core.errors import InputError
from robot_skills.core.skill import SkillLibrary
from robot_skills.core.toml_file import TomlTable
from robot_skills.storage.atomic import REPLACED, new_folder
from robot_skills.storage.file_hash import sha256_of
from robot_skills.storage.handoff_table import handoff_rows, read_handoffs
from robot_skills.storage.kept_versions import (
    LIBRARY_FILE,
    carry_versions,
    keep_version,
    kept_versions,
)
from robot_skills.storage.library_changes import Change, compare_libraries, successor, version_parts
from robot_skills.storage.skill_card import PICTURE
from robot_skills.storage.skill_files import SKILL_FILES, read_skill, skill_folder, write_skill
from robot_skills.storage.toml_text import format_toml

FORMAT = 1


def save_library(
    folder: Path,
    library: SkillLibrary,
    replace: bool = False,
    pictures: Mapping[str, bytes] | None = None,
) -> Path:
    """Write a library as one folder, complete or not at all; returns the folder.

    `pictures` are PNGs for the cards, by skill. Raises InputError where something is there
    already. `replace` puts a library in the place of an older one, and of nothing else: the older
    one is kept in versions/, the new one gets the version that follows from what changed and is
    a candidate, pictures stay with the skills that are still the same, and the origin with a
    library whose lineage goes on from that of the older one.
    """
    check_free(folder, replace)
    older = load_library(folder) if folder.exists() else None
    changed = older is not None and compare_libraries(older, library).change is not Change.NONE
    if older is not None:
        used = [older.version, *kept_versions(folder)]
        library = successor(older, library, max(used, key=version_parts))
    with new_folder(folder, replace=replace) as partial:
        _write_library(partial, library, pictures or {}, folder)
        if older is not None and changed:
            derived = older.lineage.items() <= library.lineage.items()
            keep_version(folder, older.version, partial, derived)
        elif older is not None:
            carry_versions(folder, partial)
    return folder


def _write_library(
    partial: Path, library: SkillLibrary, pictures: Mapping[str, bytes], older: Path
) -> None:
    for skill in library.skills:
        where = skill_folder(partial, skill.name)
        write_skill(where, skill)
        picture = pictures.get(skill.name) or _old_picture(older, where)
        if picture:
            (where / PICTURE).write_bytes(picture)
    (partial / LIBRARY_FILE).write_text(format_toml(_library_table(partial, library)))


def check_free(folder: Path, replace: bool) -> None:
    """Raise InputError where `save_library` would: before the work, not after it."""
    if not folder.exists():
        return
    if not (folder / LIBRARY_FILE).is_file():
        raise InputError(f"{folder} exists and is no skill library; choose another folder")
    if not replace:
        raise InputError(f"{folder} exists already; choose another name, replace or remove it")
    try:
        load_library(folder)
    except InputError as error:
        raise InputError(
            f"{folder} cannot be kept as an older version ({error}); remove it or choose another "
            "folder"
        ) from None


def _old_picture(library: Path, new_skill: Path) -> bytes:
    """The picture that `library` has of a skill, if its policy has not changed."""
    old = library / "skills" / new_skill.name
    files = [where / "policy.safetensors" for where in (old, new_skill)]
    if not ((old / PICTURE).is_file() and files[0].is_file()):
        return b""
    same = sha256_of(files[0]) == sha256_of(files[1])
    return (old / PICTURE).read_bytes() if same else b""


def load_library(folder: Path) -> SkillLibrary:
    """Read a library; no code in it is ever run.

    Raises InputError for another format, a missing or damaged file, and one whose content is not
    what was saved.
    """
    check_library(folder)
    table = TomlTable.read(folder / LIBRARY_FILE)
    if table.values.get("format") != FORMAT:
        found = table.values.get("format")
        raise table.error("format", f"format must be {FORMAT}; found {found!r}")
    table.check_keys(
        ("format", "version", "task", "arm", "rate_hz", "skills"),
        ("lineage", "sha256", "handoffs"),
    )
    names = table.texts("skills")
    folders = [skill_folder(folder, name) for name in names]
    _check_hashes(folder, folders, table.table("sha256"))
    lineage = table.table("lineage")
    return SkillLibrary(
        task=table.text("task"),
        arm=table.text("arm"),
        rate_hz=table.number("rate_hz", low=0.0),
        skills=tuple(read_skill(where) for where in folders),
        lineage={key: lineage.text(key) for key in lineage.values},
        version=table.text("version"),
        handoffs=read_handoffs(table.table("handoffs")),
    )


def check_library(folder: Path) -> None:
    """Raise InputError where there is no skill library, and say where it may be."""
    if (folder / LIBRARY_FILE).is_file():
        return
    aside = folder.with_name(folder.name + REPLACED)
    if not folder.exists() and aside.is_dir():
        raise InputError(
            f"{folder} was cut off while it was being replaced; the one before is {aside}: rename "
            f"it to {folder}"
        )
    beside = [file.parent.name for file in folder.parent.glob(f"*/{LIBRARY_FILE}")]
    near = get_close_matches(folder.name, beside, n=1)
    meant = f"; did you mean {folder.with_name(near[0])}?" if near else ""
    found = f"no {LIBRARY_FILE}" if folder.exists() else f"no such folder{meant}"
    raise InputError(f"{folder} is no skill library ({found}); robot-skills train makes one")


def library_sha256(folder: Path) -> str:
    """Hash of a library's content and version: library.toml holds the hash of every other file."""
    check_library(folder)
    return sha256_of(folder / LIBRARY_FILE)


def _library_table(folder: Path, library: SkillLibrary) -> dict[str, Any]:
    folders = [skill_folder(folder, skill.name) for skill in library.skills]
    files = [where / name for where in folders for name in SKILL_FILES]
    return {
        "format": FORMAT,
        "version": library.version,
        "task": library.task,
        "arm": library.arm,
        "rate_hz": float(library.rate_hz),
        "skills": [skill.name for skill in library.skills],
        "lineage": dict(library.lineage),
        "handoffs": handoff_rows(library.handoffs),
        "sha256": {str(file.relative_to(folder)): sha256_of(file) for file in files},
    }


def _check_hashes(folder: Path, skill_folders: list[Path], hashes: TomlTable) -> None:
    for where in skill_folders:
        for name in SKILL_FILES:
            file = where / name
            if not file.is_file():
                raise InputError(f"the library lacks {file}; copy the whole folder again")
            if hashes.text(str(file.relative_to(folder))) != sha256_of(file):
                raise InputError(
                    f"{file} is not the file that was saved (sha256 differs); "
                    "copy the library again or train it anew"
                )
