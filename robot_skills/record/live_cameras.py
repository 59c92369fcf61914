"""Real cameras while a person teleoperates: the newest frame of each, at one fixed size."""

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError

Images = NDArray[np.uint8]

FIRST_FRAME_S = 5.0


class LiveCameras:
    """Context manager around OpenCV devices; a thread each keeps the newest frame.

    `sources` gives a device (0, /dev/video0) or a video file by the camera's name; frames are
    scaled to `size` (height, width). Raises InputError where one gives no picture.
    """

    def __init__(self, sources: Mapping[str, str], size: tuple[int, int]) -> None:
        self._sources = dict(sources)
        self._size = size
        self._newest: dict[str, Images] = {}
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()
        self._first = {name: threading.Event() for name in sources}

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """(height, width) by camera."""
        return dict.fromkeys(self._sources, self._size)

    def images(self, data: Any) -> dict[str, Images]:
        """Newest frame (H, W, 3) uint8 RGB by camera; `data` is for simulated cameras."""
        return dict(self._newest)

    def __enter__(self) -> Self:
        for name, source in self._sources.items():
            thread = threading.Thread(target=self._follow, args=(name, source), daemon=True)
            self._threads.append(thread)
            thread.start()
        for name, first in self._first.items():
            if not first.wait(FIRST_FRAME_S):
                self._end()
                raise InputError(f"camera {name}: {self._sources[name]} gives no picture")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(FIRST_FRAME_S)

    def _follow(self, name: str, source: str) -> None:
        import cv2

        device = cv2.VideoCapture(int(source) if source.isdecimal() else source)
        height, width = self._size
        while not self._over.is_set():
            read, frame = device.read()
            if not read:
                break
            scaled = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
            self._newest[name] = np.ascontiguousarray(scaled[..., ::-1])
            self._first[name].set()
        device.release()
