"""A few pictures of many videos, in bounded memory."""

from collections.abc import Sequence

import numpy as np

from robot_skills.core.errors import InputError
from robot_skills.core.progress import Track, quiet
from robot_skills.segment.video.clip import Clip
from robot_skills.segment.video.looks import Look, Rows
from robot_skills.storage.clips import stream_frames

CLIPS = 64  # looked at at most; more of the same teach little
RATE_HZ = 5.0  # neighbours in time are alike


def sample_rows(clips: Sequence[Clip], look: Look, seed: int, track: Track = quiet) -> Rows:
    """Rows (N, D) of pictures chosen by chance from clips chosen by chance.

    Clips that cannot be read are passed over; InputError when none can.
    """
    if not clips:
        raise InputError("no clips to learn an encoder from")
    rng = np.random.default_rng(seed)
    chosen = sorted(rng.permutation(len(clips))[:CLIPS])
    most = max(1, look.pictures // len(chosen))
    found: list[Rows] = []
    errors: list[InputError] = []
    for index in track(chosen, "looking through videos"):
        try:
            found += _some_of(clips[index], look, most, rng)
        except InputError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    return np.stack(found)


def _some_of(clip: Clip, look: Look, most: int, rng: np.random.Generator) -> list[Rows]:
    """Reservoir sampling (Vitter, 1985): every picture has the same chance, `most` are held."""
    kept: list[Rows] = []
    for number, (_, image) in enumerate(stream_frames(clip.path, RATE_HZ, look.side_px)):
        place = number if number < most else int(rng.integers(number + 1))
        if place < most:
            kept[place : place + 1] = [look.rows(image[None])[0]]
    return kept
