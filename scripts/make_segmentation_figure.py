"""Draws docs/images/segmentation.png from docs/results/segmentation.json.

    python scripts/make_segmentation_figure.py [--results FILE] [--out FILE]

One panel a set: F1 of every way of cutting with its 95 % interval. Full dots were not told how
many boundaries there are; hollow ones were.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from results import RESULTS, ROOT, read_results
from segmentation_ways import DEFAULT, TOLD

OUT = ROOT / "docs" / "images" / "segmentation.png"
TITLES = {
    "mean": "mean of the next four",
    "long_horizon": "long pick-and-place\nand nut assembly",
    "peeling": "peeling, two arms",
    "rim": "wiping a rim",
    "fender": "wiping a fender",
    "adroit_door": "opening a door\nwith a hand",
    "g1_pick": "humanoid,\npicking a bottle",
    "baxter_kitting": "kitting,\nskills joined",
    "scripted": "scripted blocks",
    "scripted_no_objects": "scripted blocks,\narm alone",
    "long_horizon_no_objects": "long pick-and-place,\nobjects not seen",
    "peeling_no_wrench": "peeling,\nforce not felt",
    "rim_no_wrench": "wiping a rim,\nforce not felt",
    "video_scripted": "scripted blocks,\nvideo alone",
    "video_g1": "humanoid,\nvideo alone",
}
NOTHING_TO_COMPARE = ("video_scripted_arm",)  # no baseline cut these
HEADLINE = (
    "Do the cuts fall where another skill begins? F1 of the boundaries, 1 is perfect, "
    "with 95 % intervals"
)
OURS, OTHERS = "#c8401f", "#4a5a6a"
COLUMNS = 5
SIZE_IN = (2.3, 4.2)  # of a panel
LEFT_IN, EDGE_IN = 1.3, 0.25

Cell = Mapping[str, Any]  # a figure as results keep it
Panels = dict[str, dict[str, Cell]]


@dataclass(frozen=True)
class Draw:
    """Draw the F1 of every way of cutting on every set."""

    results: Path = RESULTS / "segmentation.json"
    """What to draw."""

    out: Path = OUT
    """Where to."""

    def run(self) -> None:
        """Draw and save."""
        panels = read_panels(read_results(self.results)["figures"])
        self.out.parent.mkdir(parents=True, exist_ok=True)
        draw(panels).savefig(self.out, dpi=110)
        print(f"wrote {self.out}")


def read_panels(figures: Mapping[str, Cell]) -> Panels:
    """Figures by panel and way: the mean first, then the sets in the order of TITLES."""
    panels: Panels = {name: {} for name in TITLES}
    for name, figure in figures.items():
        group, _, rest = name.partition("/")
        if group == "mean_f1" and rest:
            panels["mean"][rest] = figure
        elif group == "f1" and rest.count("/") == 1:
            panel, way = rest.split("/")
            if panel in NOTHING_TO_COMPARE:
                continue
            panels.setdefault(panel, {})[way] = figure
    return {name: cells for name, cells in panels.items() if cells}


def draw(panels: Panels) -> Figure:
    """The picture; ValueError when there is nothing to draw."""
    if not panels:
        raise ValueError("no figures named f1/<set>/<way>: run scripts/bench_segmentation.py")
    ways = order(panels)
    rows = -(-len(panels) // COLUMNS)
    columns = min(COLUMNS, len(panels))
    width, height = LEFT_IN + columns * SIZE_IN[0] + EDGE_IN, rows * SIZE_IN[1] + 0.8
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flatten()
    for panel, (name, cells) in zip(axes, panels.items(), strict=False):
        _draw_panel(panel, name, cells, ways)
    for empty in axes[len(panels) :]:
        empty.set_axis_off()
    figure.suptitle(HEADLINE, fontsize=12)
    figure.legend(handles=_legend(), loc="outside lower center", ncols=3, frameon=False)
    return figure


def order(panels: Panels) -> list[str]:
    """Ways from the best to the worst of the first panel, the default on top."""
    names = dict.fromkeys(way.removesuffix(TOLD) for cells in panels.values() for way in cells)
    first = next(iter(panels.values()))

    def quality(way: str) -> tuple[bool, float]:
        values = [first[w]["value"] for w in (way, way + TOLD) if w in first]
        return way == DEFAULT, max(values, default=0.0)

    return sorted(names, key=quality)


def _draw_panel(axes: Axes, name: str, cells: Mapping[str, Cell], ways: Sequence[str]) -> None:
    for height, way in enumerate(ways):
        colour = OURS if way == DEFAULT else OTHERS
        if way in cells:
            _draw_dot(axes, cells[way], height + 0.13, colour, full=True)
        if way + TOLD in cells:
            _draw_dot(axes, cells[way + TOLD], height - 0.13, colour, full=False)
    if DEFAULT in cells:
        axes.axvline(cells[DEFAULT]["value"], color=OURS, linewidth=0.8, alpha=0.4)
    axes.set_title(_title(name, cells), fontsize=9)
    axes.set_yticks(range(len(ways)), [_label(way) for way in ways], fontsize=9)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.tick_params(labelbottom=True, length=0)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _draw_dot(axes: Axes, cell: Cell, height: float, colour: str, full: bool) -> None:
    axes.plot([cell["low"], cell["high"]], [height] * 2, color=colour, linewidth=1.2, alpha=0.6)
    face = colour if full else "white"
    axes.plot(cell["value"], height, "o", color=colour, markerfacecolor=face, markersize=5)


def _title(name: str, cells: Mapping[str, Cell]) -> str:
    title = TITLES.get(name, name.replace("_", " "))
    any_cell = next(iter(cells.values()))
    if name == "mean":
        return title
    return f"{title}\n{any_cell['n']} boundaries, within {any_cell['unit'].partition('@')[2]}"


def _label(way: str) -> str:
    return f"{way} (default)" if way == DEFAULT else way


def _legend() -> list[Line2D]:
    kinds = [
        ("number of boundaries not told", OTHERS, OTHERS),
        ("told the true number of boundaries", OTHERS, "white"),
        ("the default, not told", OURS, OURS),
    ]
    return [
        Line2D([], [], marker="o", linestyle="-", color=c, markerfacecolor=face, label=label)
        for label, c, face in kinds
    ]


if __name__ == "__main__":
    tyro.cli(Draw).run()
