"""Pictures that the demo and its report share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robot_skills.core.palette import COLOURS, ink_on

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from robot_skills.core.demonstration import Segment

    Image = NDArray[np.uint8]

TABLE_ROWS, TABLE_COLUMNS = (0.12, 0.97), (0.22, 0.82)  # shares of the front camera's image
WIDTH_INCH, DPI = 12.0, 100
HEIGHTS = {"film": 1.42, "segments": 0.5, "skills": 1.3, "plan": 0.75, "run": 1.42}
TITLES = {
    "film": "Record: whole tasks, without labels",
    "segments": "Segment: cut where the future is open; the same colour recurs as one skill",
    "skills": "Train: a policy a skill, with what it needs and brings about",
    "plan": "Plan: chain skills for a task that nobody demonstrated",
    "run": "Run: carry it out, watch it, retry and re-plan",
}


@dataclass(frozen=True)
class Chain:
    """What the picture of the chain shows; images (H, W, 3) uint8 RGB."""

    film: "Image"
    segments: "Sequence[Segment]"
    steps: int
    skills: Mapping[str, Sequence[str]]
    goal: str
    plan: Sequence[tuple[str, str]]
    run: "Image"


def save_png(path: Path, image: "Image") -> None:
    """Write an image (H, W, 3) uint8 RGB as PNG, whole or not at all."""
    from matplotlib.image import imsave

    from robot_skills.storage.atomic import new_file

    with new_file(path) as partial:
        imsave(partial, image, format="png")


def load_image(path: Path) -> "Image":
    """Read a picture as (H, W, 3) uint8 RGB."""
    import numpy as np
    from matplotlib.image import imread

    return np.asarray(np.round(255 * imread(path)[:, :, :3]), dtype=np.uint8)


def film_strip(frames: "Iterable[Image]") -> "Image":
    """Frames (H, W, 3) uint8 RGB side by side, cut down to where things happen."""
    import numpy as np

    cut = []
    for frame in frames:
        height, width = frame.shape[:2]
        rows = slice(round(TABLE_ROWS[0] * height), round(TABLE_ROWS[1] * height))
        columns = slice(round(TABLE_COLUMNS[0] * width), round(TABLE_COLUMNS[1] * width))
        cut.append(np.pad(frame[rows, columns], ((0, 0), (0, 2), (0, 0)), constant_values=255))
    return np.concatenate(cut, axis=1)


def colour_of(skill: str, skills: Sequence[str]) -> str:
    """The colour a skill has in every picture."""
    return COLOURS[list(skills).index(skill) % len(COLOURS)] if skill in skills else "#cccccc"


def draw_chain(path: Path, chain: Chain) -> None:
    """One picture of the whole chain, from recorded film to a task nobody showed."""
    import io

    import numpy as np
    from matplotlib.figure import Figure

    height = sum(HEIGHTS.values())
    figure = Figure(figsize=(WIDTH_INCH, height), dpi=DPI)
    axes = figure.subplots(
        len(HEIGHTS),
        1,
        height_ratios=list(HEIGHTS.values()),
        gridspec_kw={"left": 0.01, "right": 0.99, "top": 0.965, "bottom": 0.01, "hspace": 0.32},
    )
    panels = dict(zip(HEIGHTS, axes, strict=True))
    for name, panel in panels.items():
        panel.set_axis_off()
        panel.set_title(TITLES[name], loc="left", fontsize=11, fontweight="bold", pad=4)
    panels["film"].imshow(chain.film, aspect="auto")
    panels["run"].imshow(chain.run, aspect="auto")
    _draw_segments(panels["segments"], chain)
    _draw_skills(panels["skills"], chain)
    _draw_plan(panels["plan"], chain)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="rgba", facecolor="white")
    pixels = np.frombuffer(drawn.getvalue(), dtype=np.uint8)
    save_png(path, pixels.reshape(round(height * DPI), -1, 4)[:, :, :3])


def _draw_segments(panel: "Axes", chain: Chain) -> None:
    names = list(chain.skills)
    for piece in chain.segments:
        colour = colour_of(piece.skill, names)
        panel.barh(
            0, piece.steps, left=piece.start, height=1, color=colour, edgecolor="white", lw=2
        )
        middle = piece.start + piece.steps / 2
        ink = ink_on(colour)
        panel.text(middle, 0, piece.skill, ha="center", va="center", color=ink, fontsize=9)
    panel.set_xlim(0, chain.steps)
    panel.set_ylim(-0.5, 0.5)


def _draw_skills(panel: "Axes", chain: Chain) -> None:
    width = 1 / max(len(chain.skills), 1)
    for place, (name, lines) in enumerate(chain.skills.items()):
        colour = colour_of(name, list(chain.skills))
        _box(panel, (place * width, 0.0, 0.985 * width, 1.0), colour + "22", colour)
        left = place * width + 0.012
        panel.text(left, 0.93, name, va="top", fontsize=11, fontweight="bold", color=colour)
        panel.text(left, 0.70, "\n".join(lines), va="top", fontsize=7.5, linespacing=1.35)
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1)


def _draw_plan(panel: "Axes", chain: Chain) -> None:
    names = list(chain.skills)
    width = 1 / max(len(chain.plan) + 1, 2)
    for place, (step, skill) in enumerate([*chain.plan, (chain.goal.replace(") ", ")\n"), "")]):
        colour = colour_of(skill, names) if skill else "#333333"
        left = place * width
        _box(panel, (left, 0.1, 0.9 * width, 0.8), colour if skill else "#ffffff", colour)
        words = step.replace("(", "\n(", 1) if skill else f"goal\n{step}"
        ink = ink_on(colour) if skill else "#333333"
        panel.text(left + 0.45 * width, 0.5, words, ha="center", va="center", color=ink, fontsize=8)
        if skill:
            start, stop = (left + 0.9 * width, 0.5), (left + width, 0.5)
            panel.annotate("", stop, start, arrowprops={"arrowstyle": "->", "color": "#333333"})
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1)


def _box(
    panel: "Axes", corner_and_size: tuple[float, float, float, float], face: str, edge: str
) -> None:
    from matplotlib.patches import Rectangle

    left, bottom, width, height = corner_and_size
    box = Rectangle((left, bottom), width, height, facecolor=face, edgecolor=edge, clip_on=False)
    panel.add_patch(box)


def operator_lines(operators: Sequence[Any]) -> list[str]:
    """Each operator as two short lines: its name with types, and what it brings about."""
    from robot_skills.core.facts import format_facts

    lines = []
    for operator in operators:
        parameters = ", ".join(f"{p.name}: {p.type}" for p in operator.parameters)
        lines.append(f"{operator.name}({parameters})")
        lines.append(f"   -> {format_facts(operator.add)}   [{operator.support}]")
    return lines
