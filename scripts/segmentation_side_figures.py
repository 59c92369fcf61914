"""Figures beside the main ones: single channels, calibration of ablations, bare videos."""

from collections.abc import Mapping, Sequence

import numpy as np
from results import Figure
from segmentation_cells import Cell
from segmentation_figures import TARGET_SETS, Cells, Figures, counts_of, f1_figure, judge
from segmentation_sets import Group
from segmentation_video import FILMED_ARM, G1_VIDEO, SCRIPTED_VIDEO
from segmentation_ways import ABLATION, DEFAULT, TOLD

from robot_skills.segment.metrics.boundary_metrics import resampled_f1, total_counts
from robot_skills.segment.metrics.reliability import calibration_error

ALLOWED_BELOW = 0.05  # of the best single channel, which is known only in hindsight


def channel_figures(groups: Sequence[Group], cells: Cells, channels: Cells) -> Figures:
    """channel_f1/<set>/<channel>, the best of each set, and how far the default is above it."""
    figures: Figures = {}
    for group in groups:
        own = {name: f1_of(group, cell) for name, cell in channels[group.name].items()}
        figures |= {f"channel_f1/{group.name}/{name}": one for name, one in own.items()}
        best = max(own, key=lambda name: own[name].value or 0.0)
        known = own[best]
        figures[f"best_channel_f1/{group.name}"] = Figure(
            known.value, known.unit, known.low, known.high, known.n, best
        )
        figures[f"over_best_channel/{group.name}"] = _over(
            group, cells[group.name][DEFAULT], channels[group.name][best]
        )
    return figures


def _over(group: Group, cell: Cell, other: Cell) -> Figure:
    counts, others = counts_of(group, cell), counts_of(group, other)
    value = total_counts(counts).f1 - total_counts(others).f1
    low, high = np.percentile(resampled_f1(counts) - resampled_f1(others), [2.5, 97.5])
    note = f"more than {ALLOWED_BELOW:g} below" if value < -ALLOWED_BELOW else ""
    return Figure(value, "F1", float(low), float(high), total_counts(counts).true, note)


def ablation_calibration_figures(groups: Sequence[Group], cells: Cells) -> Figures:
    """ablation_calibration_error/<name> over the sets of the mean together."""
    chosen = [group for group in groups if group.name in TARGET_SETS]
    if len(chosen) < len(TARGET_SETS):
        return {}
    names = [way for way in cells[chosen[0].name] if way.startswith(ABLATION)]
    figures: Figures = {}
    for way in names:
        judged = [judge(group, cells[group.name][way]) for group in chosen]
        sure = [c for one in judged for c in one.confidences]
        error = calibration_error(sure, [hit for one in judged for hit in one.hits])
        name = f"ablation_calibration_error/{way.removeprefix(ABLATION)}"
        figures[name] = Figure(error, "", n=len(sure))
    return figures


def video_figures(groups: Sequence[Group], cells: Cells) -> Figures:
    """Video alone, beside the arm alone on the same recordings and beside the best baseline."""
    known = {group.name: group for group in groups}
    figures: Figures = {}
    for name, short in ((SCRIPTED_VIDEO, "scripted"), (G1_VIDEO, "g1")):
        if name in known:
            figures |= _of_video(known[name], cells[name], short)
    if SCRIPTED_VIDEO in known:
        figures["video_to_arm_ratio_scripted"] = _ratio(
            (known[SCRIPTED_VIDEO], cells[SCRIPTED_VIDEO][DEFAULT]),
            (known[FILMED_ARM], cells[FILMED_ARM][DEFAULT]),
            "the default on the same recordings from the arm alone",
        )
    return figures


def _of_video(group: Group, cells: Mapping[str, Cell], short: str) -> Figures:
    told = {way: f1_of(group, cell) for way, cell in cells.items() if way.endswith(TOLD)}
    own = f1_of(group, cells[DEFAULT])
    figures = {f"video_f1_{short}": own}
    if told:
        best = max(told, key=lambda way: told[way].value or 0.0)
        one = told[best]
        figures[f"video_best_baseline_f1_{short}"] = Figure(
            one.value, one.unit, one.low, one.high, one.n, best
        )
        figures[f"video_ratio_to_best_baseline_{short}"] = _ratio(
            (group, cells[DEFAULT]), (group, cells[best]), best
        )
    return figures


def _ratio(one: tuple[Group, Cell], other: tuple[Group, Cell], note: str) -> Figure:
    counts, others = counts_of(*one), counts_of(*other)
    value = total_counts(counts).f1 / max(total_counts(others).f1, 1e-9)
    drawn = resampled_f1(counts) / np.maximum(resampled_f1(others), 1e-9)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Figure(value, "", float(low), float(high), total_counts(counts).true, note)


def f1_of(group: Group, cell: Cell) -> Figure:
    """F1 within the group's own tolerance."""
    return f1_figure(counts_of(group, cell), f"F1@{group.parts[0].tolerance_s:g} s")
