"""The recorded video with a strip below that shows what is being done and where it was cut."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Demonstration, Segment, SegmentRole
from robot_skills.core.errors import InputError
from robot_skills.core.palette import ink_on, rgb, segment_colour, skill_colours
from robot_skills.segment.clocks.combined import video_start_s
from robot_skills.segment.segmenter import Segmentation
from robot_skills.segment.show.explanation import reason, segment_words
from robot_skills.segment.show.footage import between, video_of
from robot_skills.storage.atomic import new_file
from robot_skills.storage.clips import stream_frames
from robot_skills.storage.video import VideoWriter

Images = NDArray[np.uint8]
Colour = tuple[int, int, int]

RATE_HZ = 30.0
WIDTH_PX, TALLEST_PX = 640, 720  # a video is enlarged or reduced to this
WINDOW_S = 30.0  # of the strip; a longer recording moves through it, above a thin one of the whole
TELL_S = 2.0  # how long a cut is told after it was passed
TEXT_PX, STRIP_PX, WHOLE_PX, GAP_PX = 64, 44, 10, 6
FONT, SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.55
PAPER, INK, FAINT, NOW = (18, 22, 27), (236, 239, 242), (150, 160, 170), (255, 90, 190)
HATCH_PX = 9


def write_strip(
    file: Path,
    demonstration: Demonstration,
    found: Segmentation,
    camera: str | None = None,
) -> None:
    """Write an MP4 of the video of `camera`, the first by default, above a strip of its segments.

    Frames pass one by one, so memory does not grow with the length. InputError when there is no
    video, it cannot be read, or `found` has no segment of the demonstration.
    """
    pieces, video = found.of(demonstration.name), video_of(demonstration, camera)
    if not pieces:
        raise InputError(f"no segments of {demonstration.name} to show")
    if video is None:
        raise InputError(f"{demonstration.name} has no video to put a strip below")
    strip = _Strip(pieces, demonstration.rate_hz, skill_colours(found.segments))
    rate_hz = min(RATE_HZ, demonstration.rate_hz)
    frames = _framed(strip, video, rate_hz, video_start_s(demonstration))
    first = next(frames)
    with new_file(file) as partial, VideoWriter(partial, first.shape[:2], rate_hz) as film:
        film.write(first)
        for image in frames:
            film.write(image)


def _framed(strip: "_Strip", video: Path, rate_hz: float, start_s: float) -> Iterator[Images]:
    frames = stream_frames(video, rate_hz, TALLEST_PX)
    for time_s, image in between(frames, start_s, strip.length_s):
        yield np.concatenate([_fitted(image), strip.below(time_s)])
    frames.close()


def _fitted(image: Images) -> Images:
    """The picture at the width of the strip, or between black sides when it is tall."""
    height, width = image.shape[:2]
    scale = min(WIDTH_PX / width, TALLEST_PX / height)
    size = (min(WIDTH_PX, round(width * scale)), round(height * scale))
    scaled = cv2.resize(
        image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    side = WIDTH_PX - size[0]
    return np.pad(scaled, ((0, 0), (side // 2, side - side // 2), (0, 0)))


@dataclass(frozen=True)
class _Strip:
    """Draws the segments of one demonstration at any moment."""

    pieces: Sequence[Segment]
    rate_hz: float
    colours: dict[str, str]

    @property
    def length_s(self) -> float:
        return self.pieces[-1].stop / self.rate_hz

    def below(self, time_s: float) -> Images:
        """Text, strip and, for long recordings, the whole below (height, WIDTH_PX, 3) uint8."""
        windowed = self.length_s > WINDOW_S
        height = TEXT_PX + STRIP_PX + GAP_PX + (WHOLE_PX + GAP_PX) * windowed
        canvas = np.full((height, WIDTH_PX, 3), PAPER, dtype=np.uint8)
        self._text(canvas[:TEXT_PX], time_s)
        start_s = min(max(time_s - WINDOW_S / 2, 0.0), max(self.length_s - WINDOW_S, 0.0))
        band = canvas[TEXT_PX : TEXT_PX + STRIP_PX]
        self._blocks(band, start_s, min(WINDOW_S, self.length_s), named=True)
        _mark_now(band, (time_s - start_s) / min(WINDOW_S, self.length_s))
        if windowed:
            whole = canvas[TEXT_PX + STRIP_PX + GAP_PX :][:WHOLE_PX]
            whole[:] = self._whole
            _mark_now(whole, time_s / self.length_s)
        return canvas

    @cached_property
    def _whole(self) -> Images:
        band = np.zeros((WHOLE_PX, WIDTH_PX, 3), dtype=np.uint8)
        self._blocks(band, 0.0, self.length_s, named=False)
        return band

    @cached_property
    def _starts(self) -> list[int]:
        return [piece.start for piece in self.pieces]

    def _text(self, area: Images, time_s: float) -> None:
        """When it is and what is being done; for a while after a cut, why it was made."""
        number = self._number(time_s)
        piece = self.pieces[number]
        colour = segment_colour(piece, number, self.colours)
        _write(area, f"{time_s:7.2f} s", (8, 24), INK)
        _chip(area, _name(piece, number), (120, 24), colour)
        since_s = time_s - piece.start / self.rate_hz
        if number and since_s < TELL_S:
            said = f"cut, {100 * piece.confidence:.0f} % sure: {reason(piece.cause)}"
            _write(area, said, (8, 52), NOW)
        else:
            span = f"{piece.start / self.rate_hz:.1f} to {piece.stop / self.rate_hz:.1f} s"
            _write(area, f"segment {number + 1} of {len(self.pieces)}, {span}", (8, 52), FAINT)

    def _number(self, time_s: float) -> int:
        """Which segment there is at a time."""
        return bisect_right(self._starts, time_s * self.rate_hz + 1e-6) - 1

    def _blocks(self, band: Images, start_s: float, span_s: float, named: bool) -> None:
        """Segments that are on screen from `start_s` on, and their cuts, onto a band."""

        def column(moment_s: float) -> int:
            return round((moment_s - start_s) / span_s * WIDTH_PX)

        shown = range(self._number(start_s), self._number(start_s + span_s) + 1)
        for number, piece in ((number, self.pieces[number]) for number in shown):
            left, right = column(piece.start / self.rate_hz), column(piece.stop / self.rate_hz)
            block = band[:, max(left, 0) : right]
            colour = segment_colour(piece, number, self.colours)
            block[:] = rgb(colour)
            _mark_role(block, piece)
            if named:
                _centre(block, _name(piece, number), rgb(ink_on(colour)))
            if number and left >= 0:
                tall = max(3, round(piece.confidence * len(band))) if named else len(band)
                band[len(band) - tall :, max(left - 2, 0) : left + 2] = PAPER


def _mark_now(band: Images, share: float) -> None:
    """The cursor, at a share of the width."""
    now = round(share * WIDTH_PX)
    band[:, max(now - 3, 0) : now + 4] = PAPER
    band[:, max(now - 1, 0) : now + 2] = NOW


def _name(piece: Segment, number: int) -> str:
    return segment_words(piece) or str(number + 1)


def _mark_role(block: Images, piece: Segment) -> None:
    """Idle stretches are hatched; another try has a double line on top."""
    if piece.role is SegmentRole.IDLE:
        rows, columns = np.indices(block.shape[:2])
        block[(rows + columns) % HATCH_PX < 2] = FAINT
    if piece.role is SegmentRole.REPETITION:
        block[1:3] = block[5:7] = INK


def _chip(area: Images, text: str, at: tuple[int, int], colour: str) -> None:
    """Text on a ground in the colour of its skill, as long as fits."""
    shown = _ascii(text)
    width = min(_width(shown), WIDTH_PX - at[0] - 16)
    area[at[1] - 18 : at[1] + 8, at[0] - 6 : at[0] + width + 6] = rgb(colour)
    _write(area[:, : at[0] + width], shown, at, rgb(ink_on(colour)))


def _centre(block: Images, text: str, colour: Colour) -> None:
    """Text in the middle of a block where it fits."""
    shown = _ascii(text)
    width = _width(shown)
    if width + 8 <= block.shape[1]:
        _write(block, shown, ((block.shape[1] - width) // 2, len(block) // 2 + 6), colour)


def _write(area: Images, text: str, at: tuple[int, int], colour: Colour) -> None:
    """Text from `at` on, smaller where it would not fit."""
    drawn, shown = np.ascontiguousarray(area), _ascii(text)
    scale = SCALE * min(1.0, (area.shape[1] - at[0]) / max(_width(shown), 1))
    cv2.putText(drawn, shown, at, FONT, scale, colour, 1, cv2.LINE_AA)
    area[:] = drawn


def _width(text: str) -> int:
    return int(cv2.getTextSize(text, FONT, SCALE, 1)[0][0])


def _ascii(text: str) -> str:
    """OpenCV's font knows no other letters."""
    return text.encode("ascii", "replace").decode()
