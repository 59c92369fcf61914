"""Cuts of one group by one way, kept on disk so that a benchmark goes on where it stopped.

They are kept under a key of the code that decides the cuts of the published methods. After a
change there, all are cut anew.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from results import ROOT
from segmentation_sets import Group
from segmentation_ways import Way

from robot_skills.core.demonstration import Segment
from robot_skills.storage.segments import SegmentTable, load_segments, save_segments

DECISIVE = (
    "robot_skills/core/*.py",
    "robot_skills/segment/*.py",
    "robot_skills/segment/evidence/levels.py",
    "robot_skills/segment/methods/*.py",
    "robot_skills/segment/predict/features.py",
    "robot_skills/segment/video/*.py",
    "robot_skills/storage/human_*.py",
    "robot_skills/storage/robosuite_hdf5.py",
    "scripts/segmentation_sets.py",
    "scripts/segmentation_video.py",
    "scripts/segmentation_ways.py",
)
ONLY_THE_DEFAULT = {"deciding", "habits", "stretches", "weighing", "candidates"}


@dataclass(frozen=True)
class Cell:
    """Segments of a group's demonstrations, and how long cutting took."""

    segments: list[Segment]
    seconds: float


def cut_or_read(folder: Path, group: Group, name: str, way: Way) -> Cell:
    """The cell of that way: read where it is kept under `folder`, cut and kept otherwise."""
    size = sum(len(part.demonstrations) for part in group.parts)
    file = folder / code_key() / f"{group.name}_{size}" / f"{name.replace('/', '_')}.json"
    if file.exists():
        table = load_segments(file)
        return Cell(list(table.segments), float(table.made_by["seconds"]))
    cell = timed(lambda: [piece for part in group.parts for piece in way(part)])
    rates = {one.name: one.rate_hz for part in group.parts for one in part.demonstrations}
    made_by = {"seconds": f"{cell.seconds:.3f}"}
    save_segments(file, SegmentTable(tuple(cell.segments), rates, made_by))
    return cell


def timed(cut: Callable[[], list[Segment]]) -> Cell:
    """What `cut` gives, and how long it took."""
    began = time.perf_counter()
    return Cell(cut(), time.perf_counter() - began)


@cache
def code_key() -> str:
    """Digest of the code of the published methods and of what reads their signals."""
    digest = hashlib.sha256()
    files = {file for pattern in DECISIVE for file in ROOT.glob(pattern)}
    for file in sorted(files):
        if file.stem not in ONLY_THE_DEFAULT:
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]
