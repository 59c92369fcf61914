"""Fits the weights of the fusion to every labelled set, and shows what leaving one out does.

    python scripts/fit_fusion.py --data DIR

Writes robot_skills/segment/evidence/weights.toml, and prints F1 of every set cut with weights
that were fitted without its family. The humanoid's recordings, the joined skills and the scripted
sets of bench_segmentation.py are not fitted to. Evidence is kept under runs/bench_segmentation.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro
from fusion_fit import MarkedSet, fit_weights
from segmentation_cuts import cut_read
from segmentation_evidence import AS_SHIPPED, ReadSet, read_sets
from segmentation_figures import TARGET_SETS
from segmentation_lessons import Lesson, lessons, marked_sets, weights_without
from segmentation_sets import KEPT

from robot_skills.core.errors import InputError
from robot_skills.segment.evidence.weights import FILE, Weights
from robot_skills.segment.metrics.boundary_metrics import BoundaryCounts, total_counts
from robot_skills.segment.metrics.score import boundary_counts
from robot_skills.storage.atomic import write_text


@dataclass(frozen=True)
class Fit:
    """Fit the weights of the fusion and write them into the package."""

    data: Path | None = None
    """Folder with people's recordings; ROBOT_SKILLS_DATA by default."""

    workers: int = 2
    """Processes that record and read evidence."""

    dry_run: bool = False
    """Print the weights and the table, write nothing."""

    def run(self) -> None:
        """Fit, print and write."""
        taught = lessons(data_folder(self.data), self.workers)
        known = {name: lesson.known for name, lesson in taught.items()}
        read = read_sets(KEPT / "evidence", known, self.workers)
        marked = marked_sets(taught, read, AS_SHIPPED)
        every = fit_weights(marked)
        print(every.text())
        if not self.dry_run:
            write_text(FILE, every.text())
            print(f"wrote {FILE}")
        left_out = weights_without(marked, sorted({one.family for one in marked}))
        print(f"{'set':<26} left out: F1, precision, recall   fitted to all: F1")
        for one in marked:
            _print_row(one, taught[one.name], read[one.name], left_out[one.family], every)
        means = [
            sum(_counts(taught[name], read[name], weights(name)).f1 for name in TARGET_SETS)
            / len(TARGET_SETS)
            for weights in (left_out.__getitem__, lambda _: every)
        ]
        print(f"mean of {', '.join(TARGET_SETS)}: {means[0]:.3f}; fitted to all {means[1]:.3f}")


def data_folder(given: Path | None) -> Path:
    """Where people's recordings lie; InputError when nobody said."""
    folder = given or os.environ.get("ROBOT_SKILLS_DATA")
    if not folder:
        raise InputError(
            "no folder with people's recordings: give --data DIR or set ROBOT_SKILLS_DATA"
        )
    return Path(folder)


def _print_row(
    one: MarkedSet, lesson: Lesson, read: ReadSet, left_out: Weights, every: Weights
) -> None:
    blind = _counts(lesson, read, left_out)
    tuned = _counts(lesson, read, every)
    print(
        f"{one.name:<26} {blind.f1:.3f} {blind.precision:.3f} {blind.recall:.3f}"
        f"{'':<24}{tuned.f1:.3f}"
    )


def _counts(lesson: Lesson, read: ReadSet, weights: Weights) -> BoundaryCounts:
    known = lesson.known
    pieces = cut_read(read, weights)
    counts: Sequence[BoundaryCounts] = boundary_counts(
        known.demonstrations, pieces, known.boundaries_s, known.tolerance_s
    )
    return total_counts(counts)


if __name__ == "__main__":
    tyro.cli(Fit).run()
