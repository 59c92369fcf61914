"""Videos -> demonstrations whose channels are an embedding of the picture and its flow."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.progress import Track, quiet
from robot_skills.segment.video import flow
from robot_skills.segment.video.clip import Clip, VideoConfig
from robot_skills.segment.video.encoder import Encoder, fit_encoder
from robot_skills.storage.clips import stream_frames

Images = NDArray[np.uint8]
Floats = NDArray[np.float64]

BATCH = 16  # pictures held at once


def embed_videos(
    clips: Sequence[Clip],
    rate_hz: float,
    config: VideoConfig = VideoConfig(),  # noqa: B008 - frozen, so sharing it is safe
    track: Track = quiet,
) -> list[Demonstration]:
    """A demonstration of each clip at `rate_hz`; each camera has its own encoder.

    Channels "<camera>/embedding" (T, E) and "<camera>/flow" (T, 6), see `flow_columns`. InputError
    when a clip cannot be read, or the network that `config` names cannot be had.
    """
    cameras = dict.fromkeys(clip.camera for clip in clips)
    encoders = {
        camera: fit_encoder([c for c in clips if c.camera == camera], config, track)
        for camera in cameras
    }
    return [
        embed_video(clip, rate_hz, encoders[clip.camera])
        for clip in track(clips, "watching videos")
    ]


def embed_video(clip: Clip, rate_hz: float, encoder: Encoder) -> Demonstration:
    """The demonstration of one clip; pictures are held for a moment only."""
    return watch_video(clip, rate_hz, encoder)[0]


def watch_video(
    clip: Clip, rate_hz: float, encoder: Encoder
) -> tuple[Demonstration, tuple[str, ...]]:
    """`embed_video`, and what had to be repaired in the clip, a sentence each."""
    embedded, moved = [], []
    frames = stream_frames(clip.path, rate_hz, _side_px(encoder))
    pictures = (image for _, image in frames)
    before: Images | None = None
    for batch in _batches(pictures):
        embedded.append(encoder.encode(batch))
        for image in batch:
            moved.append(flow.flow_columns(image if before is None else before, image))
            before = image
    channels = {
        f"{clip.camera}/embedding": Channel(
            np.concatenate(embedded), "", ChannelKind.EMBEDDING, clip.camera
        ),
        f"{clip.camera}/flow": Channel(
            np.stack(moved) * rate_hz, "1/s", ChannelKind.FLOW, clip.camera, flow.COLUMNS
        ),
    }
    demonstration = Demonstration(clip.name, rate_hz, channels, {clip.camera: clip.path})
    return demonstration, frames.notes


def _side_px(encoder: Encoder) -> int:
    return max(flow.SIDE_PX, encoder.look.side_px)


def _batches(pictures: Iterable[Images]) -> Iterator[Images]:
    held: list[Images] = []
    for picture in pictures:
        held.append(picture)
        if len(held) == BATCH:
            yield np.stack(held)
            held = []
    if held:
        yield np.stack(held)
