"""Camera stills against the recorded ones: a policy that looks needs the view it learned from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError, unknown_name
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.storage.video import read_frames

Images = NDArray[np.uint8]

WARM_UP = 5  # frames a camera takes to find its exposure
CAPTION_PX = 22
DIFFERENCE_MAX = 0.15
SHIFT_MAX = 0.03  # share of the picture's width
SHIFT_SURE = 0.05  # response of the phase correlation below which no shift is told


@dataclass(frozen=True)
class Comparison:
    """How far a live picture is from the recorded one.

    `difference` is the mean of |live - recorded| in grey, brightness apart, as a share of the full
    range; `shift` (2,) right and down as shares of width and height, None where none is sure.
    `picture` (H, 3 W, 3) RGB has recorded, live and difference side by side.
    """

    camera: str
    difference: float
    shift: tuple[float, float] | None
    picture: Images

    @property
    def is_near(self) -> bool:
        """Whether the views are the same but for what stands in them."""
        moved = max(map(abs, self.shift)) if self.shift else 0.0
        return self.difference <= DIFFERENCE_MAX and moved <= SHIFT_MAX

    def __str__(self) -> str:
        found = f"{self.camera}: differs by {self.difference:.1%}"
        if self.shift is None:
            return f"{found}, no common shift found"
        return f"{found}, shifted {self.shift[0]:+.1%} to the right, {self.shift[1]:+.1%} down"


def live_still(camera: str, source: str) -> Images:
    """One picture (H, W, 3) RGB of a device (0, /dev/video0) or of a picture or video file."""
    import cv2

    if not source.isdecimal() and not Path(source).exists():
        raise InputError(f"camera {camera}: there is no file or device {source}")
    picture = None if source.isdecimal() else cv2.imread(source)
    if picture is None:
        picture = _captured(cv2.VideoCapture(int(source) if source.isdecimal() else source))
    if picture is None:
        raise InputError(f"camera {camera}: {source} gives no picture; is it in use elsewhere?")
    return np.asarray(picture[..., ::-1], dtype=np.uint8)


def _captured(device: Any) -> Any:
    picture = None
    for _ in range(WARM_UP):
        read, frame = device.read()
        picture = frame if read else picture
    device.release()
    return picture


def recorded_still(demonstrations: Path, camera: str) -> Images:
    """First frame (H, W, 3) RGB of that camera in the first demonstration filmed with it."""
    episodes = load_demonstrations(demonstrations)
    filmed = [episode.video[camera] for episode in episodes if camera in episode.video]
    if not filmed:
        known = {name for episode in episodes for name in episode.video}
        raise unknown_name(f"camera in the demonstrations of {demonstrations}", camera, known)
    return np.asarray(read_frames(filmed[0], [0])[0], dtype=np.uint8)


def compare_stills(camera: str, live: Images, recorded: Images) -> Comparison:
    """Compare two pictures (H, W, 3) RGB; the live one is scaled to the recorded one's size."""
    import cv2

    height, width = recorded.shape[:2]
    scaled = cv2.resize(live, (width, height), interpolation=cv2.INTER_AREA)
    grey = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).astype(np.float32) for one in (recorded, scaled)]
    before, now = (one - one.mean() for one in grey)
    apart = np.abs(now - before)
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (right, down), sure = cv2.phaseCorrelate(before, now, window)
    shift = (right / width, down / height) if sure >= SHIFT_SURE else None
    third = np.repeat(np.minimum(2 * apart, 255).astype(np.uint8)[..., None], 3, axis=2)
    difference = float(apart.mean() / 255)
    titles = ("recorded", "live", f"difference {difference:.1%}")
    parts = [_captioned(p, t) for p, t in zip((recorded, scaled, third), titles, strict=True)]
    return Comparison(camera, difference, shift, np.hstack(parts))


def save_picture(file: Path, picture: Images) -> None:
    """Write a picture (H, W, 3) RGB as PNG."""
    import cv2

    file.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(file), picture[..., ::-1]):
        raise InputError(f"{file} cannot be written")


def _captioned(picture: Images, title: str) -> Images:
    import cv2

    scale = max(1, round(320 / picture.shape[1]))
    large = np.repeat(np.repeat(picture, scale, axis=0), scale, axis=1)
    bar = np.full((CAPTION_PX, large.shape[1], 3), 255, np.uint8)
    cv2.putText(bar, title, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([bar, large])
