"""Episodes on disk: a folder each with data.h5, one MP4 a camera and episode.json.

A folder is written as `episode_000123.partial`, forced to the disk and renamed as one, so that a
folder without that ending is always complete. Counts are taken from the folders, never stored.
"""

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Demonstration
from robot_skills.core.errors import InputError, unknown_name
from robot_skills.storage.atomic import PARTIAL, commit, partial_path, start_partial
from robot_skills.storage.channels import read_channels, write_channels
from robot_skills.storage.video import VideoWriter, count_frames

Images = NDArray[np.uint8]

FORMAT = 1
ORIENTATION = "top-left origin, RGB"
FIELDS: dict[str, tuple[type, ...]] = {
    "rate_hz": (int, float),
    "instruction": (str,),
    "provenance": (dict,),
    "cameras": (dict,),
}
_NAME = re.compile(r"episode_(\d{6,})")


def episode_name(number: int) -> str:
    """Folder name of an episode."""
    return f"episode_{number:06d}"


def next_number(set_folder: Path) -> int:
    """One more than the highest number among the finished episodes of a set."""
    return max((_number(path) for path in finished_episodes(set_folder)), default=-1) + 1


def finished_episodes(set_folder: Path) -> list[Path]:
    """Complete episode folders of a set, by number."""
    if not set_folder.is_dir():
        return []
    found = [p for p in set_folder.iterdir() if _NAME.fullmatch(p.name) and p.is_dir()]
    return sorted(found, key=_number)


def unfinished_episodes(set_folder: Path) -> list[Path]:
    """Folders a recording left behind when it was killed; nothing reads them."""
    return sorted(set_folder.glob(f"episode_*{PARTIAL}"))


def _number(path: Path) -> int:
    return int(path.name.partition("_")[2])


class EpisodeWriter:
    """Records one episode: frames as they come, then everything else at once in `finish`.

    `cameras` gives (height, width) by name. Leaving the context without `finish` removes what was
    written. One writer at a time may hold a number.
    """

    def __init__(
        self,
        set_folder: Path,
        number: int,
        cameras: Mapping[str, tuple[int, int]],
        rate_hz: float,
    ) -> None:
        self.folder = set_folder / episode_name(number)
        if self.folder.exists():
            raise InputError(
                f"{self.folder} exists already; number {next_number(set_folder)} is free"
            )
        self._partial = partial_path(self.folder)
        self._cameras = dict(cameras)
        self._rate_hz = rate_hz
        self._videos: dict[str, VideoWriter] = {}

    def __enter__(self) -> Self:
        start_partial(self._partial)
        for name, size in self._cameras.items():
            self._videos[name] = VideoWriter(self._partial / f"{name}.mp4", size, self._rate_hz)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            for video in self._videos.values():
                video.close()
        finally:
            shutil.rmtree(self._partial, ignore_errors=True)

    def frame(self, camera: str, image: Images) -> None:
        """Append an image (H, W, 3) uint8 RGB of one camera, once a control step."""
        if camera not in self._videos:
            raise unknown_name("camera", camera, self._videos)
        self._videos[camera].write(image)

    def finish(self, demonstration: Demonstration) -> Path:
        """Write the channels and publish the episode; returns its folder.

        Raises InputError when a camera's frames and the rows differ in number, or the rates do.
        """
        if demonstration.rate_hz != self._rate_hz:
            raise InputError(
                f"{self.folder.name}: frames were recorded at {self._rate_hz} Hz, "
                f"channels at {demonstration.rate_hz} Hz"
            )
        for video in self._videos.values():
            video.close()
        steps = self._check_frames(demonstration)
        named = replace(demonstration, name=self.folder.name)
        write_channels(self._partial / "data.h5", named)
        description = json.dumps(self._description(named, steps), indent=2)
        (self._partial / "episode.json").write_text(description + "\n")
        commit(self._partial, self.folder)
        return self.folder

    def _check_frames(self, demonstration: Demonstration) -> int:
        counts = {name: count_frames(self._partial / f"{name}.mp4") for name in self._videos}
        if demonstration.channels:
            counts["data"] = demonstration.steps
        if len(set(counts.values())) != 1:
            raise InputError(
                f"{self.folder.name}: every camera needs one frame a row of data; found {counts}"
            )
        return next(iter(counts.values()))

    def _description(self, demonstration: Demonstration, steps: int) -> dict[str, Any]:
        cameras = {
            name: {"width": w, "height": h, "codec": "h264", "orientation": ORIENTATION}
            for name, (h, w) in self._cameras.items()
        }
        return {
            "format": FORMAT,
            "name": demonstration.name,
            "rate_hz": demonstration.rate_hz,
            "steps": steps,
            "instruction": demonstration.instruction,
            "provenance": dict(demonstration.provenance),
            "cameras": cameras,
        }


def save_episode(
    set_folder: Path,
    demonstration: Demonstration,
    frames: Mapping[str, Iterable[Images]] | None = None,
) -> Path:
    """Write a demonstration as the next episode of a set; returns its folder.

    `frames` has an image (H, W, 3) uint8 RGB a row for each camera. The episode is named after its
    folder, whatever the demonstration was called. Raises InputError when counts differ.
    """
    streams = {name: iter(images) for name, images in (frames or {}).items()}
    first = {name: _first(name, images) for name, images in streams.items()}
    sizes = {name: (image.shape[0], image.shape[1]) for name, image in first.items()}
    number = next_number(set_folder)
    with EpisodeWriter(set_folder, number, sizes, demonstration.rate_hz) as writer:
        for name, images in streams.items():
            writer.frame(name, first[name])
            for image in images:
                writer.frame(name, image)
        return writer.finish(demonstration)


def _first(camera: str, images: Iterable[Images]) -> Images:
    for image in images:
        if image.ndim == 3:
            return image
        raise InputError(f"camera {camera}: a frame must be (H, W, 3); found {image.shape}")
    raise InputError(f"camera {camera} has no frames")


def load_demonstration(episode_folder: Path, without_video: bool = False) -> Demonstration:
    """Read one episode, its video left on disk; raises InputError when it is not whole.

    Told that it may do `without_video`, cameras whose file is missing are left out instead.
    """
    description = read_description(episode_folder)
    channels, simulator_state = read_channels(episode_folder / "data.h5")
    video = {name: episode_folder / f"{name}.mp4" for name in description["cameras"]}
    lacking = [name for name, path in video.items() if not path.is_file()]
    if lacking and not without_video:
        missing = video[lacking[0]].name
        raise InputError(f"{episode_folder} lacks {missing}, which its episode.json names")
    video = {name: path for name, path in video.items() if name not in lacking}
    return Demonstration(
        name=episode_folder.name,
        rate_hz=float(description["rate_hz"]),
        channels=channels,
        video=video,
        instruction=description["instruction"],
        provenance=description["provenance"],
        simulator_state=simulator_state,
    )


def read_description(episode_folder: Path) -> dict[str, Any]:
    """episode.json of an episode folder, its format checked."""
    if episode_folder.name.endswith(PARTIAL):
        raise InputError(f"{episode_folder} was never finished; its recording was cut off")
    file = episode_folder / "episode.json"
    try:
        description: Any = json.loads(file.read_text())
    except FileNotFoundError:
        raise InputError(f"{episode_folder} is no episode: it has no episode.json") from None
    except ValueError as error:
        raise InputError(f"{file}: damaged ({error})") from None
    found = description.get("format") if isinstance(description, dict) else None
    if found != FORMAT:
        raise InputError(f"{file}: format must be {FORMAT}; found {found!r}")
    for key, kind in FIELDS.items():
        if not isinstance(description.get(key), kind):
            raise InputError(f"{file}: {key} is missing or damaged")
    return dict(description)


def load_demonstrations(folder: Path) -> list[Demonstration]:
    """Every finished episode of a set by number, or the one when `folder` is an episode itself.

    Folders of cut-off recordings are left out: `unfinished_episodes` lists them. Raises InputError
    when no finished episode is there.
    """
    if (folder / "episode.json").is_file():
        return [load_demonstration(folder)]
    episodes = finished_episodes(folder)
    if not episodes:
        cut_off = len(unfinished_episodes(folder)) if folder.is_dir() else 0
        found = f"only {cut_off} unfinished recordings" if cut_off else "none"
        raise InputError(
            f"no episodes in {folder}: expected folders episode_000000 ..., found {found}"
        )
    return [load_demonstration(episode) for episode in episodes]
