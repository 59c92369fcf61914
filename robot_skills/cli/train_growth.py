"""robot-skills train --grow: new demonstrations add to a library that is there already."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robot_skills.cli.train import Train
    from robot_skills.core.skill import SkillLibrary
    from robot_skills.core.task import Task
    from robot_skills.sim.kinematics import MujocoKinematics
    from robot_skills.storage.kept_skills import KeptSkills
    from robot_skills.train.growing import Additions, Growth


@dataclass(frozen=True)
class Material:
    """What a library grows by; `skipped` are recordings that it was learned from already."""

    additions: "Additions"
    task: "Task"
    kinematics: "MujocoKinematics"
    made_by: Mapping[str, str]
    skipped: tuple[str, ...]


def grow_library(command: "Train", folder: Path) -> list[str]:
    """Grow the library in `folder` and put it in its place; what happened, as lines of text."""
    import torch

    from robot_skills.cli.train import draw_groups, left_over_lines, suggestion_lines
    from robot_skills.storage.libraries import load_library, save_library
    from robot_skills.storage.writable import check_folder
    from robot_skills.train.discovery.suggestions import suggest

    started_s = time.monotonic()
    command.check_flags()
    old = load_library(folder)
    check_folder(folder.parent)
    material = _material(command, old)
    torch.set_num_threads(command.threads)
    growth, kept = _grow(command, folder, old, material)
    suggestions = suggest(growth.library, growth.groups, material.task)
    library = _with_lineage(growth.library, material.made_by, suggestions)
    pictures = draw_groups(growth.groups, material.task)
    save_library(folder, library, replace=True, pictures=pictures)
    kept.remove()
    version = load_library(folder).version
    return [
        *(
            [f"skipped, learned from before: {', '.join(material.skipped)}"]
            * bool(material.skipped)
        ),
        *growth_lines(growth),
        *left_over_lines(growth.left_over),
        *suggestion_lines(suggestions),
        f"{folder} {old.version} -> {version} after {time.monotonic() - started_s:.0f} s; "
        f"{old.version} is kept in {folder / 'versions'}",
    ]


def _material(command: "Train", library: "SkillLibrary") -> Material:
    from robot_skills.core.errors import InputError
    from robot_skills.train.growing import Additions, check_kin, unseen

    demonstrations, task, kinematics = command.read()
    check_kin(library, demonstrations, task)
    new = unseen(library, demonstrations)
    if not new:
        raise InputError(
            f"{command.grow} was learned from all of {command.demonstrations}; "
            "give demonstrations that it has not seen"
        )
    segments, made_by = command.cut(demonstrations)
    names = {one.name for one in new}
    additions = Additions(new, [s for s in segments if s.demonstration in names])
    skipped = tuple(one.name for one in demonstrations if one.name not in names)
    cut = {f"segment/{key}": value for key, value in made_by.items()}
    return Material(additions, task, kinematics, cut | {"threads": str(command.threads)}, skipped)


def _grow(
    command: "Train", folder: Path, old: "SkillLibrary", material: Material
) -> "tuple[Growth, KeptSkills]":
    from robot_skills.cli.progress import track
    from robot_skills.storage.kept_skills import KeptSkills
    from robot_skills.storage.libraries import library_sha256
    from robot_skills.train.growing import grow
    from robot_skills.train.lineage import fingerprint, lineage_of

    new, config = material.additions, command.config()
    inputs = lineage_of(new.demonstrations, new.segments, material.task, config)
    inputs |= {"library": library_sha256(folder), "threads": str(command.threads)}
    kept = KeptSkills(folder, fingerprint(inputs))
    growth = grow(old, new, material.task, material.kinematics, config, track, kept.skill)
    return growth, kept


def _with_lineage(
    library: "SkillLibrary", made_by: Mapping[str, str], suggestions: list[str]
) -> "SkillLibrary":
    from robot_skills.train.lineage import GROWN, growths, lineage_of_suggestions

    prefix = f"{GROWN}/{growths(library.lineage)}/"
    more = {**made_by, **lineage_of_suggestions(suggestions)}
    lineage = {**library.lineage, **{prefix + key: value for key, value in more.items()}}
    return replace(library, lineage=lineage)


def growth_lines(growth: "Growth") -> list[str]:
    """What joined which operator and why, and the skills that are new."""
    from robot_skills.cli.train import skill_table

    support = {operator.name: operator.support for operator in growth.library.operators}
    joined = [f"  {name}: {n} more, now {support[name]}" for name, n in growth.joined.items()]
    lines = ["joined the operators that are there:", *joined] if joined else ["nothing joined"]
    if growth.unjudged:
        lines.append(
            "by their change of facts alone, as the library was trained without keeping motions: "
            + ", ".join(growth.unjudged)
        )
    lines += [
        f"changes like those of {name}, by another motion: {count}"
        for name, count in growth.unlike.items()
    ]
    names = {group.name for group in growth.groups}
    new = tuple(skill for skill in growth.library.skills if skill.name in names)
    return [*lines, *(["new skills:", skill_table(new, growth.library.rate_hz)] if new else [])]
