"""Draws docs/images/segmentation_failure.png: a recording on which the default does badly.

    python scripts/make_failure_picture.py --data DIR [--series rim/1]

A series of wiping a rim, cut with weights that were fitted without it, beside the true boundaries.
"""

from dataclasses import dataclass
from pathlib import Path

import tyro
from fit_fusion import data_folder
from results import ROOT
from segmentation_cuts import cut_read
from segmentation_evidence import AS_SHIPPED, ReadSet, read_sets
from segmentation_lessons import lessons, marked_sets, weights_without
from segmentation_sets import KEPT

from robot_skills.core.errors import InputError
from robot_skills.segment.evidence.weights import Weights
from robot_skills.segment.segmenter import Segmentation
from robot_skills.segment.show.timeline import draw_timeline

OUT = ROOT / "docs" / "images" / "segmentation_failure.png"
SET = "rim"
DOTS_PER_INCH = 90


@dataclass(frozen=True)
class Draw:
    """Draw a recording that is cut badly."""

    data: Path | None = None
    """Folder with people's recordings; ROBOT_SKILLS_DATA by default."""

    series: str = "rim/1"
    """Which of the recordings."""

    out: Path = OUT
    """Where to."""

    workers: int = 2
    """Processes that record and read evidence."""

    def run(self) -> None:
        """Cut without having seen this kind of recording, draw and save."""
        taught = lessons(data_folder(self.data), self.workers)
        known = taught[SET].known
        truths_s = {
            one.name: truth_s
            for one, truth_s in zip(known.demonstrations, known.boundaries_s, strict=True)
        }
        if self.series not in truths_s:
            raise InputError(f"no series {self.series!r} (known: {', '.join(truths_s)})")
        sets = {name: lesson.known for name, lesson in taught.items()}
        read = read_sets(KEPT / "evidence", sets, self.workers)
        weights = weights_without(marked_sets(taught, read, AS_SHIPPED), [SET])[SET]
        segmentation = _cut(read[SET], weights)
        figure = draw_timeline(segmentation, self.series, truth_s=truths_s[self.series])
        self.out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(self.out, dpi=DOTS_PER_INCH, bbox_inches="tight")
        print(f"wrote {self.out}")


def _cut(read: ReadSet, weights: Weights) -> Segmentation:
    signals = {one.name: one for one in read.signals}
    surprise = {
        one.name: evidence.surprise
        for one, evidence in zip(read.signals, read.evidence, strict=True)
    }
    return Segmentation(cut_read(read, weights), signals, surprise, [])


if __name__ == "__main__":
    tyro.cli(Draw).run()
