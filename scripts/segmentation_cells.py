"""Cuts of one group by one way, kept on disk so that a benchmark goes on where it stopped.

They are kept under a key of everything that decides them: the code of `segment` and of the
readers. After a change there, all are cut anew.
"""

import hashlib
import time
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
    "robot_skills/nets/*.py",
    "robot_skills/segment/**/*.py",
    "robot_skills/segment/**/*.toml",
    "robot_skills/storage/human_*.py",
    "robot_skills/storage/robosuite_hdf5.py",
    "scripts/segmentation_ablations.py",
    "scripts/segmentation_sets.py",
    "scripts/segmentation_ways.py",
)
ONLY_JUDGE_OR_SHOW = {
    "explanation",
    "intervals",
    "label_metrics",
    "metrics",
    "page",
    "page_parts",
    "page_script",
    "page_style",
    "plots",
    "reliability",
    "score",
    "strip",
    "timeline",
}


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
    began = time.perf_counter()
    segments = [piece for part in group.parts for piece in way(part)]
    seconds = time.perf_counter() - began
    rates = {one.name: one.rate_hz for part in group.parts for one in part.demonstrations}
    save_segments(file, SegmentTable(tuple(segments), rates, {"seconds": f"{seconds:.3f}"}))
    return Cell(segments, seconds)


@cache
def code_key() -> str:
    """Digest of the code that decides cuts."""
    digest = hashlib.sha256()
    files = {file for pattern in DECISIVE for file in ROOT.glob(pattern)}
    for file in sorted(files):
        if file.stem not in ONLY_JUDGE_OR_SHOW:
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]
