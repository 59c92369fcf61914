"""Work on a device that is done again and again: recorded once, then launched as one graph."""

from collections.abc import Callable
from typing import Any

import torch
import warp as wp


class Recorded:
    """Runs `work`, Warp's launches on fixed arrays; on a GPU as one CUDA graph.

    The first run is launch by launch, which compiles and loads the kernels; the second records.
    The graph runs on torch's current stream, in order with torch's own work.
    """

    def __init__(self, work: Callable[[], None], device: torch.device) -> None:
        self._work, self._device = work, device
        self._loaded = False
        self._graph: Any = None

    def run(self) -> None:
        """Do the work once."""
        if self._loaded and self._device.type == "cuda":
            self._launch()
            return
        self._wait()
        with wp.ScopedDevice(str(self._device)):
            self._work()
        self._wait()
        self._loaded = True

    def forget(self) -> None:
        """Record anew: the arrays that the work is on are others now."""
        self._graph = None

    def _launch(self) -> None:
        if self._graph is None:
            with wp.ScopedDevice(str(self._device)), wp.ScopedCapture() as capture:
                self._work()
            self._graph = capture.graph
        stream = wp.stream_from_torch(torch.cuda.current_stream(self._device))
        wp.capture_launch(self._graph, stream=stream)

    def _wait(self) -> None:
        """Warp's own stream and torch's are two: nothing of either goes on beside the other."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
