"""Which GL back end MuJoCo draws with; it must be chosen before mujoco is imported."""

import ctypes
import os

LIBRARIES = {"egl": "libEGL.so.1", "osmesa": "libOSMesa.so.8"}


def choose_back_end() -> str:
    """Set MUJOCO_GL, unless the user did, to an off-screen back end whose library loads.

    Returns the choice, or "" when there is none: mujoco then works, but draws nothing without a
    display. (With MUJOCO_GL=egl and no libEGL, importing mujoco would fail outright.)
    """
    if "MUJOCO_GL" not in os.environ:
        for name, library in LIBRARIES.items():
            if _loads(library):
                os.environ["MUJOCO_GL"] = name
                break
    return os.environ.get("MUJOCO_GL", "")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
