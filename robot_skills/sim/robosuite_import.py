"""Importing robosuite, which is heavy, talks, and asks for a window it does not need here."""

import contextlib
import importlib
import io
import logging
import sys
from collections.abc import Iterator
from types import ModuleType

from robot_skills.core.errors import InputError

MISSING = "robosuite is missing; install it with: pip install robosuite"


@contextlib.contextmanager
def importing_robosuite() -> Iterator[None]:
    """Keep robosuite's import quiet, and possible where OpenCV's window libraries are missing.

    robosuite imports OpenCV for a viewer window; what is used here needs none. Raises InputError
    where robosuite itself is missing.
    """
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)  # of optional macros
    absent = not _opencv_loads()
    if absent:
        sys.modules["cv2"] = ModuleType("cv2")
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    except ModuleNotFoundError as error:
        if error.name != "robosuite":
            raise
        raise InputError(MISSING) from None
    finally:
        logging.disable(level)
        if absent:
            del sys.modules["cv2"]


def _opencv_loads() -> bool:
    try:
        importlib.import_module("cv2")
    except ImportError:
        return False
    return True
