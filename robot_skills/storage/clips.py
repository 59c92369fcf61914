"""Any video a person may bring: what it is, and its frames at one rate, upright, as they come.

MP4, MOV, MKV, WebM, AVI and what else FFmpeg reads; only the frames around one moment are held.
"""

import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.storage.frame_clock import RESTART_S, FrameClock
from robot_skills.storage.orientation import Orientation
from robot_skills.storage.video import open_video

Images = NDArray[np.uint8]
Floats = NDArray[np.float64]

VIDEO_ENDINGS = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg"),
    *(".mpeg", ".mts", ".m2ts", ".wmv", ".flv", ".3gp", ".ogv"),
)
USUAL_RATE_HZ = 30.0  # where a file tells no rate
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 0.1, 1000.0  # what a camera can have; files tell nonsense too
DAMAGED = "damaged frames left out, the picture standing still there"
STRETCHED = "its pictures change size on the way; all were brought to the first one's"
STRICT = {"err_detect": "explode"}  # else a decoder paints over damage and says nothing
ROUNDING_S = 1e-3  # MKV and WebM keep whole milliseconds
CUT_SHORT_S = 0.25  # what the end of a whole file may lack: rounding, one long frame
CUT_SHORT_PERIODS = 3
VARIABLE_STEP = 0.25  # a step that differs by more from the usual one is irregular
VARIABLE_SHARE = 0.01  # a dropped frame now and then does not make a rate variable
TOLD_RATE_IS_RIGHT = 1e-3  # the mean step of a short file is rounded
_CLOCK_TIME = re.compile(r"(\d+):(\d+):(\d+\.?\d*)")


@dataclass(frozen=True)
class VideoFacts:
    """What a video is: upright size in pixels, frames stored, seconds from first to last shown."""

    path: Path
    width: int
    height: int
    codec: str
    frames: int
    duration_s: float
    rate_hz: float
    variable_rate: bool
    rotation_deg: int
    notes: tuple[str, ...]


def is_video(path: Path) -> bool:
    """Whether the name ends as a video's does."""
    return path.suffix.lower() in VIDEO_ENDINGS


def probe_video(path: Path) -> VideoFacts:
    """Facts of a video from its time stamps and its first picture, the rest left undecoded.

    InputError when it is no video or nothing in it can be decoded.
    """
    first = stream_frames(path, USUAL_RATE_HZ)
    next(first)
    first.close()
    with open_video(path) as (container, video):
        stamps = _packet_stamps(container, video)
        times_s, repairs = _display_times(stamps, video)
        if not len(times_s):
            raise InputError(f"{path}: none of its pictures is whole")
        period_s, variable = _usual_period(times_s, video)
        duration_s = float(times_s[-1]) + period_s
        cut_short = _cut_short(_told_duration_s(container, video), duration_s, period_s)
        width, height = first.orientation.upright_size(video.width, video.height)
        return VideoFacts(
            path,
            width,
            height,
            str(video.codec_context.codec.canonical_name),
            len(stamps),
            duration_s,
            1.0 / period_s,
            variable,
            first.orientation.rotation_deg,
            (*first.orientation.notes, *repairs, *cut_short),
        )


def stream_frames(path: Path, rate_hz: float, side_px: int | None = None) -> "FrameStream":
    """Frames of any video at `rate_hz`: pairs of k / rate_hz s and the picture shown then.

    Pictures (H, W, 3) uint8 RGB, upright, the longer side brought to `side_px` where it is given
    and smaller. The stream's `notes` tell after the last frame what was repaired. InputError, at
    the first frame, when the file is no video or nothing in it can be decoded. Damage is noticed
    as far as the codec lets it: H.264, HEVC and MPEG-4 nearly always, VP9 and AV1 when a header
    is hit.
    """
    if not rate_hz > 0:
        raise InputError(f"rate_hz must be positive; found {rate_hz}")
    if side_px is not None and side_px < 1:
        raise InputError(f"side_px must be at least 1; found {side_px}")
    return FrameStream(path, rate_hz, side_px)


class FrameStream(Iterator[tuple[float, Images]]):
    """The pairs `stream_frames` describes; `notes` and `orientation` are filled on the way."""

    def __init__(self, path: Path, rate_hz: float, side_px: int | None) -> None:
        self.orientation = Orientation()
        self._path = path
        self._rate_hz = rate_hz
        self._side_px = side_px
        self._clock = FrameClock(Fraction(1), 1.0)
        self._lost = 0
        self._stretched = False
        self._cut_short: tuple[str, ...] = ()
        self._pairs = self._sampled()

    def __next__(self) -> tuple[float, Images]:
        return next(self._pairs)

    def close(self) -> None:
        """Close the file before the last frame."""
        self._pairs.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was repaired so far, a sentence each."""
        lost = (f"{DAMAGED}: {self._lost}",) if self._lost else ()
        stretched = (STRETCHED,) * self._stretched
        return (*self.orientation.notes, *self._clock.notes(), *lost, *stretched, *self._cut_short)

    def _sampled(self) -> Generator[tuple[float, Images], None, None]:
        """One pair a tick: the frame that has appeared by then and is not yet replaced."""
        tick = 0
        painter: _Painter | None = None
        for stop_s, frame in self._spans():
            if painter is None:
                self.orientation = Orientation.of_frame(frame)
                painter = _Painter(frame, self.orientation, self._side_px)
            image = None
            while tick == 0 or tick / self._rate_hz < stop_s - ROUNDING_S:
                image = painter.paint(frame) if image is None else image
                self._stretched = painter.stretched
                yield tick / self._rate_hz, image
                tick += 1
        if painter is None:
            raise InputError(f"{self._path}: none of its pictures can be decoded")

    def _spans(self) -> Iterator[tuple[float, Any]]:
        """Each frame with the time (s) at which it leaves the screen."""
        with open_video(self._path) as (container, stream):
            period_s = 1.0 / _told_rate_hz(stream)
            self._clock = FrameClock(stream.time_base, period_s)
            shown, shown_s = None, 0.0
            for stamp, frame in _stamped(container, self._intact(container, stream)):
                time_s = self._clock.time_s(stamp)
                if time_s is None:
                    continue
                if shown is not None and time_s > shown_s:
                    yield time_s, shown
                shown, shown_s = frame, time_s
            if shown is None:
                return
            stop_s = shown_s + max(period_s, float((shown.duration or 0) * stream.time_base))
            told_s = _told_duration_s(container, stream)
            self._cut_short = _cut_short(told_s, stop_s, period_s)
            yield stop_s, shown

    def _intact(self, container: Any, stream: Any) -> Iterator[Any]:
        """Decoded frames; after damage the next one that stands by itself follows."""
        waiting = False
        stream.codec_context.options = STRICT
        for packet in _packets(container, stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self._lost += 1
                waiting = True
                continue
            for frame in frames:
                waiting = frame.is_corrupt or (waiting and not frame.key_frame)
                if waiting:
                    self._lost += 1
                else:
                    yield frame


class _Painter:
    """Decoded frames -> upright RGB pictures, all of one size."""

    def __init__(self, first: Any, orientation: Orientation, side_px: int | None) -> None:
        self.stretched = False
        self._first = (first.width, first.height)
        longer = max(self._first)
        scale = 1.0 if side_px is None else min(1.0, side_px / longer)
        self._size = {
            "width": max(1, round(first.width * scale)),
            "height": max(1, round(first.height * scale)),
        }
        self._orientation = orientation
        self._scaler = VideoReformatter()

    def paint(self, frame: Any) -> Images:
        """Picture (H, W, 3) uint8 of a frame; a smaller one averages over what it covers."""
        self.stretched = self.stretched or (frame.width, frame.height) != self._first
        small = self._scaler.reformat(
            frame, **self._size, format="rgb24", interpolation="AREA", threads=1
        )
        return self._orientation.upright(np.asarray(small.to_ndarray(), dtype=np.uint8))


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """Packets up to where the file can no longer be read; the last one empties the decoder."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:
            packet = None
        if packet is None:
            return
        yield packet


def _stamped(container: Any, frames: Iterable[Any]) -> Iterator[tuple[int | None, Any]]:
    """Frames with their time stamps; AVI has none for what B-frames delay, only an order."""
    by_order = container.format.name == "avi"
    last = -1
    for frame in frames:
        if by_order:
            last = last + 1 if frame.dts is None else max(frame.dts, last + 1)
        yield last if by_order else frame.pts, frame


def _packet_stamps(container: Any, stream: Any) -> list[int | None]:
    return [
        packet.dts if packet.pts is None else packet.pts
        for packet in _packets(container, stream)
        if packet.size and not packet.is_corrupt
    ]


def _display_times(stamps: list[int | None], stream: Any) -> tuple[Floats, tuple[str, ...]]:
    """Times (N,) s at which stored frames appear, and what was repaired in them."""
    clock = FrameClock(stream.time_base, 1.0 / _told_rate_hz(stream))
    times_s = [clock.time_s(stamp) for stamp in _in_display_order(stamps, stream.time_base)]
    return np.array([time_s for time_s in times_s if time_s is not None]), clock.notes()


def _in_display_order(stamps: list[int | None], time_base: Fraction) -> Iterator[int | None]:
    """Stamps of packets as their frames appear: sorted, but not across a clock that restarted."""
    run: list[int] = []
    for stamp in stamps:
        if stamp is None:
            yield None
            continue
        if run and (stamp - max(run[-16:])) * time_base < -RESTART_S:
            yield from sorted(run)
            run = []
        run.append(stamp)
    yield from sorted(run)


def _told_rate_hz(stream: Any) -> float:
    """Frames a second as the file tells; the usual rate where it tells none or nonsense."""
    rate_hz = float(stream.guessed_rate or stream.average_rate or USUAL_RATE_HZ)
    return rate_hz if LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ else USUAL_RATE_HZ


def _usual_period(times_s: Floats, stream: Any) -> tuple[float, bool]:
    """Seconds from frame to frame, and whether they vary."""
    steps_s = np.diff(times_s)
    if not np.any(steps_s > 0):
        return 1.0 / _told_rate_hz(stream), False
    usual_s = float(np.median(steps_s[steps_s > 0]))
    off = np.abs(steps_s - usual_s) > max(VARIABLE_STEP * usual_s, ROUNDING_S)
    variable = bool(np.mean(off) > VARIABLE_SHARE)
    mean_s = float(np.mean(steps_s))
    as_told = abs(mean_s * _told_rate_hz(stream) - 1.0) < TOLD_RATE_IS_RIGHT
    told_or_mean_s = 1.0 / _told_rate_hz(stream) if as_told else mean_s
    return (usual_s if variable else told_or_mean_s), variable


def _told_duration_s(container: Any, stream: Any) -> float | None:
    """Seconds the file says its pictures last; None where it doesn't say or only guesses."""
    if container.format.name == "avi":
        return stream.frames / _told_rate_hz(stream) if stream.frames else None
    if stream.duration and container.format.name.startswith("mov"):
        return float(stream.duration * stream.time_base)
    if not container.format.name.startswith("matroska"):
        return None
    if tag := _CLOCK_TIME.match(stream.metadata.get("DURATION", "")):
        return int(tag[1]) * 3600 + int(tag[2]) * 60 + float(tag[3])
    alone = len(container.streams) == 1 and container.duration
    return container.duration / av.time_base if alone else None


def _cut_short(told_s: float | None, found_s: float, period_s: float) -> tuple[str, ...]:
    slack_s = max(CUT_SHORT_S, CUT_SHORT_PERIODS * period_s)
    if told_s is None or found_s >= told_s - slack_s:
        return ()
    return (
        f"breaks off at {found_s:.1f} s of the {told_s:.1f} s it should last; "
        f"the last {told_s - found_s:.1f} s are lost",
    )
