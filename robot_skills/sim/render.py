"""Off-screen cameras of a scene."""

import atexit
import weakref
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Self

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError, unknown_name
from robot_skills.sim.gl import GlContext, open_renderer
from robot_skills.sim.scene import Scene

Image = NDArray[np.uint8]

GEOMS_MAX = 2000
SLOW_EFFECTS = (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION)


class Cameras:
    """Named cameras of one scene, drawn by one renderer that is kept; close it after use.

    Raises InputError for an unknown camera and where no GL back end works.
    """

    def __init__(
        self, scene: Scene, height: int = 480, width: int = 640, names: Sequence[str] | None = None
    ) -> None:
        self._gl: GlContext | None = None
        self._model = scene.model
        self._views = {name: _view(self._model, name) for name in names or camera_names(scene)}
        self._rectangle = mujoco.MjrRect(0, 0, width, height)
        _make_room(self._model, height, width)
        self._gl, self._context = open_renderer(self._model, width, height)
        self._option = mujoco.MjvOption()
        self._drawn = mujoco.MjvScene(self._model, GEOMS_MAX)
        for effect in SLOW_EFFECTS:
            self._drawn.flags[effect] = 0
        self._at_exit = partial(_close, weakref.ref(self))
        atexit.register(self._at_exit)  # before EGL's own clean-up, which leaves nothing to free

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the cameras."""
        return tuple(self._views)

    def images(self, data: mujoco.MjData) -> dict[str, Image]:
        """What every camera sees, by name: (height, width, 3) uint8 RGB."""
        return {name: self.image(data, name) for name in self._views}

    def image(self, data: mujoco.MjData, name: str) -> Image:
        """What the camera `name` sees: (height, width, 3) uint8 RGB."""
        if self._gl is None:
            raise InputError("these cameras are closed; make new ones")
        if name not in self._views:
            raise unknown_name("camera", name, self._views)
        self._gl.make_current()
        view, everything = self._views[name], mujoco.mjtCatBit.mjCAT_ALL.value
        mujoco.mjv_updateScene(self._model, data, self._option, None, view, everything, self._drawn)
        mujoco.mjr_render(self._rectangle, self._drawn, self._context)
        pixels = np.empty((self._rectangle.height, self._rectangle.width, 3), dtype=np.uint8)
        mujoco.mjr_readPixels(pixels, None, self._rectangle, self._context)
        return np.ascontiguousarray(pixels[::-1])  # OpenGL counts rows from the bottom

    def close(self) -> None:
        """Give the renderer back; may be called twice."""
        if self._gl is None:
            return
        atexit.unregister(self._at_exit)
        self._gl.make_current()
        self._context.free()
        self._gl.free()
        self._gl = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def camera_names(scene: Scene) -> tuple[str, ...]:
    """Names of every camera in a scene."""
    return tuple(scene.model.camera(i).name for i in range(scene.model.ncam))


def _view(model: mujoco.MjModel, name: str) -> mujoco.MjvCamera:
    names = [model.camera(i).name for i in range(model.ncam)]
    if name not in names:
        raise unknown_name("camera", name, names)
    view = mujoco.MjvCamera()
    view.type = mujoco.mjtCamera.mjCAMERA_FIXED
    view.fixedcamid = names.index(name)
    return view


def _make_room(model: mujoco.MjModel, height: int, width: int) -> None:
    room = model.vis.global_
    room.offwidth, room.offheight = max(room.offwidth, width), max(room.offheight, height)


def _close(cameras: "weakref.ref[Cameras]") -> None:
    alive = cameras()
    if alive is not None:
        alive.close()
