"""MuJoCo's own window on a simulated arm, where there is a display."""

import os
import sys
import threading
import time
import warnings
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from robot_skills.core.errors import InputError
from robot_skills.sim.sim_arm import SimArm

CLOSING_LIMIT_S = 5.0


def has_display(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a window can be opened: always but on a Linux without X11 or Wayland."""
    if sys.platform != "linux":
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


class Viewer:
    """A window on one simulated arm; call `show` once a control step, and it keeps real time.

    Entering opens the window; raises InputError where there is no display or it cannot open.
    """

    def __init__(self, robot: SimArm) -> None:
        self._robot = robot
        self._window: Any = None
        self._drawing: list[threading.Thread] = []
        self._due_s = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the window is there; the user may close it at any time."""
        return self._window is not None and bool(self._window.is_running())

    def show(self) -> None:
        """Draw the arm as it is now, and wait until one control period after the last call."""
        if not self.is_open:
            return
        self._window.sync()
        now_s = time.monotonic()
        time.sleep(max(0.0, self._due_s - now_s))
        self._due_s = max(now_s, self._due_s) + 1.0 / self._robot.rate_hz

    def __enter__(self) -> Self:
        if not has_display():
            raise InputError(
                "the viewer needs a display (DISPLAY and WAYLAND_DISPLAY are unset); "
                "write a video instead, or log in with ssh -X"
            )
        import glfw  # of no use without a display
        from mujoco import viewer

        with warnings.catch_warnings(action="ignore"):
            if not glfw.init():  # MuJoCo would end the process
                shown_on = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
                raise InputError(f"the viewer cannot open a window on the display {shown_on!r}")
        others = threading.enumerate()
        try:
            self._window = viewer.launch_passive(self._robot.scene.model, self._robot.data)
        except Exception as error:  # GLFW's own, whatever the driver does
            raise InputError(f"the viewer's window cannot be opened: {error}") from error
        self._drawing = [thread for thread in threading.enumerate() if thread not in others]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._window is not None:
            self._window.close()
            self._window = None
            for thread in self._drawing:  # it still uses GLFW, which ends when Python does
                thread.join(CLOSING_LIMIT_S)
