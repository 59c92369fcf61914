"""A few numbers for each picture, learned from a user's own clips and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

from robot_skills.core.progress import Track, quiet
from robot_skills.segment.video.clip import OWN, Clip, VideoConfig
from robot_skills.segment.video.looks import Look, Rows, Thumbnail
from robot_skills.segment.video.network import load_network
from robot_skills.segment.video.samples import sample_rows

Images = NDArray[np.uint8]
Floats = NDArray[np.float64]

FAINTEST = 1e-4  # of a column's range: what varies less is rounding


@dataclass(frozen=True)
class Encoder:
    """Where a picture lies along the main directions (E, D) in which rows leave their mean (D,).

    A camera that stands still has the background for a mean. Source: Turk and Pentland,
    "Eigenfaces for recognition", Journal of Cognitive Neuroscience, 1991.
    """

    look: Look
    mean: Rows
    directions: Rows

    def encode(self, images: Images) -> Floats:
        """Embedding (N, E) of pictures (N, H, W, 3) uint8 RGB; its columns fall in spread."""
        rows = self.look.rows(images) - self.mean
        return np.asarray(rows @ self.directions.T, dtype=np.float64)


def fit_encoder(
    clips: Sequence[Clip],
    config: VideoConfig = VideoConfig(),  # noqa: B008 - frozen, so sharing it is safe
    track: Track = quiet,
) -> Encoder:
    """The encoder of one camera's clips.

    InputError when no clip can be read, or the network `config` names cannot be had.
    """
    look = Thumbnail() if config.encoder == OWN else load_network(config.encoder, config.weights)
    rows = sample_rows(clips, look, config.seed, track)
    mean = rows.mean(axis=0)
    count = min(config.columns, *rows.shape)
    _, spread, directions = randomized_svd(rows - mean, count, random_state=config.seed)
    kept = spread > FAINTEST * np.sqrt(rows.size)
    kept[0] = True  # a video without motion has an embedding too
    return Encoder(look, mean, np.asarray(directions[kept], dtype=np.float32))
