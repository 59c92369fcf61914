"""H.264 video in MP4: one frame a control step, written as it comes and read by frame number."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError

Images = NDArray[np.uint8]

CODEC = "libx264"
OPTIONS = {"crf": "23", "preset": "veryfast"}
KEYFRAME_PERIOD_S = 2.0  # how far back a random read has to start decoding
ONLY_THIS_FILE = {"protocol_whitelist": "file"}  # a playlist must not open anything else
STILL_FORMATS = ("image2", "tty")  # FFmpeg reads pictures and texts as videos of one frame
COVER = av.stream.Disposition.attached_pic
SIZE_TAG = "comment"  # the MP4 tag that keeps the true size of frames padded to even sides


class VideoWriter:
    """Streams RGB frames (height, width, 3) uint8, top-left origin, into an MP4 at `rate_hz`."""

    def __init__(self, path: Path, size: tuple[int, int], rate_hz: float) -> None:
        height, width = size
        self._path = path
        self._size = size
        self._pad = ((0, height % 2), (0, width % 2), (0, 0))  # yuv420p halves both sides
        self._container = av.open(str(path), "w", format="mp4")
        self._container.metadata[SIZE_TAG] = f"{width}x{height}"
        rate = Fraction(rate_hz).limit_denominator(1000)
        self._stream: Any = self._container.add_stream(CODEC, rate=rate, options=OPTIONS)
        self._stream.height = height + height % 2
        self._stream.width = width + width % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.thread_count = 1
        self._stream.codec_context.gop_size = max(1, round(KEYFRAME_PERIOD_S * rate_hz))
        self.frames = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, image: Images) -> None:
        """Append one frame; raises InputError for another size or type than announced."""
        if image.shape != (*self._size, 3) or image.dtype != np.uint8:
            raise InputError(
                f"{self._path.name}: a frame must be {(*self._size, 3)} uint8; "
                f"found {image.shape} {image.dtype}"
            )
        padded = np.pad(image, self._pad, mode="edge") if np.any(self._pad) else image
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(padded), format="rgb24")
        frame.pts = self.frames
        self._container.mux(self._stream.encode(frame))
        self.frames += 1

    def close(self) -> None:
        """Flush the encoder and write the index; may be called twice."""
        if self._stream is None:
            return
        if self.frames:
            self._container.mux(self._stream.encode())
        self._stream = None
        self._container.close()


def count_frames(path: Path) -> int:
    """Number of frames of a video; raises InputError when it is missing or damaged."""
    with open_video(path) as (container, stream):
        return int(stream.frames) or sum(1 for p in container.demux(stream) if p.size)


def read_frames(path: Path, indices: Sequence[int]) -> Images:
    """Frames (N, H, W, 3) uint8 RGB, top-left origin, at exactly these frame numbers.

    Decodes from the keyframe before each run of near numbers, so a few frames of a long video
    cost little. Raises InputError for a number outside the video or a damaged file.
    """
    wanted = sorted(set(indices))
    with open_video(path) as (container, stream):
        total = int(stream.frames)
        if wanted and (wanted[0] < 0 or (total and wanted[-1] >= total)):
            raise InputError(f"{path}: frames 0 to {total - 1}; asked for {[*indices]}")
        found = _decode(container, stream, wanted)
    missing = [index for index in wanted if index not in found]
    if missing:
        raise InputError(f"{path}: damaged, frames {missing} cannot be decoded")
    if not wanted:
        return np.zeros((0, 0, 0, 3), dtype=np.uint8)
    return np.stack([found[index] for index in indices])


def _decode(container: Any, stream: Any, wanted: list[int]) -> dict[int, Images]:
    found: dict[int, Images] = {}
    height, width = _true_size(container, stream)
    near = round(KEYFRAME_PERIOD_S * float(stream.average_rate))
    position = -near - 1  # before any frame: the first wanted one always seeks
    frames: Iterator[tuple[int, Any]] = iter(())
    for index in wanted:
        if index > position + near:
            frames = _frames_from(container, stream, index)
        for position, frame in frames:
            if position >= index:
                if position == index:
                    found[index] = frame.to_ndarray(format="rgb24")[:height, :width]
                break
    return found


def _frames_from(container: Any, stream: Any, index: int) -> Iterator[tuple[int, Any]]:
    """Numbered frames from the keyframe at or before `index` on."""
    start = stream.start_time or 0
    period = 1 / (stream.average_rate * stream.time_base)  # in units of the stream's time base
    container.seek(start + round(index * period), stream=stream)
    for frame in container.decode(stream):
        yield round((frame.pts - start) / period), frame


def _true_size(container: Any, stream: Any) -> tuple[int, int]:
    """Height and width before padding: from our tag when it fits the stream, else the stream's."""
    coded = (int(stream.height), int(stream.width))
    width, cross, height = container.metadata.get(SIZE_TAG, "").partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        return coded
    size = (int(height), int(width))
    fits = all(0 <= full - side <= 1 for full, side in zip(coded, size, strict=True))
    return size if fits else coded


@contextmanager
def open_video(path: Path) -> Iterator[tuple[Any, Any]]:
    """The PyAV container and its first moving picture, decoded by one thread.

    InputError when there is none: still pictures, covers of songs and texts are no video.
    """
    if not path.is_file():
        raise InputError(f"no video at {path}")
    try:
        with av.open(f"file:{path}", options=ONLY_THIS_FILE) as container:
            stream = _moving_picture(path, container)
            stream.codec_context.thread_count = 1
            yield container, stream
    except (av.error.FFmpegError, AttributeError, UnicodeError) as error:
        raise InputError(f"{path}: no readable video, perhaps cut short ({error})") from None


def _moving_picture(path: Path, container: Any) -> Any:
    still = container.format.name in STILL_FORMATS or container.format.name.endswith("_pipe")
    moving = [s for s in container.streams.video if not s.disposition & COVER]
    if moving and not still:
        return moving[0]
    found = "text or a still picture" if still else ", ".join(s.type for s in container.streams)
    raise InputError(f"{path}: no readable video in it; found {found or 'nothing'}")
