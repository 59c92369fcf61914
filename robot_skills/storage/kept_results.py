"""Results of long work, kept by what they depend on, so that the work goes on where it stopped."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from robot_skills import paths
from robot_skills.storage.atomic import new_file

FOLDER = ".kept"
CODE_ENDINGS = (".py", ".toml")


class KeptResults:
    """Files in `<folder>/.kept`, each whole or not there, under a key that stands for its inputs.

    `prune` removes those that nobody asked for since this was made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / FOLDER
        self._asked: set[str] = set()

    def file(self, key: str) -> Path:
        """Where the result of that key is, or will be."""
        self._asked.add(key)
        return self.folder / key

    def has(self, key: str) -> bool:
        """Whether the result of that key is there."""
        return self.file(key).is_file()

    def keep(self, key: str, content: bytes) -> None:
        """Write a result, whole or not at all."""
        with new_file(self.file(key)) as partial:
            partial.write_bytes(content)

    def prune(self) -> None:
        """Remove what other settings, other recordings or a crash left behind."""
        if not self.folder.is_dir():
            return
        for file in self.folder.iterdir():
            if file.name not in self._asked:
                file.unlink()

    def clear(self) -> None:
        """Remove everything that is kept."""
        self._asked.clear()
        self.prune()


def key_of(*inputs: Any) -> str:
    """A key for inputs that JSON can write; it differs where any of them differs."""
    text = json.dumps(inputs, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def code_fingerprint(folders: Sequence[str]) -> str:
    """Hash of the package's code and constants in those folders: with others, results differ."""
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted((paths.PACKAGE / folder).rglob("*")):
            if file.suffix in CODE_ENDINGS:
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
