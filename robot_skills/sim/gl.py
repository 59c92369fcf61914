"""Off-screen OpenGL: which back end to draw with, decided when something is first drawn."""

import ctypes.util
import importlib
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from typing import Protocol

import mujoco

from robot_skills.core.errors import InputError

BACK_ENDS = ("egl", "osmesa", "glfw")
LIBRARIES = {"egl": "EGL", "osmesa": "OSMesa"}
PROBE_LIMIT_S = 60
PROBE = """
import mujoco
from robot_skills.sim.gl import open_renderer
open_renderer(mujoco.MjSpec().compile(), 16, 16)[0].free()
"""


class GlContext(Protocol):
    """An off-screen drawing context of one of MuJoCo's back ends."""

    def make_current(self) -> None:
        """Draw into this context from now on."""
        ...

    def free(self) -> None:
        """Give the context back; may be called twice."""
        ...


def choose_back_end(environment: Mapping[str, str]) -> str:
    """Name of the back end: MUJOCO_GL where it names one, else what is installed, EGL first."""
    asked = environment.get("MUJOCO_GL", "").lower().strip()
    if asked in BACK_ENDS:
        return asked
    for name, library in LIBRARIES.items():
        if ctypes.util.find_library(library) is not None:
            return name
    return "glfw" if environment.get("DISPLAY") else "egl"


def open_renderer(
    model: mujoco.MjModel, width: int, height: int
) -> tuple[GlContext, mujoco.MjrContext]:
    """Make ready to draw a model off-screen; raises InputError where nothing can draw."""
    name = choose_back_end(os.environ)
    try:
        context: GlContext = importlib.import_module(f"mujoco.{name}").GLContext(width, height)
        context.make_current()
        renderer = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
    except Exception as error:  # each back end fails with errors of its own library
        raise InputError(
            f"the GL back end {name} does not work here ({error}); rendering needs libegl1 "
            "(sudo apt-get install -y libegl1 libgl1), or set MUJOCO_GL=egl|osmesa|glfw to one "
            "that works"
        ) from error
    mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, renderer)
    return context, renderer


@cache
def rendering_available() -> bool:
    """Whether images can be drawn here: tried once, in a process of its own that may crash."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROBE], capture_output=True, timeout=PROBE_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
