"""H.264 of bounded size in memory, quick to seek in: a film to put inside a page."""

import io
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]

CODEC = "libx264"
SEEK_S = 1.0  # from one frame that stands by itself to the next
BUFFER_SHARE = 0.05  # of the whole, by which the encoder may be ahead of its mean rate


def encode_small(
    frames: Iterable[Images], rate_hz: Fraction, length_s: float, limit_bytes: int
) -> bytes:
    """An MP4 of frames (H, W, 3) uint8 RGB at `rate_hz`, of about `limit_bytes` at most.

    `length_s` is how long all frames last together; odd sides lose a row or a column.
    """
    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as container:
        stream: Any = None
        for number, image in enumerate(frames):
            height, width = (side - side % 2 for side in image.shape[:2])
            if stream is None:
                stream = _stream(container, (height, width), rate_hz, length_s, limit_bytes)
            picture = np.ascontiguousarray(image[:height, :width])
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())
    return held.getvalue()


def _stream(
    container: Any, size: tuple[int, int], rate_hz: Fraction, length_s: float, limit_bytes: int
) -> Any:
    kilobits = 8 * limit_bytes / 1000
    options = {
        "crf": "28",
        "preset": "veryfast",
        "bf": "0",
        "maxrate": f"{max(1, round(kilobits * (1 - BUFFER_SHARE) / length_s))}k",
        "bufsize": f"{max(1, round(kilobits * BUFFER_SHARE))}k",
    }
    stream = container.add_stream(CODEC, rate=rate_hz, options=options)
    stream.height, stream.width = size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = 1
    stream.codec_context.gop_size = max(1, round(SEEK_S * rate_hz))
    return stream
