"""Skill libraries on disk: text that people read, arrays without code, and a hash of every file.

library.toml                  task, arm, rate, lineage, hashes
skills/<name>/skill.toml      operators, reference frame, settings, measured success
skills/<name>/policy.safetensors   weights of the policy's network
skills/<name>/data.safetensors     where the skill was seen to start and to end
skills/<name>/card.md         the same for people; training adds the picture card.png
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from robot_skills.core.errors import InputError
from robot_skills.core.facts import format_facts, parse_facts
from robot_skills.core.skill import Operator, Parameter, ReferenceFrame, Skill, SkillLibrary
from robot_skills.core.toml_file import TomlTable
from robot_skills.storage.atomic import new_folder
from robot_skills.storage.skill_card import PICTURE, skill_card
from robot_skills.storage.toml_text import format_toml

FORMAT = 1
LIBRARY_FILE = "library.toml"
SKILL_FILES = ("skill.toml", "policy.safetensors", "data.safetensors", "card.md")
START_EE = "start_ee"
END_POSES = "end_poses/"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_FRAME_KINDS: tuple[Literal["object"], Literal["goal"]] = ("object", "goal")


def save_library(
    folder: Path,
    library: SkillLibrary,
    replace: bool = False,
    pictures: Mapping[str, bytes] | None = None,
) -> Path:
    """Write a library as one folder, complete or not at all; returns the folder.

    `pictures` are PNGs for the cards, by skill. Raises InputError where something is there
    already; `replace` puts a library in the place of an older one, and of nothing else, whose
    pictures stay with the skills that are still the same.
    """
    check_free(folder, replace)
    with new_folder(folder, replace=replace) as partial:
        for skill in library.skills:
            where = skill_folder(partial, skill.name)
            _write_skill(where, skill)
            picture = (pictures or {}).get(skill.name) or _old_picture(folder, where)
            if picture:
                (where / PICTURE).write_bytes(picture)
        (partial / LIBRARY_FILE).write_text(format_toml(_library_table(partial, library)))
    return folder


def check_free(folder: Path, replace: bool) -> None:
    """Raise InputError where `save_library` would: before the work, not after it."""
    if not folder.exists():
        return
    if not (folder / LIBRARY_FILE).is_file():
        raise InputError(f"{folder} exists and is no skill library; choose another folder")
    if not replace:
        raise InputError(f"{folder} exists already; choose another name, replace or remove it")


def _old_picture(library: Path, new_skill: Path) -> bytes:
    """The picture that `library` has of a skill, if its policy has not changed."""
    old = library / "skills" / new_skill.name
    files = [where / "policy.safetensors" for where in (old, new_skill)]
    if not ((old / PICTURE).is_file() and files[0].is_file()):
        return b""
    same = _sha256(files[0]) == _sha256(files[1])
    return (old / PICTURE).read_bytes() if same else b""


def load_library(folder: Path) -> SkillLibrary:
    """Read a library; no code in it is ever run.

    Raises InputError for another format, a missing or damaged file, and one whose content is not
    what was saved.
    """
    if not (folder / LIBRARY_FILE).is_file():
        raise InputError(
            f"{folder} is no skill library (no {LIBRARY_FILE}); robot-skills train makes one"
        )
    table = TomlTable.read(folder / LIBRARY_FILE)
    if table.values.get("format") != FORMAT:
        found = table.values.get("format")
        raise table.error("format", f"format must be {FORMAT}; found {found!r}")
    table.check_keys(
        ("format", "version", "task", "arm", "rate_hz", "skills"), ("lineage", "sha256")
    )
    names = table.texts("skills")
    folders = [skill_folder(folder, name) for name in names]
    _check_hashes(folder, folders, table.table("sha256"))
    lineage = table.table("lineage")
    return SkillLibrary(
        task=table.text("task"),
        arm=table.text("arm"),
        rate_hz=table.number("rate_hz", low=0.0),
        skills=tuple(_read_skill(where) for where in folders),
        lineage={key: lineage.text(key) for key in lineage.values},
        version=table.text("version"),
    )


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
        "sha256": {str(file.relative_to(folder)): _sha256(file) for file in files},
    }


def skill_folder(library: Path, name: str) -> Path:
    """Folder of a skill inside a library's; raises InputError for a name that leads elsewhere."""
    if not _NAME.fullmatch(name):
        raise InputError(f"skill name {name!r}: expected letters, digits, _ and -")
    return library / "skills" / name


def _check_hashes(folder: Path, skill_folders: list[Path], hashes: TomlTable) -> None:
    for where in skill_folders:
        for name in SKILL_FILES:
            file = where / name
            if not file.is_file():
                raise InputError(f"the library lacks {file}; copy the whole folder again")
            if hashes.text(str(file.relative_to(folder))) != _sha256(file):
                raise InputError(
                    f"{file} is not the file that was saved (sha256 differs); "
                    "copy the library again or train it anew"
                )


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _write_skill(folder: Path, skill: Skill) -> None:
    folder.mkdir(parents=True)
    (folder / "skill.toml").write_text(format_toml(_skill_table(skill)))
    _save_arrays(folder / "policy.safetensors", skill.weights)
    ends = {END_POSES + name: poses for name, poses in skill.end_poses.items()}
    _save_arrays(folder / "data.safetensors", {START_EE: skill.start_ee, **ends})
    (folder / "card.md").write_text(skill_card(skill))


def _skill_table(skill: Skill) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": skill.name,
        "description": skill.description,
        "median_steps": int(skill.median_steps),
        "segments": int(skill.segments),
        "frame": {"kind": skill.frame.kind, "parameter": skill.frame.parameter},
        "settings": dict(skill.settings),
        "measured": {key: float(value) for key, value in skill.measured.items()},
        "operators": {operator.name: _operator_table(operator) for operator in skill.operators},
    }


def _operator_table(operator: Operator) -> dict[str, Any]:
    return {
        "parameters": [f"{p.name}: {p.type}" for p in operator.parameters],
        "preconditions": format_facts(operator.preconditions),
        "add": format_facts(operator.add),
        "delete": format_facts(operator.delete),
        "support": int(operator.support),
        "success": float(operator.success),
    }


def _read_skill(folder: Path) -> Skill:
    table = TomlTable.read(folder / "skill.toml")
    table.check_keys(
        ("format", "name", "median_steps", "segments", "frame"),
        ("description", "settings", "measured", "operators"),
    )
    if table.values["format"] != FORMAT or table.values["name"] != folder.name:
        raise table.error("name", f"expected format {FORMAT} and the name {folder.name}")
    data = _load_arrays(folder / "data.safetensors")
    measured = table.table("measured")
    operators = table.table("operators").tables()
    return Skill(
        name=folder.name,
        operators=tuple(_read_operator(name, folder.name, t) for name, t in operators.items()),
        frame=_read_frame(table.table("frame")),
        settings={key: _setting(v) for key, v in table.table("settings").values.items()},
        weights=_load_arrays(folder / "policy.safetensors"),
        end_poses={k.removeprefix(END_POSES): v for k, v in data.items() if k != START_EE},
        start_ee=data[START_EE],
        median_steps=table.integer("median_steps", low=0),
        segments=table.integer("segments", low=0),
        description=table.text("description"),
        measured={key: measured.number(key) for key in measured.values},
    )


def _read_frame(table: TomlTable) -> ReferenceFrame:
    table.check_keys(("kind", "parameter"))
    for kind in _FRAME_KINDS:
        if table.text("kind") == kind:
            return ReferenceFrame(kind, table.text("parameter"))
    raise table.error("kind", f"kind: expected one of {', '.join(_FRAME_KINDS)}")


def _read_operator(name: str, skill: str, table: TomlTable) -> Operator:
    table.check_keys(("parameters", "preconditions", "add", "delete", "support", "success"))
    parameters = []
    for text in table.texts("parameters"):
        variable, _, kind = text.partition(": ")
        parameters.append(Parameter(variable, kind))
    return Operator(
        name=name,
        skill=skill,
        parameters=tuple(parameters),
        preconditions=parse_facts(table.text("preconditions")),
        add=parse_facts(table.text("add")),
        delete=parse_facts(table.text("delete")),
        support=table.integer("support", low=0),
        success=table.number("success", low=0.0, high=1.0),
    )


def _setting(value: Any) -> float | int | str | tuple[float, ...]:
    return tuple(value) if isinstance(value, list) else value


def _save_arrays(file: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, file)


def _load_arrays(file: Path) -> dict[str, NDArray[Any]]:
    try:
        return dict(load_file(file))
    except (SafetensorError, OSError) as error:
        raise InputError(f"{file}: damaged ({error})") from None
