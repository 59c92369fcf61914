"""A robosuite arm with its gripper as MJCF, kept on disk so that most processes import none of it.

Importing robosuite takes longer than all else that an arm's process does before it can move.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from robot_skills.core.errors import InputError
from robot_skills.sim.robosuite_import import MISSING, importing_robosuite

SOURCES = (".py", ".xml")  # of what robosuite makes MJCF from; meshes are only named in it


@cache
def robosuite_arm_xml(robot: str, gripper: str) -> str:
    """MJCF of a robot and a gripper by robosuite's names; raises InputError for unknown ones."""
    out_of_reach = (OSError, RuntimeError)  # not written yet, not ours, or nobody's home
    with contextlib.suppress(*out_of_reach):
        return _kept(robot, gripper).read_text(encoding="utf-8")
    xml = _built_xml(robot, gripper)
    with contextlib.suppress(*out_of_reach):  # which costs the next process time, no more
        _keep(_kept(robot, gripper), xml)
    return xml


def _kept(robot: str, gripper: str) -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return folder / "robot_skills" / f"{_digest(robot, gripper)}.xml"


def _digest(robot: str, gripper: str) -> str:
    """Which installation's arm it is: other files, or the same files changed, make another."""
    digest = hashlib.sha256(f"{robot} {gripper}".encode())
    for file in sorted(_sources()):
        state = file.stat()
        digest.update(f"{file} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:32]


def _sources() -> Iterator[Path]:
    found = find_spec("robosuite")
    if found is None or found.submodule_search_locations is None:
        raise InputError(MISSING)
    for folder in found.submodule_search_locations:
        for file in (Path(folder) / "models").rglob("*"):
            if file.suffix in SOURCES:
                yield file


def _built_xml(robot: str, gripper: str) -> str:
    with importing_robosuite():
        from robosuite.models import robots
        from robosuite.models.grippers import GRIPPER_MAPPING
    if not hasattr(robots, robot):
        raise InputError(f"robosuite has no robot model {robot!r}")
    if gripper not in GRIPPER_MAPPING:
        raise InputError(
            f"robosuite has no gripper {gripper!r} (known: {', '.join(map(str, GRIPPER_MAPPING))})"
        )
    model = getattr(robots, robot)(idn=0)
    model.add_gripper(GRIPPER_MAPPING[gripper](idn="0_right"))
    return str(model.get_xml())


def _keep(file: Path, text: str) -> None:
    """Write a file at once and whole, whoever else writes or reads it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    written = file.with_suffix(f".{os.getpid()}")
    written.write_text(text, encoding="utf-8")
    written.replace(file)
