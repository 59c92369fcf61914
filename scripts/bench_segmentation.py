"""Boundary quality of every way of cutting on every labelled set, beside chance and each other.

    python scripts/bench_segmentation.py [--data DIR] [--sets NAME ...] [--quick]

DIR (or ROBOT_SKILLS_DATA) holds the public recordings of people listed in docs/segment.md. Writes
docs/results/segmentation.json. The default cuts every set with weights that were fitted without
its family; beside it stand the shipped weights. Recorded sets, evidence and cuts are kept under
runs/bench_segmentation, so a run that was stopped goes on where it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import tyro
from fit_fusion import data_folder
from fusion_fit import fit_weights
from results import RESULTS, write_results
from segmentation_ablations import ABLATIONS, NO_FUSION, NOTHING, Ablation
from segmentation_cells import Cell, cut_or_read, timed
from segmentation_cuts import channels_of, cut_by_channel, cut_read
from segmentation_evidence import AS_SHIPPED, ReadSet, read_sets
from segmentation_figures import (
    Figures,
    boundary_figures,
    confidence_figures,
    label_figures,
    mean_figures,
)
from segmentation_lessons import (
    PEOPLE,
    SPOILT,
    Lesson,
    family_of,
    lessons,
    marked_sets,
    weights_without,
)
from segmentation_sets import (
    ARM_ONLY,
    KEPT,
    RECORDINGS,
    SCRIPTED,
    SEEDS,
    Group,
    human_groups,
    scripted_groups,
    without,
)
from segmentation_side_figures import (
    ablation_calibration_figures,
    channel_figures,
    video_figures,
)
from segmentation_targets import target_figures
from segmentation_video import (
    FILMED_ARM,
    G1_VIDEO,
    SCRIPTED_VIDEO,
    g1_video_group,
    scripted_video_groups,
)
from segmentation_ways import ABLATION, DEFAULT, TUNED, Way, all_ways

from robot_skills.core.errors import InputError
from robot_skills.segment.evidence.channels import SURPRISE
from robot_skills.segment.evidence.weights import Weights, shipped_weights
from robot_skills.storage.human_sets import LOADERS

EVIDENCE = KEPT / "evidence"
SPOILT_NAMES = {name: original for original, (name, _) in SPOILT.items()}
G1 = "g1_pick"
KNOWN = (*LOADERS, *SPOILT_NAMES, SCRIPTED, ARM_ONLY, SCRIPTED_VIDEO, G1_VIDEO)
ABLATED = (*PEOPLE, G1, SCRIPTED, ARM_ONLY)
QUICK_EPISODES = 8
Cells = dict[str, dict[str, Cell]]


@dataclass(frozen=True)
class Bench:
    """Cut every labelled set in every way, and score the boundaries."""

    data: Path | None = None
    """Folder with people's recordings; ROBOT_SKILLS_DATA by default."""

    sets: tuple[str, ...] = ()
    """Sets to cut, all by default: people's by name, scripted, video_scripted, video_g1 ..."""

    ways: tuple[str, ...] = ("*",)
    """Baselines to cut by, as patterns such as kernel or *_true_number."""

    episodes: int = 80
    """Scripted demonstrations a seed; each seed is cut by itself, as a user would."""

    seeds: int = len(SEEDS)
    """How many of the scripted seeds."""

    workers: int = 2
    """Processes that record and read evidence; cutting uses one."""

    ablations: bool = True
    """Whether to measure what each ingredient adds."""

    quick: bool = False
    """One small scripted set; the figures go to runs/bench_segmentation instead of docs."""

    def run(self) -> None:
        """Cut, score, print and write."""
        folder = data_folder(self.data)
        groups = self._groups(folder)
        default = Default.learned(folder, groups, self.workers)
        cells: Cells = {group.name: self._baselines(group) for group in groups}
        for group in groups:
            cells[group.name] = default.cells(group) | cells[group.name]
        if self.ablations:
            default.ablate(groups, cells)
        figures = _figures(groups, cells, default)
        figures |= target_figures(figures)
        _print(figures)
        out = KEPT if self.quick else RESULTS
        file = write_results("segmentation", figures, SEEDS, folder=out, keep_others=True)
        print(f"written to {file}")

    def _groups(self, folder: Path) -> list[Group]:
        wanted = self.sets or ((SCRIPTED,) if self.quick else KNOWN)
        unknown = [name for name in wanted if name not in KNOWN]
        if unknown:
            raise InputError(f"no set {unknown[0]!r} (known: {', '.join(KNOWN)})")
        groups = human_groups(folder, [name for name in wanted if name in LOADERS])
        for name in filter(SPOILT_NAMES.__contains__, wanted):
            (group,) = human_groups(folder, [SPOILT_NAMES[name]])
            kinds = SPOILT[SPOILT_NAMES[name]][1]
            groups.append(Group(name, [without(group.parts[0], kinds, name)]))
        if {SCRIPTED, ARM_ONLY} & set(wanted):
            groups += [group for group in self._scripted() if group.name in wanted]
        if SCRIPTED_VIDEO in wanted:
            groups += scripted_video_groups(self.episodes, self.workers)
        return groups + ([g1_video_group(folder)] if G1_VIDEO in wanted else [])

    def _scripted(self) -> list[Group]:
        seeds = SEEDS[: 1 if self.quick else self.seeds]
        episodes = QUICK_EPISODES if self.quick else self.episodes
        return scripted_groups(RECORDINGS, episodes, seeds, self.workers)

    def _baselines(self, group: Group) -> dict[str, Cell]:
        cells = {}
        for name, way in self._chosen().items() if group.name != FILMED_ARM else ():
            cells[name] = cut_or_read(KEPT / "cuts", group, name, way)
            _say(group, name, cells[name])
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


@dataclass(frozen=True)
class Default:
    """The default, and what is needed to cut each group with weights that never saw its family."""

    taught: dict[str, Lesson]
    read_lessons: dict[str, ReadSet]
    read: dict[str, list[ReadSet]]
    left_out: dict[str, Weights] = field(default_factory=dict)

    @staticmethod
    def learned(folder: Path, groups: Sequence[Group], workers: int) -> "Default":
        """Evidence of everything, and weights fitted without each family that is cut."""
        taught = lessons(folder, workers)
        sets = {name: lesson.known for name, lesson in taught.items()}
        parts = {
            group.name: {f"{group.name} {n}": part for n, part in enumerate(group.parts)}
            for group in groups
        }
        sets |= {name: part for of_group in parts.values() for name, part in of_group.items()}
        every = read_sets(EVIDENCE, sets, workers)
        read_lessons = {name: every[name] for name in taught}
        read = {group: [every[name] for name in names] for group, names in parts.items()}
        default = Default(taught, read_lessons, read)
        marked = marked_sets(taught, read_lessons, AS_SHIPPED)
        if fit_weights(marked).text() != shipped_weights().text():
            print("the shipped weights are not what is fitted now: run scripts/fit_fusion.py")
        families = {family_of(group.name) for group in groups} & {*PEOPLE, SCRIPTED}
        default.left_out.update(weights_without(marked, sorted(families)))
        return default

    def cells(self, group: Group) -> dict[str, Cell]:
        """The group cut by weights without its family, and by those fitted to everything."""
        fair = self.left_out.get(family_of(group.name), shipped_weights())
        cells = {DEFAULT: self._cut(group, fair), TUNED: self._cut(group, shipped_weights())}
        for name, cell in cells.items():
            _say(group, name, cell)
        return cells

    def ablate(self, groups: Sequence[Group], cells: Cells) -> None:
        """Add cells without each ingredient, for the sets that are named in ABLATED."""
        chosen = [group for group in groups if group.name in ABLATED]
        families = sorted({family_of(group.name) for group in chosen})
        for name, ablation in ABLATIONS.items() if chosen else ():
            marked = marked_sets(self.taught, self.read_lessons, ablation.recipe)
            fitted = weights_without(marked, families)
            for group in chosen:
                weights = ablation.of_weights(fitted[family_of(group.name)])
                cell = self._cut(group, weights, ablation)
                cells[group.name][f"{ABLATION}{name}"] = cell
            print(f"ablation {name}", flush=True)
        for group in chosen:
            cells[group.name][f"{ABLATION}{NO_FUSION}"] = self.by_channel(group, SURPRISE)

    def channels(self, group: Group) -> dict[str, Cell]:
        """The group cut by each channel alone."""
        names = sorted({name for one in self.read[group.name] for name in channels_of(one)})
        return {name: self.by_channel(group, name) for name in names}

    def by_channel(self, group: Group, channel: str) -> Cell:
        """The group cut by one channel alone."""
        return timed(lambda: [p for r in self.read[group.name] for p in cut_by_channel(r, channel)])

    def _cut(self, group: Group, weights: Weights, ablation: Ablation = NOTHING) -> Cell:
        read, recipe = self.read[group.name], ablation.recipe
        return timed(lambda: [p for one in read for p in cut_read(one, weights, recipe)])


def _figures(groups: Sequence[Group], cells: Cells, default: Default) -> Figures:
    people = [group for group in groups if group.name in LOADERS]
    channels = {group.name: default.channels(group) for group in groups}
    return (
        boundary_figures(groups, cells)
        | mean_figures(groups, cells)
        | confidence_figures(people, cells)
        | label_figures(groups, cells)
        | channel_figures(groups, cells, channels)
        | ablation_calibration_figures(groups, cells)
        | video_figures(groups, cells)
    )


def _say(group: Group, name: str, cell: Cell) -> None:
    print(f"{group.name:<24} {name:<24} {cell.seconds:8.1f} s", flush=True)


def _print(figures: Figures) -> None:
    for name, figure in figures.items():
        low, high = (f"{x:.3f}" if x is not None else "-" for x in (figure.low, figure.high))
        value = "-" if figure.value is None else f"{figure.value:.3f}"
        print(f"{name:<48} {value} [{low}, {high}] {figure.note}")


if __name__ == "__main__":
    tyro.cli(Bench).run()
