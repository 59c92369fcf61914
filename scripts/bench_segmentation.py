"""Boundary quality of every way of cutting on every labelled set, beside chance and each other.

    python scripts/bench_segmentation.py [--data DIR] [--sets NAME ...] [--quick]

DIR (or ROBOT_SKILLS_DATA) holds the public recordings of people listed in docs/segment.md. Writes
docs/results/segmentation.json. Scripted sets and all cuts are kept under runs/bench_segmentation,
so a run that was stopped goes on where it was.
"""

import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import tyro
from results import RESULTS, ROOT, write_results
from segmentation_cells import Cell, cut_or_read
from segmentation_figures import (
    Figures,
    boundary_figures,
    confidence_figures,
    label_figures,
    mean_figures,
)
from segmentation_sets import ARM_ONLY, SCRIPTED, SEEDS, Group, human_groups, scripted_groups
from segmentation_ways import Way, all_ways

from robot_skills.core.errors import InputError
from robot_skills.storage.human_sets import LOADERS

KEPT = ROOT / "runs" / "bench_segmentation"
QUICK_EPISODES = 8


@dataclass(frozen=True)
class Bench:
    """Cut every labelled set in every way, and score the boundaries."""

    data: Path | None = None
    """Folder with people's recordings; ROBOT_SKILLS_DATA by default."""

    sets: tuple[str, ...] = ()
    """Sets to cut, all by default: people's by name, scripted, scripted_no_objects."""

    ways: tuple[str, ...] = ("*",)
    """Ways to cut, as patterns such as surprise or *_true_number."""

    episodes: int = 80
    """Scripted demonstrations a seed; each of three seeds is cut by itself, as a user would."""

    workers: int = 2
    """Processes that record scripted demonstrations; cutting uses one."""

    quick: bool = False
    """One small scripted set; the figures go to runs/bench_segmentation instead of docs."""

    def run(self) -> None:
        """Cut, score, print and write."""
        groups = self._groups()
        cells = {group.name: self._cells(group) for group in groups}
        figures = boundary_figures(groups, cells) | mean_figures(groups, cells)
        people = [group for group in groups if group.name in LOADERS]
        figures |= confidence_figures(people, cells) | label_figures(groups, cells)
        _print(figures)
        folder = KEPT if self.quick else RESULTS
        file = write_results("segmentation", figures, SEEDS, folder=folder, keep_others=True)
        print(f"written to {file}")

    def _groups(self) -> list[Group]:
        known = (*LOADERS, SCRIPTED, ARM_ONLY)
        wanted = self.sets or known
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise InputError(f"no set {unknown[0]!r} (known: {', '.join(known)})")
        people = [name for name in wanted if name in LOADERS]
        groups = human_groups(self._data_folder(), people) if people else []
        if {SCRIPTED, ARM_ONLY} & set(wanted):
            groups += [group for group in self._scripted() if group.name in wanted]
        return groups

    def _scripted(self) -> list[Group]:
        seeds = SEEDS[:1] if self.quick else SEEDS
        episodes = QUICK_EPISODES if self.quick else self.episodes
        return scripted_groups(KEPT / "recordings", episodes, seeds, self.workers)

    def _data_folder(self) -> Path:
        folder = self.data or os.environ.get("ROBOT_SKILLS_DATA")
        if not folder:
            raise InputError(
                "no folder with people's recordings: give --data DIR or set ROBOT_SKILLS_DATA, or "
                f"--sets {SCRIPTED} {ARM_ONLY} to do without"
            )
        return Path(folder)

    def _cells(self, group: Group) -> dict[str, Cell]:
        cells = {}
        for name, way in self._chosen().items():
            cells[name] = cut_or_read(KEPT / "cuts", group, name, way)
            print(f"{group.name:<20} {name:<24} {cells[name].seconds:8.1f} s", flush=True)
        return cells

    def _chosen(self) -> dict[str, Way]:
        ways = all_ways()
        chosen = {
            name: way
            for name, way in ways.items()
            if any(fnmatchcase(name, pattern) for pattern in self.ways)
        }
        if not chosen:
            raise InputError(f"no way {' '.join(self.ways)} (known: {', '.join(ways)})")
        return chosen


def _print(figures: Figures) -> None:
    for name, figure in figures.items():
        low, high = (f"{x:.3f}" if x is not None else "-" for x in (figure.low, figure.high))
        value = "-" if figure.value is None else f"{figure.value:.3f}"
        print(f"{name:<48} {value} [{low}, {high}] {figure.note}")


if __name__ == "__main__":
    tyro.cli(Bench).run()
