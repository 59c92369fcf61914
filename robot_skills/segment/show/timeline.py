"""A picture of one demonstration: what moved, how open the future was, and where it was cut."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from robot_skills.core.demonstration import Segment, SegmentRole
from robot_skills.core.palette import COLOURS, ink_on, segment_colour, skill_colours
from robot_skills.segment.predict.surprise import Surprise
from robot_skills.segment.segmenter import Segmentation
from robot_skills.segment.show.explanation import segment_words, signal_words
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals

Images = NDArray[np.uint8]
ReadFrames = Callable[[Sequence[int]], Images]

THUMBNAILS = 10
WIDTH, HEAD, FOOT = 12.0, 0.45, 0.5  # inches
CUT, TRUTH, INK = "#b3007d", "#1a7f37", "#333333"
NAMED_FROM, LABELLED_FROM = 0.03, 0.1  # shares of the width that a name or a cause needs
CUT_LABEL: dict[str, Any] = {"color": CUT, "fontsize": 7}


def draw_timeline(
    segmentation: Segmentation,
    demonstration: str,
    read_frames: ReadFrames | None = None,
    truth_s: Sequence[float] = (),
) -> Figure:
    """Timeline of one demonstration against seconds.

    `read_frames` gives images (N, H, W, 3) uint8 RGB at control steps, for thumbnails; `truth_s`
    true boundaries, drawn as triangles.
    """
    signals = segmentation.signals[demonstration]
    surprise = segmentation.surprise.get(demonstration)
    pieces = segmentation.of(demonstration)
    rows = _rows(read_frames is not None, bool(signals.gripper.size), surprise is not None)
    height = HEAD + sum(rows.values()) + FOOT
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.subplots(
        len(rows),
        1,
        sharex=True,
        height_ratios=list(rows.values()),
        gridspec_kw={
            "left": 0.1,
            "right": 0.86,
            "top": 1 - HEAD / height,
            "bottom": FOOT / height,
        },
    )
    panels = dict(zip(rows, np.atleast_1d(axes), strict=True))
    if read_frames is not None:
        _draw_thumbnails(panels["film"], signals, read_frames)
    colours = skill_colours(segmentation.segments)
    _draw_segments(panels["segments"], pieces, signals.rate_hz, colours)
    panels["segments"].plot(truth_s, np.full(len(truth_s), -0.52), "^", color=TRUTH, clip_on=False)
    _draw_speed(panels["speed"], signals)
    if "gripper" in panels:
        _draw_gripper(panels["gripper"], signals)
    if surprise is not None:
        _draw_surprise(panels["surprise"], surprise)
    for name, panel in panels.items():
        if name not in ("film", "segments"):
            _mark_cuts(panel, pieces, signals.rate_hz, truth_s)
    last = list(panels.values())[-1]
    last.set_xlabel("time in s")
    last.set_xlim(0, signals.steps / signals.rate_hz)
    figure.suptitle(
        _title(demonstration, pieces, bool(len(truth_s))), fontsize=11, x=0.01, ha="left"
    )
    return figure


def _rows(film: bool, gripper: bool, surprise: bool) -> dict[str, float]:
    """Panels from top to bottom with their heights in inches."""
    rows = {"film": 1.0} if film else {}
    rows |= {"segments": 0.7, "speed": 1.3}
    rows |= {"gripper": 0.7} if gripper else {}
    return rows | ({"surprise": 1.8} if surprise else {})


def _title(demonstration: str, pieces: Sequence[Segment], with_truth: bool) -> str:
    legend = "lines: cuts, the paler the less certain, with the signal that caused them"
    truth = "; green triangles: true changes of behaviour" if with_truth else ""
    return f"{demonstration}: {len(pieces)} segments   ({legend}{truth})"


def _draw_thumbnails(panel: Axes, signals: Signals, read_frames: ReadFrames) -> None:
    centres = (np.arange(THUMBNAILS) + 0.5) / THUMBNAILS
    steps = [int(centre * signals.steps) for centre in centres]
    duration_s = signals.steps / signals.rate_hz
    for place, image in enumerate(read_frames(steps)):
        inset = panel.inset_axes((place / THUMBNAILS, 0.0, 0.98 / THUMBNAILS, 1.0))
        inset.imshow(image, aspect="equal")
        inset.set_axis_off()
    panel.set_xlim(0, duration_s)
    panel.set_axis_off()


def _draw_segments(
    panel: Axes, pieces: Sequence[Segment], rate_hz: float, colours: dict[str, str]
) -> None:
    for number, piece in enumerate(pieces):
        start_s, length_s = piece.start / rate_hz, piece.steps / rate_hz
        colour = segment_colour(piece, number, colours)
        panel.barh(0, length_s, left=start_s, color=colour, **_edge(piece))
        if piece.steps > NAMED_FROM * pieces[-1].stop:
            name = segment_words(piece) or str(number + 1)
            middle_s = start_s + length_s / 2
            panel.text(
                *(middle_s, 0, name), ha="center", va="center", color=ink_on(colour), clip_on=True
            )
    for piece in _spaced(pieces[1:], LABELLED_FROM * pieces[-1].stop):
        text = f"{signal_words(piece.cause)} {100 * piece.confidence:.0f} %"
        panel.text(piece.start / rate_hz, 0.5, text, ha="center", va="bottom", **CUT_LABEL)
    panel.set_ylim(-0.6, 0.9)
    panel.set_ylabel("segments", rotation=0, ha="right", va="center")
    panel.set_yticks([])
    panel.spines[:].set_visible(False)


def _spaced(pieces: Sequence[Segment], distance: float) -> Iterator[Segment]:
    """Pieces whose starts leave room for a label each; the surer of two neighbours has it."""
    kept: list[Segment] = []
    for piece in sorted(pieces, key=lambda one: -one.confidence):
        if all(abs(piece.start - one.start) >= distance for one in kept):
            kept.append(piece)
            yield piece


def _edge(piece: Segment) -> dict[str, Any]:
    """Idle stretches are hatched with lines, another try with dots."""
    hatch = {SegmentRole.IDLE: "///", SegmentRole.REPETITION: ".."}.get(piece.role)
    return {"edgecolor": "#777777" if piece.role is SegmentRole.IDLE else "w", "hatch": hatch}


def _draw_speed(panel: Axes, signals: Signals) -> None:
    time_s = np.arange(signals.samples) / SIGNAL_RATE_HZ
    hand = signals.velocity[:, :3]
    panel.plot(time_s, np.linalg.norm(hand, axis=1), color=INK, label="speed")
    if signals.path.shape[1] == 3 and signals.turn.shape[1]:
        panel.plot(time_s, hand[:, 2], color=COLOURS[0], label="upward")
    panel.axhline(0, color="#cccccc", linewidth=0.8, zorder=0)
    _finish(panel, "hand\nm/s" if signals.turn.shape[1] else "speed")


def _draw_gripper(panel: Axes, signals: Signals) -> None:
    time_s = np.arange(signals.samples) / SIGNAL_RATE_HZ
    for number, column in enumerate(signals.gripper.T):
        panel.plot(
            time_s,
            column,
            color=COLOURS[number % len(COLOURS)],
            label="opening" if not number else None,
        )
    panel.set_ylim(-0.15, 1.15)
    panel.set_yticks([0, 1], ["closed", "open"])
    _finish(panel, "gripper")


def _draw_surprise(panel: Axes, surprise: Surprise) -> None:
    time_s = np.arange(len(surprise.total)) / SIGNAL_RATE_HZ
    total = surprise.total - surprise.total.min()
    panel.fill_between(time_s, total, color="#dddddd")
    panel.plot(time_s, total, color=INK, label="surprise (nats)")
    strongest = sorted(surprise.by_cause, key=lambda cause: -np.ptp(surprise.by_cause[cause]))
    for number, cause in enumerate(strongest[:3]):
        values = surprise.by_cause[cause]
        label = f"from {signal_words(cause)}"
        panel.plot(time_s, values - values.min(), color=COLOURS[number], lw=0.9, label=label)
    _finish(panel, "surprise")


def _finish(panel: Axes, name: str) -> None:
    panel.set_ylabel(name, rotation=0, ha="right", va="center")
    panel.tick_params(labelsize=7)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=7, frameon=False)


def _mark_cuts(
    panel: Axes, pieces: Sequence[Segment], rate_hz: float, truth_s: Sequence[float]
) -> None:
    for piece in pieces[1:]:
        sure = min(max(piece.confidence, 0.0), 1.0)
        panel.axvline(piece.start / rate_hz, color=CUT, linewidth=1.2, alpha=0.2 + 0.8 * sure)
    for moment_s in truth_s:
        panel.axvline(moment_s, color=TRUTH, linewidth=0.8, linestyle=":")
