"""One HTML file a demonstration, to look at how it was cut: video, signals, surprise and cuts.

Nothing is loaded from anywhere, so the file can be sent to someone and opened from a disk.
"""

import base64
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from robot_skills.core.demonstration import Demonstration, Segment
from robot_skills.core.errors import InputError
from robot_skills.core.palette import ink_on, segment_colour, skill_colours
from robot_skills.segment.clocks.combined import video_start_s
from robot_skills.segment.segmenter import Segmentation
from robot_skills.segment.show import page_parts as parts
from robot_skills.segment.show.footage import small_clip, video_of
from robot_skills.segment.show.page_script import SCRIPT
from robot_skills.segment.show.page_style import STYLE
from robot_skills.segment.show.plots import plots
from robot_skills.storage.atomic import write_text
from robot_skills.storage.segments import SegmentTable

CLOSEST = 40  # how far one can zoom in


def write_page(
    file: Path,
    demonstration: Demonstration,
    found: Segmentation,
    truth_s: Sequence[float] = (),
    camera: str | None = None,
) -> None:
    """Write the page of one demonstration; `truth_s` are true boundaries in seconds, if known.

    With the video of `camera`, the first by default; without any video, the signals alone.
    InputError when `found` has no segment of it, or the video cannot be read.
    """
    pieces = found.of(demonstration.name)
    if not pieces:
        raise InputError(f"no segments of {demonstration.name} to show")
    colours = skill_colours(found.segments)
    film = _film(demonstration, pieces[-1].stop / demonstration.rate_hz, camera)
    body = "".join(_body(demonstration, found, colours, truth_s, film))
    write_text(file, _document(f"{demonstration.name}: {len(pieces)} segments", body))


def write_index(file: Path, table: SegmentTable, pages: Mapping[str, Path]) -> None:
    """Write a list of demonstrations, each with its strip and a link to its page in `pages`."""
    colours = skill_colours(table.segments)
    by_name: dict[str, list[Segment]] = {}
    for piece in table.segments:
        by_name.setdefault(piece.demonstration, []).append(piece)
    rows = "".join(
        _index_row(name, pieces, table.rate_hz[name], colours, _address(file, pages.get(name)))
        for name, pieces in by_name.items()
    )
    cuts = len(table.segments) - len(by_name)
    skipped = [f"skipped: {name}: {why}" for name, why in table.skipped.items()]
    head = "<tr><th>length</th><th>demonstration</th><th>cuts</th><th>segments</th></tr>"
    body = (
        f"<h1>{len(by_name)} demonstrations, {cuts} cuts</h1>"
        "<p>Each strip is one demonstration from start to end. Choose a name to see its signals "
        "and why it was cut.</p>"
        f"<table class='index'><thead>{head}</thead><tbody>{rows}</tbody></table>"
        f"<div class='below'>{parts.legend(table.segments, colours, False, marks=False)}</div>"
        f"{_notes([*table.notes, *skipped])}"
    )
    write_text(file, _document(f"{len(by_name)} demonstrations", body))


def _address(index: Path, page: Path | None) -> str:
    """Where `page` is, as seen from `index`."""
    if page is None:
        return ""
    return quote(Path(os.path.relpath(page, index.parent)).as_posix())


def _index_row(
    name: str, pieces: Sequence[Segment], rate_hz: float, colours: dict[str, str], address: str
) -> str:
    title = f"<a href='{escape(address)}'>{escape(name)}</a>" if address else escape(name)
    strip = parts.strip(pieces, rate_hz, colours)
    return (
        f"<tr><td>{pieces[-1].stop / rate_hz:.1f} s</td><td>{title}</td>"
        f"<td>{len(pieces) - 1}</td><td><div class='ministrip'>{strip}</div></td></tr>"
    )


def _document(title: str, body: str) -> str:
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _body(
    demonstration: Demonstration,
    found: Segmentation,
    colours: dict[str, str],
    truth_s: Sequence[float],
    film: str,
) -> Iterator[str]:
    pieces, rate_hz = found.of(demonstration.name), demonstration.rate_hz
    length_s = pieces[-1].stop / rate_hz
    yield f"<h1>{escape(demonstration.name)}</h1>"
    task = (
        f"&ldquo;{escape(demonstration.instruction)}&rdquo;. " if demonstration.instruction else ""
    )
    yield (
        f"<p>{task}{length_s:.1f} s, cut into {len(pieces)} segments. Move over the plots to see "
        "any moment, or choose a cut.</p>"
    )
    yield f"<div class='top{'' if film else ' bare'}'><div>{film}{_now(bool(film))}</div>"
    yield f"<div class='list'>{parts.table(pieces, rate_hz, colours)}</div></div>"
    yield (
        "<div class='scroll'><div class='tracks' id='tracks' tabindex='0' role='slider' "
        f"aria-label='time in seconds' aria-valuemin='0' aria-valuemax='{length_s:.2f}'>"
    )
    yield parts.row("ruler", "<b>time</b>", "<div id='ruler'></div>")
    yield parts.row("segments", "<b>segments</b>", parts.strip(pieces, rate_hz, colours))
    yield parts.row(
        "sure", "<b>cuts</b><span>as high as certain</span>", parts.certainty(pieces, rate_hz)
    )
    yield from (parts.plot_row(plot, length_s) for plot in plots(demonstration, found))
    over = parts.marks(pieces, rate_hz, truth_s)
    yield f"<div class='over' id='over'>{over}<div id='cursor'></div></div></div></div>"
    yield f"<div class='below'>{parts.legend(pieces, colours, bool(len(truth_s)))}</div>"
    yield _controls(bool(film))
    yield _notes([note for note in found.notes if note.startswith(f"{demonstration.name}:")])
    yield _data(pieces, rate_hz, colours)


def _film(demonstration: Demonstration, length_s: float, camera: str | None) -> str:
    video = video_of(demonstration, camera)
    if video is None:
        return ""
    coded = base64.b64encode(small_clip(video, length_s, video_start_s(demonstration))).decode()
    return (
        "<video id='film' muted playsinline preload='auto' "
        f"src='data:video/mp4;base64,{coded}'></video>"
    )


def _now(film: bool) -> str:
    button = "<button id='play' type='button'>play</button>" if film else ""
    return (
        f"<div class='now'>{button}<output id='time'></output><b class='chip' id='name'></b>"
        "<div id='span'></div><div id='said'></div></div>"
    )


def _controls(film: bool) -> str:
    play = "<span><kbd>space</kbd> play</span>" if film else ""
    return (
        "<div class='below'><label>zoom <input id='zoom' type='range' min='1' "
        f"max='{CLOSEST}' step='0.5' value='1'></label>{play}"
        "<span><kbd>&larr;</kbd> <kbd>&rarr;</kbd> a step, with <kbd>shift</kbd> a second</span>"
        "<span><kbd>p</kbd> <kbd>n</kbd> previous and next cut</span></div>"
    )


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return ""
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"<h2>Notes</h2><ul>{items}</ul>"


def _data(pieces: Sequence[Segment], rate_hz: float, colours: dict[str, str]) -> str:
    """What the script reads, where no text can end the element early; and the script."""
    document = {
        "length_s": pieces[-1].stop / rate_hz,
        "step_s": 1 / rate_hz,
        "segments": [
            _segment_data(pieces, number, rate_hz, colours) for number in range(len(pieces))
        ],
    }
    text = json.dumps(document).replace("<", "\\u003c")
    return f"<script type='application/json' id='data'>{text}</script><script>{SCRIPT}</script>"


def _segment_data(
    pieces: Sequence[Segment], number: int, rate_hz: float, colours: dict[str, str]
) -> dict[str, str | float]:
    piece = pieces[number]
    colour = segment_colour(piece, number, colours)
    return {
        "start_s": piece.start / rate_hz,
        "stop_s": piece.stop / rate_hz,
        "name": parts.shown(piece, number),
        "colour": colour,
        "ink": ink_on(colour),
        "said": parts.began(pieces, number, rate_hz),
    }
