"""Where an arm's MuJoCo model comes from: robosuite, or an MJCF file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RobosuiteModel:
    """A robot and a gripper by robosuite's names."""

    robot: str
    gripper: str


@dataclass(frozen=True)
class Box:
    """What a body touches with: a box at `pose` (7,) in the body's frame, `half_extents_m` (3,)."""

    name: str
    body: str
    pose: Floats
    half_extents_m: Floats


@dataclass(frozen=True)
class FileModel:
    """An MJCF file in the profile's folder, or of an installed `package`.

    `extra` is what installs the package. `ee_body` and `ee_pose` (7,) say where the end-effector
    is in a file without a site `grip_site`. A body with `boxes` touches with nothing else.
    """

    file: str
    package: str = ""
    extra: str = ""
    ee_body: str = ""
    ee_pose: Floats | None = None
    boxes: tuple[Box, ...] = ()


def model_source(table: Mapping[str, Any]) -> RobosuiteModel | FileModel:
    """Read [robosuite] or [model] of a profile; raises KeyError or ValueError at what is wrong."""
    if "model" not in table:
        if "robosuite" not in table:
            raise ValueError("the arm needs a table [robosuite] or [model], where its model is")
        return RobosuiteModel(table["robosuite"]["robot"], table["robosuite"]["gripper"])
    if "robosuite" in table:
        raise ValueError("the arm's model is in [robosuite] or in [model], not in both")
    return _file_model(table["model"])


def _file_model(table: Mapping[str, Any]) -> FileModel:
    site = table.get("ee", {})
    return FileModel(
        file=table["file"],
        package=table.get("package", ""),
        extra=table.get("extra", ""),
        ee_body=site["body"] if site else "",
        ee_pose=_numbers(site, "pose", 7) if site else None,
        boxes=tuple(_box(name, box) for name, box in table.get("boxes", {}).items()),
    )


def _box(name: str, table: Mapping[str, Any]) -> Box:
    pose, half_extents_m = _numbers(table, "pose", 7), _numbers(table, "half_extents_m", 3)
    return Box(name, table["body"], pose, half_extents_m)


def _numbers(table: Mapping[str, Any], key: str, count: int) -> Floats:
    values = np.asarray(table[key], dtype=float)
    if values.shape != (count,):
        raise ValueError(f"{key} needs {count} numbers; found {values.size}")
    return values
