"""Skills that were finished before a training was cut off, kept so that it can go on from there."""

import shutil
from collections.abc import Callable
from pathlib import Path

from robot_skills.core.skill import Skill, SkillLibrary
from robot_skills.storage.libraries import load_library, save_library

ENDING = ".training"


class KeptSkills:
    """Finished skills beside the folder of a library to be; those of other inputs are removed.

    `key` stands for all that the skills depend on: the same key gives the skills back.
    """

    def __init__(self, library_folder: Path, key: str) -> None:
        self._work = library_folder.with_name(library_folder.name + ENDING)
        self._folder = self._work / key
        if self._work.is_dir() and not self._folder.is_dir():
            shutil.rmtree(self._work)
        self.found: list[str] = []

    def skill(self, name: str, learn: Callable[[], Skill]) -> Skill:
        """The kept skill `name`, or what `learn` makes, kept from now on."""
        folder = self._folder / name
        if folder.is_dir():
            self.found.append(name)
            return load_library(folder).skill(name)
        skill = learn()
        save_library(folder, SkillLibrary("", "", 0.0, (skill,), {}))
        return skill

    def remove(self) -> None:
        """Remove what is kept: the library is whole."""
        shutil.rmtree(self._work, ignore_errors=True)
