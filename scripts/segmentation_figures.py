"""Figures of the segmentation benchmark, from cuts and truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from results import Figure
from segmentation_cells import Cell
from segmentation_sets import Group
from segmentation_ways import ABLATION, DEFAULT, TOLD, TUNED

from robot_skills.core.demonstration import Demonstration
from robot_skills.segment.metrics.boundary_metrics import (
    TOLERANCES_S,
    BoundaryCounts,
    Counts,
    resampled_counts,
    resampled_f1,
    total_counts,
)
from robot_skills.segment.metrics.intervals import RESAMPLES, bootstrap_mean
from robot_skills.segment.metrics.label_metrics import labels_of, score_labels
from robot_skills.segment.metrics.reliability import calibration_error, hits_of, precision_recall_at
from robot_skills.segment.metrics.score import boundary_counts

Cells = Mapping[str, Mapping[str, Cell]]  # by group, then by way
Figures = dict[str, Figure]

TARGET_SETS = ("long_horizon", "peeling", "rim", "fender")
LEVEL = 0.8
LABEL_METRICS = ("nmi", "frame_accuracy", "edit", "f1@10", "f1@25", "f1@50", "consistency")


@dataclass(frozen=True)
class Judged:
    """Confidence of each found boundary, whether it is right, and how many are true."""

    confidences: list[float]
    hits: list[bool]
    true: int


def counts_of(group: Group, cell: Cell, tolerance_s: float | None = None) -> list[BoundaryCounts]:
    """Counts of each demonstration, within the group's own tolerance by default."""
    return [
        counts
        for part in group.parts
        for counts in boundary_counts(
            part.demonstrations,
            cell.segments,
            part.boundaries_s,
            part.tolerance_s if tolerance_s is None else tolerance_s,
        )
    ]


def boundary_figures(groups: Sequence[Group], cells: Cells) -> Figures:
    """f1/<set>/<way> of all; of the default also other tolerances, precision, recall and excess."""
    figures: Figures = {}
    for group in groups:
        unit = f"F1@{group.parts[0].tolerance_s:g} s"
        for way, cell in cells[group.name].items():
            name = "f1/{}/{}" if not way.startswith(ABLATION) else "ablation_f1/{}/{}"
            short = way.removeprefix(ABLATION)
            figures[name.format(group.name, short)] = f1_figure(counts_of(group, cell), unit)
        if DEFAULT in cells[group.name]:
            figures |= _default_figures(group, cells[group.name][DEFAULT])
    return figures


def _default_figures(group: Group, cell: Cell) -> Figures:
    counts = counts_of(group, cell)
    figures = {
        f"f1_at_{tolerance_s:g}/{group.name}": f1_figure(counts_of(group, cell, tolerance_s), "")
        for tolerance_s in TOLERANCES_S
    }
    figures[f"over_segmentation/{group.name}"] = _over_segmentation(counts)
    pooled = total_counts(counts)
    matched, found, true = resampled_counts(counts).sum(axis=1).T
    figures[f"precision/{group.name}"] = _share(pooled.precision, matched, found, pooled.found)
    figures[f"recall/{group.name}"] = _share(pooled.recall, matched, true, pooled.true)
    return figures


def label_figures(groups: Sequence[Group], cells: Cells) -> Figures:
    """nmi, frame_accuracy and edit/<set>/<way> of ways that name skills; /<set> of the default."""
    figures: Figures = {}
    for group in groups:
        if any(part.labels is None for part in group.parts):
            continue
        true = [labels for part in group.parts for labels in part.step_labels()]
        for way, cell in cells[group.name].items():
            ours = way == TUNED or way.startswith(ABLATION)
            if ours or not any(piece.skill for piece in cell.segments):
                continue
            scores = score_labels([_labels(one, cell) for one in _demonstrations(group)], true)
            for metric in LABEL_METRICS:
                mean = scores[metric]
                figure = Figure(mean.value, "", mean.low, mean.high, mean.n)
                figures[f"{metric}/{group.name}/{way}"] = figure
                if way == DEFAULT:
                    figures[f"{metric}/{group.name}"] = figure
    return figures


def mean_figures(groups: Sequence[Group], cells: Cells) -> Figures:
    """Means over TARGET_SETS and the ratio to the best baseline; nothing where one is missing."""
    chosen = {group.name: group for group in groups if group.name in TARGET_SETS}
    if len(chosen) < len(TARGET_SETS):
        return {}
    ways = set.intersection(*(set(cells[name]) for name in chosen))
    drawn = {way: _mean_f1(chosen, cells, way) for way in sorted(ways)}
    figures = {_mean_name(way): _with_interval(*one) for way, one in drawn.items()}
    if DEFAULT not in drawn:
        return figures
    value, samples = drawn[DEFAULT]
    figures["mean_f1"] = _with_interval(value, samples)
    told = [way for way in drawn if way.endswith(TOLD)]
    ours = {DEFAULT, TUNED, *(way for way in drawn if way.startswith(ABLATION))}
    untold = [way for way in drawn if way not in (*ours, *told)]
    for name, among in (("best_baseline", told), ("best_untold_baseline", untold)):
        best = max(among, key=lambda way: drawn[way][0], default=None)
        if best is not None:
            other, other_samples = drawn[best]
            figures[f"{name}_mean_f1"] = _with_interval(other, other_samples, best)
            ratios = samples / np.maximum(other_samples, 1e-9)
            figures[f"ratio_to_{name}"] = _with_interval(value / max(other, 1e-9), ratios, best)
    return figures | _oracle_figures(chosen, cells, told)


def _oracle_figures(groups: Mapping[str, Group], cells: Cells, told: Sequence[str]) -> Figures:
    """The mean of an oracle that knows which baseline suits which set, and the true number."""
    best = {}
    for name, group in groups.items():
        f1 = {way: total_counts(counts_of(group, cells[name][way])).f1 for way in told}
        if f1:
            best[name] = max(f1.items(), key=lambda pair: pair[1])
    if not best:
        return {}
    note = ", ".join(f"{name}: {way}" for name, (way, _) in best.items())
    mean = float(np.mean([value for _, value in best.values()]))
    return {"best_baseline_of_each_set_mean_f1": Figure(mean, "", n=len(best), note=note)}


def confidence_figures(groups: Sequence[Group], cells: Cells) -> Figures:
    """Precision, recall and calibration of the default's confidence: of TARGET_SETS together, and
    of each set.
    """
    judged = {g.name: judge(g, cells[g.name][DEFAULT]) for g in groups if DEFAULT in cells[g.name]}
    figures: Figures = {}
    for name, one in judged.items():
        figures |= _confidence(one, f"/{name}")
    if set(TARGET_SETS) <= set(judged):
        parts = [judged[name] for name in TARGET_SETS]
        together = Judged(
            [c for part in parts for c in part.confidences],
            [hit for part in parts for hit in part.hits],
            sum(part.true for part in parts),
        )
        figures |= _confidence(together, "")
    return figures


def judge(group: Group, cell: Cell) -> Judged:
    """Confidence and rightness of every boundary found in the group."""
    judged = Judged([], [], sum(part.boundaries for part in group.parts))
    for part in group.parts:
        for one, truth_s in zip(part.demonstrations, part.boundaries_s, strict=True):
            pieces = [p for p in cell.segments if p.demonstration == one.name and p.start]
            at_s = [piece.start / one.rate_hz for piece in pieces]
            judged.confidences.extend(piece.confidence for piece in pieces)
            judged.hits.extend(hits_of(at_s, truth_s, part.tolerance_s))
    return judged


def _confidence(judged: Judged, suffix: str) -> Figures:
    precision, recall = precision_recall_at(judged.confidences, judged.hits, judged.true, LEVEL)
    pairs = list(zip(judged.confidences, judged.hits, strict=True))
    above = [float(hit) for confidence, hit in pairs if confidence > LEVEL]
    found = int(sum(above))
    recalled = bootstrap_mean([1.0] * found + [0.0] * (judged.true - found))
    error = calibration_error(judged.confidences, judged.hits)
    low, high = _error_interval(judged)
    name = f"precision_at_confidence_{LEVEL:g}{suffix}"
    nothing = Figure(None, "share", note=f"no boundary has a confidence above {LEVEL:g}")
    sure = bootstrap_mean(above) if above else None
    return {
        name: Figure(precision, "share", sure.low, sure.high, sure.n) if sure else nothing,
        f"recall_at_confidence_{LEVEL:g}{suffix}": Figure(
            recall, "share", recalled.low, recalled.high, judged.true
        ),
        f"calibration_error{suffix}": Figure(error, "", low, high, len(pairs)),
    }


def _error_interval(judged: Judged) -> tuple[float, float] | tuple[None, None]:
    if not judged.hits:
        return None, None
    rng = np.random.default_rng(0)
    sure, right = np.array(judged.confidences), np.array(judged.hits)
    errors = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(len(sure), size=len(sure))
        errors.append(calibration_error(sure[drawn].tolist(), right[drawn].tolist()))
    low, high = np.percentile(errors, [2.5, 97.5])
    return float(low), float(high)


def f1_figure(counts: Sequence[BoundaryCounts], unit: str) -> Figure:
    """Pooled F1 with its interval."""
    pooled = total_counts(counts)
    low, high = np.percentile(resampled_f1(counts), [2.5, 97.5])
    return Figure(pooled.f1, unit, float(low), float(high), pooled.true)


def _share(value: float, part: Counts, whole: Counts, n: int) -> Figure:
    """A share with its interval, from resampled counts (RESAMPLES,) of the part and the whole."""
    shares = np.where(whole > 0, part / np.maximum(whole, 1), value)
    low, high = np.percentile(shares, [2.5, 97.5])
    return Figure(value, "share", float(low), float(high), n)


def _over_segmentation(counts: Sequence[BoundaryCounts]) -> Figure:
    """Segments found for each true one, over all demonstrations."""
    drawn = resampled_counts(counts).sum(axis=1)
    ratios = (drawn[:, 1] + len(counts)) / (drawn[:, 2] + len(counts))
    pooled = total_counts(counts)
    value = (pooled.found + len(counts)) / (pooled.true + len(counts))
    low, high = np.percentile(ratios, [2.5, 97.5])
    return Figure(value, "", float(low), float(high), len(counts))


def _mean_f1(
    groups: Mapping[str, Group], cells: Cells, way: str
) -> tuple[float, NDArray[np.float64]]:
    """Mean over sets of one way's F1, and the same of every resample (RESAMPLES,)."""
    counts = [counts_of(group, cells[name][way]) for name, group in groups.items()]
    value = float(np.mean([total_counts(of_set).f1 for of_set in counts]))
    drawn = [resampled_f1(of_set, seed) for seed, of_set in enumerate(counts)]
    return value, np.asarray(np.mean(drawn, axis=0))


def _mean_name(way: str) -> str:
    return way if way.startswith(ABLATION) else f"mean_f1/{way}"


def _with_interval(value: float, samples: NDArray[np.float64], note: str = "") -> Figure:
    low, high = np.percentile(samples, [2.5, 97.5])
    return Figure(value, "", float(low), float(high), len(TARGET_SETS), note)


def _demonstrations(group: Group) -> list[Demonstration]:
    return [one for part in group.parts for one in part.demonstrations]


def _labels(one: Demonstration, cell: Cell) -> list[str]:
    return labels_of([piece for piece in cell.segments if piece.demonstration == one.name])
