"""What differs between two libraries, and the semantic version that follows from it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np

from robot_skills.core.errors import InputError
from robot_skills.core.skill import Operator, Skill, SkillLibrary

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class Change(IntEnum):
    """How much a new library asks of those who planned with the old one.

    MAJOR: an operator is gone, or takes, needs, brings about or ends something else; or the
    library is for another task, arm or rate. MINOR: operators or skills came. PATCH: the same
    operators, with other weights, settings, poses, support or measurements.
    """

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3


@dataclass(frozen=True)
class SkillChange:
    """One skill in two libraries: how much it changed, and what did, in words."""

    name: str
    change: Change
    what: tuple[str, ...]


@dataclass(frozen=True)
class LibraryChange:
    """Everything that differs; `change` is the greatest of it."""

    skills: tuple[SkillChange, ...]
    setting: tuple[str, ...]
    lineage: tuple[str, ...]

    @property
    def change(self) -> Change:
        """The part of a version that this raises."""
        own = Change.MAJOR if self.setting else Change.PATCH if self.lineage else Change.NONE
        return max([own, *(skill.change for skill in self.skills)])


def version_parts(version: str) -> tuple[int, int, int]:
    """Major, minor and patch; raises InputError for what is no semantic version."""
    found = _VERSION.fullmatch(version)
    if found is None:
        raise InputError(f"version {version!r}: expected three numbers such as 1.4.2")
    major, minor, patch = (int(part) for part in found.groups())
    return major, minor, patch


def raised(version: str, change: Change) -> str:
    """The version after a change."""
    major, minor, patch = version_parts(version)
    after = {
        Change.NONE: (major, minor, patch),
        Change.PATCH: (major, minor, patch + 1),
        Change.MINOR: (major, minor + 1, 0),
        Change.MAJOR: (major + 1, 0, 0),
    }
    return ".".join(map(str, after[change]))


def successor(old: SkillLibrary, new: SkillLibrary, highest: str) -> SkillLibrary:
    """`new` with the version that follows from what changed, unless its own is higher already.

    `highest` is the highest version in use: after a rollback it is not that of `old`.
    """
    change = compare_libraries(old, new).change
    version = raised(highest, change) if change else old.version
    return replace(new, version=max(version, new.version, key=version_parts))


def compare_libraries(old: SkillLibrary, new: SkillLibrary) -> LibraryChange:
    """What differs between two libraries, skill by skill."""
    before, after = ({s.name: s for s in library.skills} for library in (old, new))
    names = [*before, *(name for name in after if name not in before)]
    changes = [_skill_change(name, before.get(name), after.get(name)) for name in names]
    setting = [
        f"{key}: {getattr(old, key)} -> {getattr(new, key)}"
        for key in ("task", "arm", "rate_hz")
        if getattr(old, key) != getattr(new, key)
    ]
    lineage = [*_differing(old.lineage, new.lineage)]
    lineage += [] if old.handoffs == new.handoffs else ["hand-offs were measured anew"]
    return LibraryChange(
        tuple(one for one in changes if one.change), tuple(setting), tuple(lineage)
    )


def _skill_change(name: str, old: Skill | None, new: Skill | None) -> SkillChange:
    if old is None or new is None:
        change, word = (Change.MINOR, "added") if old is None else (Change.MAJOR, "removed")
        return SkillChange(name, change, (word,))
    changes = [*_operator_changes(old, new), *_inner_changes(old, new)]
    greatest = max((change for change, _ in changes), default=Change.NONE)
    return SkillChange(name, greatest, tuple(what for _, what in changes))


def _operator_changes(old: Skill, new: Skill) -> list[tuple[Change, str]]:
    before, after = ({o.name: o for o in skill.operators} for skill in (old, new))
    gone = [(Change.MAJOR, f"operator {name} removed") for name in before.keys() - after.keys()]
    came = [(Change.MINOR, f"operator {name} added") for name in after.keys() - before.keys()]
    kept = [(before[name], after[name]) for name in before if name in after]
    return sorted(gone) + sorted(came) + [found for a, b in kept for found in _one_operator(a, b)]


def _one_operator(old: Operator, new: Operator) -> list[tuple[Change, str]]:
    interface = ("parameters", "preconditions", "add", "delete")
    found = [
        (Change.MAJOR, f"{new.name}: other {part}")
        for part in interface
        if getattr(old, part) != getattr(new, part)
    ]
    if old.success != new.success:
        found.append((Change.PATCH, f"{new.name}: success {old.success:.1%} -> {new.success:.1%}"))
    if old.support != new.support:
        found.append((Change.PATCH, f"{new.name}: support {old.support} -> {new.support}"))
    return found


def _inner_changes(old: Skill, new: Skill) -> list[tuple[Change, str]]:
    found = [
        (Change.PATCH, f"{word} changed")
        for word, same in {
            "reference frame": old.frame == new.frame,
            "settings": dict(old.settings) == dict(new.settings),
            "weights": _same_arrays(old.weights, new.weights),
            "starts and ends": _same_arrays(_poses(old), _poses(new)),
            "motions shown": _same_arrays(old.motions, new.motions),
            "description": old.description == new.description,
        }.items()
        if not same
    ]
    if (old.segments, old.median_steps) != (new.segments, new.median_steps):
        found.append((Change.PATCH, f"segments {old.segments} -> {new.segments}"))
    measured = _differing(old.measured, new.measured)
    return found + [(Change.PATCH, f"measured {what}") for what in measured]


def _poses(skill: Skill) -> dict[str, Any]:
    return {**skill.end_poses, "": skill.start_ee}


def _same_arrays(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return old.keys() == new.keys() and all(np.array_equal(old[key], new[key]) for key in old)


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Entries that differ, such as 'seed: 0 -> 1'."""
    return [
        f"{key}: {old.get(key, 'none')} -> {new.get(key, 'none')}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]
