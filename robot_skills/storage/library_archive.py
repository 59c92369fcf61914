"""One library as one file: a ZIP of text, arrays and pictures, with a manifest of hashes.

Nothing is compressed: a file says how large it is, and the same library gives the same bytes.
"""

import hashlib
import json
import re
import stat
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.core.skill import Skill, SkillLibrary
from robot_skills.storage.atomic import new_file
from robot_skills.storage.file_hash import sha256_of
from robot_skills.storage.kept_versions import LIBRARY_FILE
from robot_skills.storage.libraries import check_free, load_library, save_library
from robot_skills.storage.library_changes import version_parts
from robot_skills.storage.library_standing import save_origin
from robot_skills.storage.skill_card import PICTURE
from robot_skills.storage.skill_files import SKILL_FILES

FORMAT = 1
MANIFEST = "manifest.json"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # of a ZIP's clock: no date makes two exports differ
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
LARGEST_BYTES = {".json": 2**20, ".toml": 2**20, ".md": 2**20, ".png": 2**24, ".safetensors": 2**28}
LARGEST_TOTAL_BYTES = 2**30
MOST_FILES = 4096
_SKILL_FILE = re.compile(
    rf"skills/[A-Za-z0-9_][A-Za-z0-9_-]*/({'|'.join(map(re.escape, (*SKILL_FILES, PICTURE)))})"
)


def export_library(library: Path, file: Path) -> Path:
    """Write one library, without the versions and evidence it keeps, as one file; returns it.

    Raises InputError for a damaged library and where `file` exists.
    """
    if file.exists():
        raise InputError(f"{file} exists already; choose another name or remove it")
    content = _contents(library, load_library(library))
    with new_file(file) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
        for name, data in content.items():
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, data)
    return file


def import_library(
    file: Path, folder: Path, replace: bool = False, sha256: str = ""
) -> SkillLibrary:
    """Read an exported library into `folder`, as a candidate that knows its origin; returns it.

    No code is run, nothing is written before all of it was found right, and what is written is
    what was understood, not what lay in the file. Raises InputError for what is damaged,
    incomplete, too large or no such file, or another one than that of `sha256`; `replace` as in
    `save_library`.
    """
    check_free(folder, replace)
    found = file_sha256(file)
    if sha256 and sha256.lower() != found:
        raise InputError(f"{file} has the SHA-256 {found}, not {sha256}; fetch it again")
    library, pictures = _understood(file, read_archive(file))
    save_library(folder, library, replace, pictures)
    save_origin(folder, {"file": file.name, "sha256": found, "version": library.version})
    return load_library(folder)


def read_archive(file: Path) -> dict[str, bytes]:
    """Every file of an export but the manifest, by name, as the manifest promises them."""
    try:
        with zipfile.ZipFile(file) as archive:
            _check_entries(file, archive.infolist())
            content = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    except FileNotFoundError:
        raise InputError(f"no file {file}") from None
    except IsADirectoryError:
        raise InputError(f"{file} is a folder; give the file that library export wrote") from None
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise InputError(f"{file} is damaged, or no exported library ({error})") from None
    promised = _manifest(file, content.pop(MANIFEST, b""))
    _check_promise(file, promised, content)
    for name, data in content.items():
        if name.endswith(".png") and not data.startswith(PNG_MAGIC):
            raise InputError(f"{file}: {name} is no PNG picture")
    return content


def _check_entries(file: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_FILES:
        raise InputError(f"{file} holds {len(entries)} files; a library has at most {MOST_FILES}")
    names: set[str] = set()
    for entry in entries:
        name = entry.filename
        if name not in (MANIFEST, LIBRARY_FILE) and not _SKILL_FILE.fullmatch(name):
            raise InputError(f"{file} holds {name!r}, which is no file of a skill library")
        if name in names:
            raise InputError(f"{file} holds {name} twice")
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise InputError(f"{file}: {name} is compressed or encrypted; an export is neither")
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            raise InputError(f"{file}: {name} is a link or a device, not a file")
        largest = LARGEST_BYTES[Path(name).suffix]
        if max(entry.file_size, entry.compress_size) > largest:
            raise InputError(
                f"{file}: {name} has {entry.file_size} bytes; at most {largest} may be"
            )
        names.add(name)
    total = sum(entry.file_size for entry in entries)
    if total > LARGEST_TOTAL_BYTES:
        raise InputError(f"{file} holds {total} bytes; at most {LARGEST_TOTAL_BYTES} may be")


def _manifest(file: Path, content: bytes) -> dict[str, str]:
    """Names and hashes that the manifest promises."""
    try:
        table = json.loads(content)
        files = table["files"] if table["format"] == FORMAT else None
    except (KeyError, TypeError, ValueError, RecursionError):
        raise InputError(f"{file} has no {MANIFEST} that can be read; export it anew") from None
    if not isinstance(files, dict):
        raise InputError(f"{file}: format must be {FORMAT}, and files a table of hashes")
    return files


def _check_promise(file: Path, promised: Mapping[str, str], content: Mapping[str, bytes]) -> None:
    for name in sorted({*promised, *content}):
        if name not in content:
            raise InputError(f"{file} lacks {name}, which its manifest promises")
        if name not in promised:
            raise InputError(f"{file} holds {name}, of which its manifest does not tell")
        if hashlib.sha256(content[name]).hexdigest() != promised[name]:
            raise InputError(f"{file}: {name} was changed after the export (sha256 differs)")


def _understood(file: Path, content: Mapping[str, bytes]) -> tuple[SkillLibrary, dict[str, bytes]]:
    """The library and its pictures, read as any other library on disk is."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in content.items():
            place = Path(folder, name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        try:
            library = load_library(Path(folder))
        except (InputError, RecursionError) as error:
            raise InputError(f"{file}: {str(error).replace(f'{folder}/', '')}") from None
    version_parts(library.version)
    for skill in library.skills:
        _check_numbers(file, skill)
    files = {skill.name: f"skills/{skill.name}/{PICTURE}" for skill in library.skills}
    return library, {name: content[path] for name, path in files.items() if path in content}


def _check_numbers(file: Path, skill: Skill) -> None:
    arrays: list[NDArray[Any]] = [
        skill.start_ee,
        *skill.weights.values(),
        *skill.end_poses.values(),
        *skill.motions.values(),
    ]
    for array in arrays:
        if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            raise InputError(
                f"{file}: weights or poses of skill {skill.name} are no finite numbers"
            )


def _contents(folder: Path, library: SkillLibrary) -> dict[str, bytes]:
    skills = [folder / "skills" / skill.name for skill in library.skills]
    files = [where / name for where in skills for name in (*SKILL_FILES, PICTURE)]
    found = [folder / LIBRARY_FILE, *(file for file in files if file.is_file())]
    content = {file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(found)}
    manifest = {
        "format": FORMAT,
        "task": library.task,
        "arm": library.arm,
        "version": library.version,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in content.items()},
    }
    return {MANIFEST: (json.dumps(manifest, indent=2) + "\n").encode(), **content}


def file_sha256(file: Path) -> str:
    """SHA-256 of a whole file; raises InputError where there is none."""
    if not file.is_file():
        raise InputError(f"no file {file}; give the file that library export wrote")
    return sha256_of(file)
