"""Pieces of the page of a demonstration as HTML; every word of a user is escaped."""

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from robot_skills.core.demonstration import Segment, SegmentRole
from robot_skills.core.palette import COLOURS, EXTRANEOUS, IDLE, ink_on, segment_colour
from robot_skills.segment.show.explanation import explain_cut, reason, segment_words
from robot_skills.segment.show.plots import Line, Plot

HEIGHT = 1000  # units of a plot's own axis, which the page stretches to fit
INK = "var(--ink)"


def strip(pieces: Sequence[Segment], rate_hz: float, colours: dict[str, str]) -> str:
    """The segments as blocks in the colours of their skills."""
    steps = pieces[-1].stop
    return "".join(
        f"<div class='piece {piece.role.value}' style='left:{100 * piece.start / steps:.3f}%;"
        f"width:{100 * piece.steps / steps:.3f}%;{painted(piece, number, colours)}' "
        f"title='{escape(_told(pieces, number, rate_hz))}'>{escape(shown(piece, number))}</div>"
        for number, piece in enumerate(pieces)
    )


def shown(piece: Segment, number: int) -> str:
    """What stands on a segment: its name, or its number where it has none."""
    if piece.role is SegmentRole.REPETITION:
        return piece.skill or str(number + 1)
    return segment_words(piece) or str(number + 1)


def painted(piece: Segment, number: int, colours: dict[str, str]) -> str:
    """Ground and ink of a segment, as CSS."""
    colour = segment_colour(piece, number, colours)
    return f"background-color:{colour};color:{ink_on(colour)}"


def _told(pieces: Sequence[Segment], number: int, rate_hz: float) -> str:
    piece = pieces[number]
    span = f"{piece.start / rate_hz:.2f} to {piece.stop / rate_hz:.2f} s"
    name = segment_words(piece) or f"segment {number + 1}"
    return f"{name}, {span}. {began(pieces, number, rate_hz)}"


def began(pieces: Sequence[Segment], number: int, rate_hz: float) -> str:
    """Why a segment begins where it does."""
    if number == 0:
        return "The recording starts here."
    said = explain_cut(pieces[number - 1], pieces[number], rate_hz)
    return f"Cut {said}.".replace("->", "\u2192")


def certainty(pieces: Sequence[Segment], rate_hz: float) -> str:
    """A bar a cut, as high as the cut is certain; each is a link to its moment."""
    steps = pieces[-1].stop
    return "".join(
        f"<a class='lone' tabindex='-1' href='#t={piece.start / rate_hz:.3f}' "
        f"style='left:{100 * piece.start / steps:.3f}%;height:{_height(piece):.0f}%' "
        f"title='{escape(began(pieces, number, rate_hz))}'></a>"
        for number, piece in enumerate(pieces)
        if number
    )


def _height(piece: Segment) -> float:
    return max(4.0, 100 * piece.confidence)


def marks(pieces: Sequence[Segment], rate_hz: float, truth_s: Sequence[float]) -> str:
    """Lines over every plot: cuts, paler where less certain, and true boundaries, dotted."""
    steps = pieces[-1].stop
    cuts = "".join(
        f"<i style='left:{100 * piece.start / steps:.3f}%;opacity:{_opacity(piece):.2f}'></i>"
        for piece in pieces[1:]
    )
    length_s = steps / rate_hz
    true = "".join(f"<u style='left:{100 * one / length_s:.3f}%'></u>" for one in truth_s)
    return cuts + true


def _opacity(piece: Segment) -> float:
    return 0.15 + 0.75 * min(max(piece.confidence, 0.0), 1.0)


def table(pieces: Sequence[Segment], rate_hz: float, colours: dict[str, str]) -> str:
    """The cuts as rows that can be clicked."""
    rows = "".join(
        f"<tr><td><a href='#t={piece.start / rate_hz:.3f}'>{piece.start / rate_hz:.2f} s</a></td>"
        f"<td><meter min='0' max='1' value='{piece.confidence:.3f}'></meter> "
        f"{100 * piece.confidence:.0f} %</td>"
        f"<td>{escape(reason(piece.cause))}</td>"
        f"<td>{_chip(pieces, number - 1, colours)} &rarr; "
        f"{_chip(pieces, number, colours)}</td></tr>"
        for number, piece in enumerate(pieces)
        if number
    )
    head = "<tr><th>cut at</th><th>certainty</th><th>because</th><th>from &rarr; to</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _chip(pieces: Sequence[Segment], number: int, colours: dict[str, str]) -> str:
    piece = pieces[number]
    style = painted(piece, number, colours)
    words = escape(shown(piece, number))
    return f"<span class='chip {piece.role.value}' style='{style}'>{words}</span>"


def row(kind: str, header: str, field: str) -> str:
    """A row of the tracks: what it is, and its field over time."""
    return (
        f"<div class='row {kind}'><header>{header}</header><div class='field'>{field}</div></div>"
    )


def plot_row(plot: Plot, length_s: float) -> str:
    """A plot with its lines, the keys to them, and the ends of its axis."""
    low, high = plot.low, plot.high
    spread = high - low or 1.0
    lines = "".join(
        _polyline(line, low, spread, length_s, colour)
        for line, colour in zip(plot.lines, _line_colours(plot), strict=True)
    )
    svg = f"<svg viewBox='0 0 {HEIGHT} {HEIGHT}' preserveAspectRatio='none'>{lines}</svg>"
    unit = escape(f" {plot.unit}") if plot.unit else ""
    least = 0.0 if abs(low) < spread / 100 else low
    ends = f"<em class='high'>{high:.3g}{unit}</em><em class='low'>{least:.3g}</em>"
    keys = "".join(
        f"<span><i style='background:{colour}'></i>{escape(line.label)}</span>"
        for line, colour in zip(plot.lines, _line_colours(plot), strict=True)
        if line.label
    )
    hint = f"<span>{escape(plot.hint)}</span>" if plot.hint else ""
    return row("plot", f"<b>{escape(plot.name)}</b>{hint}{keys}{ends}", svg)


def _line_colours(plot: Plot) -> list[str]:
    """Ink for the first curve, then colours that stand out by day and by night."""
    bright = (INK, *COLOURS[1:6])
    return [bright[index] for index in range(len(plot.lines))]


def _polyline(line: Line, low: float, spread: float, length_s: float, colour: str) -> str:
    across = np.round(HEIGHT * line.time_s / length_s, 1)
    down = np.round(HEIGHT * (1 - (line.values - low) / spread), 1)
    points = " ".join(f"{x:g},{y:g}" for x, y in zip(across, down, strict=True))
    return f"<polyline points='{points}' style='stroke:{colour}'/>"


def legend(
    pieces: Sequence[Segment], colours: dict[str, str], with_truth: bool, marks: bool = True
) -> str:
    """What the colours and the marks mean, those that are on the page."""
    items = [f"{_swatch('', colour)}{escape(name)}" for name, colour in _used(pieces, colours)]
    if not items:
        items.append("the segments are numbered: which of them are the same skill was not asked")
    roles = {piece.role for piece in pieces}
    if SegmentRole.IDLE in roles:
        items.append(f"{_swatch('idle', IDLE)}idle: nothing happens")
    if SegmentRole.EXTRANEOUS in roles:
        items.append(f"{_swatch('', EXTRANEOUS)}extraneous: belongs to no skill")
    if SegmentRole.REPETITION in roles:
        items.append(f"{_swatch('repetition', COLOURS[0])}&#8635; another try of the one before")
    if marks:
        items.append("<span class='mark cut'></span>cut; the paler, the less certain")
        items.append("<span class='mark cursor'></span>now")
    if with_truth:
        items.append("<span class='mark true'></span>true boundary")
    return "".join(f"<span>{item}</span>" for item in items)


def _used(pieces: Sequence[Segment], colours: dict[str, str]) -> Iterable[tuple[str, str]]:
    names = {piece.skill for piece in pieces}
    return ((name, colour) for name, colour in colours.items() if name in names)


def _swatch(kind: str, colour: str) -> str:
    return f"<span class='mark {kind}' style='background-color:{colour}'></span>"
