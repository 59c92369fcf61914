"""One skill as files: TOML that people read, and arrays without code."""

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
from robot_skills.core.skill import Operator, Parameter, ReferenceFrame, Skill
from robot_skills.core.toml_file import TomlTable
from robot_skills.storage.skill_card import skill_card
from robot_skills.storage.toml_text import format_toml

Floats = NDArray[np.float64]

FORMAT = 1
SKILL_FILES = ("skill.toml", "policy.safetensors", "data.safetensors", "card.md")
START_EE = "start_ee"
END_POSES = "end_poses/"
MOTIONS = "motions/"
_COLUMNS = {START_EE: 3, END_POSES: 7, MOTIONS: 16}
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_FRAME_KINDS: tuple[Literal["object"], Literal["goal"]] = ("object", "goal")


def skill_folder(library: Path, name: str) -> Path:
    """Folder of a skill inside a library's; raises InputError for a name that leads elsewhere."""
    if not _NAME.fullmatch(name):
        raise InputError(f"skill name {name!r}: expected letters, digits, _ and -")
    return library / "skills" / name


def write_skill(folder: Path, skill: Skill) -> None:
    """Write `SKILL_FILES` in a new folder."""
    folder.mkdir(parents=True)
    (folder / "skill.toml").write_text(format_toml(_skill_table(skill)))
    _save_arrays(folder / "policy.safetensors", skill.weights)
    ends = {END_POSES + name: poses for name, poses in skill.end_poses.items()}
    motions = {MOTIONS + name: motions for name, motions in skill.motions.items()}
    _save_arrays(folder / "data.safetensors", {START_EE: skill.start_ee, **ends, **motions})
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


def read_skill(folder: Path) -> Skill:
    """Read a skill; raises InputError naming the file and what is wrong with it."""
    table = TomlTable.read(folder / "skill.toml")
    table.check_keys(
        ("format", "name", "median_steps", "segments", "frame"),
        ("description", "settings", "measured", "operators"),
    )
    if table.values["format"] != FORMAT or table.values["name"] != folder.name:
        raise table.error("name", f"expected format {FORMAT} and the name {folder.name}")
    seen = _read_seen(folder / "data.safetensors")
    measured = table.table("measured")
    operators = table.table("operators").tables()
    return Skill(
        name=folder.name,
        operators=tuple(_read_operator(name, folder.name, t) for name, t in operators.items()),
        frame=_read_frame(table.table("frame")),
        settings=_read_settings(table.table("settings")),
        weights=_load_arrays(folder / "policy.safetensors"),
        end_poses=_named(seen, END_POSES),
        start_ee=seen[START_EE],
        median_steps=table.integer("median_steps", low=0),
        segments=table.integer("segments", low=0),
        description=table.text("description"),
        measured={key: measured.number(key) for key in measured.values},
        motions=_named(seen, MOTIONS),
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
        variable, colon, kind = text.partition(": ")
        if not colon:
            raise table.error("parameters", f"parameters: expected '?x: type'; found {text!r}")
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


def _read_settings(table: TomlTable) -> dict[str, Any]:
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in table.values.items()}
    for key, value in settings.items():
        numbers = value if isinstance(value, tuple) else (0,)
        known = isinstance(value, int | float | str | tuple)
        if not (known and all(isinstance(one, int | float) for one in numbers)):
            raise table.error(key, f"{key}: expected a number, text or a list of numbers")
    return settings


def _read_seen(file: Path) -> dict[str, Floats]:
    """Where a skill was seen to start (S, 3), by operator to end (E, 7) and to move (N, 16)."""
    arrays = _load_arrays(file)
    if START_EE not in arrays:
        raise InputError(f"{file}: lacks {START_EE}; copy the library again")
    for name, array in arrays.items():
        kind = next((kind for kind in _COLUMNS if name.startswith(kind)), "")
        columns = _COLUMNS.get(kind, 0)
        if array.ndim != 2 or array.shape[1] != columns:
            raise InputError(f"{file}: {name} must be (N, {columns}); found {array.shape}")
    return arrays


def _named(arrays: Mapping[str, Floats], kind: str) -> dict[str, Floats]:
    """The arrays of one kind by what follows it in their names."""
    return {n.removeprefix(kind): array for n, array in arrays.items() if n.startswith(kind)}


def _save_arrays(file: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, file)


def _load_arrays(file: Path) -> dict[str, NDArray[Any]]:
    try:
        return dict(load_file(file))
    except (SafetensorError, OSError) as error:
        raise InputError(f"{file}: damaged ({error})") from None
