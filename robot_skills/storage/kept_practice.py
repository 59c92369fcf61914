"""A practice that was cut off, kept beside the library so that it can be gone on with.

starts/                        what it starts from; run.practice.kept_starts writes it
practice/practice.json         key, figures; format 2
practice/learner.safetensors   networks, optimisers and memory of the learner, as plain arrays
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from robot_skills.core.errors import InputError
from robot_skills.storage.atomic import new_folder

FORMAT = 2
ENDING = ".refining"
STARTS, PRACTICE = "starts", "practice"
FIGURES_FILE, ARRAYS_FILE = "practice.json", "learner.safetensors"

Arrays = Mapping[str, NDArray[Any]]


class KeptPractice:
    """What is kept of the practice with this `key`, which stands for all that it depends on."""

    def __init__(self, library_folder: Path, key: str) -> None:
        self.folder = library_folder.with_name(library_folder.name + ENDING)
        self.starts = self.folder / STARTS
        self.key = key
        self._practice = self.folder / PRACTICE

    def load(self) -> tuple[Arrays, dict[str, Any]] | None:
        """Arrays and figures as they were saved; None where nothing fitting is kept.

        Raises InputError where what is kept is damaged.
        """
        if not (self._practice / FIGURES_FILE).is_file():
            return None
        try:
            document = json.loads((self._practice / FIGURES_FILE).read_text())
            if document["format"] != FORMAT or document["key"] != self.key:
                return None
            return load_file(self._practice / ARRAYS_FILE), dict(document["figures"])
        except (KeyError, TypeError, json.JSONDecodeError, SafetensorError, OSError) as error:
            raise InputError(f"{self.folder}: damaged ({error!r}); remove it") from None

    def save(self, arrays: Arrays, figures: Mapping[str, Any]) -> None:
        """Keep these in the place of earlier ones, whole or not at all."""
        document = {"format": FORMAT, "key": self.key, "figures": dict(figures)}
        with new_folder(self._practice, replace=True) as partial:
            whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
            save_file(whole, partial / ARRAYS_FILE)
            (partial / FIGURES_FILE).write_text(json.dumps(document, indent=1) + "\n")

    def remove(self) -> None:
        """Forget it, and what it starts from: the practice is over."""
        shutil.rmtree(self.folder, ignore_errors=True)
