"""A small convolutional network that finds places in pictures, for policies that see.

Strided convolutions, then where each map is strongest (Finn et al., "Deep spatial autoencoders for
visuomotor learning", ICRA 2016): a few coordinates a camera instead of thousands of pixels.
"""

from dataclasses import dataclass

from robot_skills.nets.networks import maths
from robot_skills.nets.networks.layers import Convolution, Layer, Weights
from robot_skills.nets.networks.maths import Array

PICTURE_CHANNELS = 4  # likeness to what is meant, red, green, blue
FAINT = 1e-3  # share of a picture below which what is meant counts as not there


@dataclass(frozen=True)
class Eyes:
    """One network a camera for pictures of `height` x `width` pixels, `places` found in each."""

    cameras: int
    height: int
    width: int
    places: int = 16

    @property
    def size(self) -> int:
        """Numbers that come out: every place, and middle and share of what is meant."""
        return self.cameras * (2 * self.places + 3)

    def parts(self) -> list[Layer]:
        """Every convolution of every camera."""
        return [layer for camera in range(self.cameras) for layer in self._layers(camera)]

    def _layers(self, camera: int) -> list[Convolution]:
        name, places = f"eyes.{camera}", self.places
        return [
            Convolution(f"{name}.0", PICTURE_CHANNELS, places, 5, 2),
            Convolution(f"{name}.1", places, 2 * places, 3, 2),
            Convolution(f"{name}.2", 2 * places, places, 3),
        ]

    def __call__(self, weights: Weights, pictures: Array) -> Array:
        """Features (..., size) of pictures (..., cameras, 4, height, width) from 0 to 1."""
        seen = [
            self._one(weights, pictures[..., camera, :, :, :], camera)
            for camera in range(self.cameras)
        ]
        return maths.join(seen)

    def _one(self, weights: Weights, picture: Array, camera: int) -> Array:
        *hidden, last = self._layers(camera)
        maps = picture
        for layer in hidden:
            maps = maths.gelu(layer(weights, maps))
        places = maths.whereabouts(last(weights, maps))
        places = places.reshape(*places.shape[:-2], -1)
        return maths.join([places, _meant(picture[..., 0, :, :])])


def _meant(likeness: Array) -> Array:
    """Middle (2) and square root of the share (1) of what is meant in likeness (..., H, W)."""
    height, width = likeness.shape[-2:]
    share = likeness.mean(-1).mean(-1)
    weighted = likeness / (height * width * (share + FAINT))[..., None, None]
    return maths.join([maths.middle(weighted, height, width), 3.0 * share[..., None] ** 0.5])
