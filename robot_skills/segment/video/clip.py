"""A video to be read, and what a user may choose about reading it."""

from dataclasses import dataclass
from pathlib import Path

from robot_skills.core.errors import InputError

OWN = "own"  # the encoder that is learned from the clips themselves


@dataclass(frozen=True)
class Clip:
    """A video file of one demonstration, by the name of the camera that took it."""

    name: str
    path: Path
    camera: str = "video"


@dataclass(frozen=True)
class VideoConfig:
    """Settings of `embed_videos`.

    `encoder` is OWN, learned from the clips, or the name of a torchvision or timm network;
    `weights` a file with that network's weights, else they must lie in the library's cache;
    `columns` how many numbers describe a picture at most, `seed` the choice of pictures to learn
    from.
    """

    encoder: str = OWN
    weights: Path | None = None
    columns: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        if self.columns < 1:
            raise InputError(f"columns must be at least 1; found {self.columns}")
        if self.encoder == OWN and self.weights is not None:
            raise InputError(
                f"weights {self.weights} belong to no network: the encoder {OWN!r} is learned "
                "from the clips; name the network with --encoder, or leave --weights out"
            )
