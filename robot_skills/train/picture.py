"""A picture of one skill: every segment it was learned from, in the frame where they agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.facts import format_facts
from robot_skills.core.skill import ReferenceFrame
from robot_skills.core.task import Task
from robot_skills.train.discovery.grouping import SkillGroup, frame_path
from robot_skills.train.discovery.lifting import Instance

Floats = NDArray[np.float64]

SIZE_IN = (12.0, 7.2)
COLOURS, INK = "viridis", "#333333"
START, EFFECT, END = "#4e79a7", "#c1272d", "#1a7f37"
OUTLINE: dict[str, Any] = {"edgecolors": "white", "linewidths": 0.5}
FRAMES = {
    "object": "the thing that ?x stands for (until it is held, then where it was taken)",
    "goal": "the place where the thing that ?x stands for ends up",
}


@dataclass(frozen=True)
class _Trace:
    """One segment: end-effector (T, 3) m in the frame, width (T,) mm, time (T,) s from `effect`."""

    position: Floats
    width_mm: Floats
    time_s: Floats
    effect: int


def draw_skill(group: SkillGroup, task: Task) -> Figure:
    """Top and side view of every segment in the skill's frame, and the gripper over time."""
    traces = [_trace(instance, group.frame, task) for instance in group.instances]
    colour = ScalarMappable(_time_range(traces), COLOURS)
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    figure.suptitle(_title(group), x=0.01, ha="left", fontsize=11, color=INK)
    grid = figure.add_gridspec(2, 2, height_ratios=[2.2, 1.0])
    top, side = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])
    _draw_view(top, traces, (0, 1), colour)
    _draw_view(side, traces, (0, 2), colour)
    _draw_things(top, side, group, task)
    top.set(title="seen from above", xlabel="x in m", ylabel="y in m")
    side.set(title="seen from the side", xlabel="x in m", ylabel="z in m, up")
    figure.legend(*side.get_legend_handles_labels(), loc="lower right", fontsize=7.5, frameon=False)
    label = "seconds before (-) and after (+) the facts change"
    figure.colorbar(colour, ax=[top, side], label=label, fraction=0.03)
    _draw_gripper(figure.add_subplot(grid[1, :]), traces)
    return figure


def _trace(instance: Instance, frame: ReferenceFrame, task: Task) -> _Trace:
    transition = instance.transition
    history, span = transition.history, slice(transition.start, transition.stop)
    ee = poses.relative(frame_path(instance, frame, task), history.ee[span])
    effect = transition.effect - transition.start
    time_s = (np.arange(len(ee)) - effect) / history.rate_hz
    return _Trace(ee[:, :3], 1000 * history.width_m[span], time_s, effect)


def _time_range(traces: Sequence[_Trace]) -> Normalize:
    """Seconds that the colours span: a few long pauses do not use them up."""
    starts, ends = [t.time_s[0] for t in traces], [t.time_s[-1] for t in traces]
    return Normalize(float(np.percentile(starts, 10)), float(np.percentile(ends, 90)))


def _title(group: SkillGroup) -> str:
    changes = [
        f"  {m.operator.name}, {m.operator.support} segments: brings about "
        f"{format_facts(m.operator.add) or 'nothing'}; ends {format_facts(m.operator.delete)}"
        for m in group.members
    ]
    count = len(group.instances)
    head = (
        f"Skill {group.name}: path of the end-effector in {count} segments, "
        f"seen from {FRAMES[group.frame.kind]}"
    )
    return "\n".join([head, *changes])


def _draw_view(
    axes: Axes, traces: Sequence[_Trace], plane: tuple[int, int], colour: ScalarMappable
) -> None:
    alpha = float(np.clip(12 / len(traces), 0.25, 0.9))
    for trace in traces:
        points = trace.position[:, plane]
        lines = LineCollection(
            list(np.stack([points[:-1], points[1:]], axis=1)),
            colors=colour.to_rgba(trace.time_s[1:]),
            linewidths=1.2,
            alpha=alpha,
        )
        axes.add_collection(lines)
    _mark(axes, traces, plane)
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.06)
    axes.grid(color="#dddddd", linewidth=0.5)
    axes.set_axisbelow(True)


def _mark(axes: Axes, traces: Sequence[_Trace], plane: tuple[int, int]) -> None:
    marks = (
        ("start of a segment", [t.position[0] for t in traces], "o", START),
        ("facts change", [t.position[t.effect] for t in traces], "X", EFFECT),
        ("end of a segment", [t.position[-1] for t in traces], "s", END),
    )
    for label, positions, marker, face in marks:
        x, y = np.array(positions)[:, plane].T
        axes.scatter(x, y, s=22, c=face, marker=marker, label=label, zorder=3, **OUTLINE)


def _draw_things(top: Axes, side: Axes, group: SkillGroup, task: Task) -> None:
    """Outline of the thing that the frame belongs to, where its size is known."""
    name = group.instances[0].binding[group.frame.parameter]
    label = "the thing" if group.frame.kind == "object" else "the thing in its place"
    if name not in task.objects:
        for axes in (top, side):
            axes.plot(
                0, 0, "+", color=INK, markersize=10, markeredgewidth=2, label="origin of the frame"
            )
        return
    half = task.objects[name].half_extents_m
    for axes, second in ((top, 1), (side, 2)):
        corner, size = (-half[0], -half[second]), (2 * half[0], 2 * half[second])
        box = Rectangle(corner, *size, fill=False, edgecolor=INK, lw=1.5, label=label, zorder=4)
        axes.add_patch(box)


def _draw_gripper(axes: Axes, traces: Sequence[_Trace]) -> None:
    alpha = float(np.clip(12 / len(traces), 0.15, 0.9))
    for trace in traces:
        axes.plot(trace.time_s, trace.width_mm, color=START, linewidth=0.8, alpha=alpha)
    times_s, median = _median_width(traces)
    axes.plot(times_s, median, color=INK, linewidth=2, label="median")
    axes.axvline(0, color=EFFECT, linewidth=1, label="facts change")
    axes.set(xlabel="seconds from the change of facts", ylabel="gripper width in mm")
    axes.set_xlim(times_s[0], times_s[-1])
    axes.grid(color="#dddddd", linewidth=0.5)
    axes.legend(loc="best", fontsize=8)


def _median_width(traces: Sequence[_Trace]) -> tuple[Floats, Floats]:
    """Median width (K,) mm at times (K,) s that at least half of the segments reach."""
    low = float(np.median([t.time_s[0] for t in traces]))
    high = float(np.median([t.time_s[-1] for t in traces]))
    times_s = np.linspace(low, high, 100)
    widths = [np.interp(times_s, t.time_s, t.width_mm, left=np.nan, right=np.nan) for t in traces]
    return times_s, np.asarray(np.nanmedian(widths, axis=0))
