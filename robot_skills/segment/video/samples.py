"""A few pictures of many videos, in bounded memory."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.core.progress import Track, quiet
from robot_skills.segment.video.clip import Clip
from robot_skills.segment.video.eigenframes import square
from robot_skills.storage.clips import stream_frames

Images = NDArray[np.uint8]

CLIPS = 64  # looked at at most; more of the same teach little
PICTURES = 4000
RATE_HZ = 5.0  # neighbours in time are alike
READ_PX = 64


def sample_pictures(clips: Sequence[Clip], seed: int, track: Track = quiet) -> Images:
    """Pictures (N, side, side, 3) chosen by chance from clips chosen by chance, N <= PICTURES.

    Clips that cannot be read are passed over; InputError when none can.
    """
    rng = np.random.default_rng(seed)
    chosen = sorted(rng.permutation(len(clips))[:CLIPS])
    most = max(1, PICTURES // len(chosen))
    found: list[Images] = []
    errors: list[InputError] = []
    for index in track(chosen, "looking through videos"):
        try:
            found += _some_of(clips[index], most, rng)
        except InputError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    return np.stack(found)


def _some_of(clip: Clip, most: int, rng: np.random.Generator) -> list[Images]:
    """Reservoir sampling (Vitter, 1985): every picture has the same chance, `most` are held."""
    kept: list[Images] = []
    for number, (_, image) in enumerate(stream_frames(clip.path, RATE_HZ, READ_PX)):
        place = number if number < most else int(rng.integers(number + 1))
        if place < most:
            kept[place : place + 1] = [square(image)]
    return kept
