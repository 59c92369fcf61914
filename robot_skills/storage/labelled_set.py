"""Recordings whose true boundaries are known: what cuts are scored on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from robot_skills.core.demonstration import Demonstration
from robot_skills.core.errors import InputError

TOLERANCE_S = 0.5


@dataclass(frozen=True)
class LabelledSet:
    """Demonstrations that are cut together, and what is true of each.

    boundaries_s, ascending, one list a demonstration; labels of the segments between them, one
    more than boundaries, or None where nobody named them; a found boundary is right within
    tolerance_s. `truth` says in a sentence what counts as a boundary.
    """

    name: str
    demonstrations: list[Demonstration]
    boundaries_s: list[list[float]]
    tolerance_s: float
    labels: list[list[str]] | None
    truth: str

    def __post_init__(self) -> None:
        if len(self.boundaries_s) != len(self.demonstrations):
            raise InputError(
                f"{self.name}: {len(self.demonstrations)} demonstrations, but boundaries of "
                f"{len(self.boundaries_s)}"
            )
        for number, boundaries_s in enumerate(self.boundaries_s):
            self._check(number, boundaries_s)

    def _check(self, number: int, boundaries_s: list[float]) -> None:
        one = self.demonstrations[number]
        ends_s = [0.0, *boundaries_s, one.steps / one.rate_hz]
        if any(a >= b for a, b in pairwise(ends_s)):
            raise InputError(
                f"{one.name}: boundaries must ascend within its {ends_s[-1]:.2f} s; found "
                f"{boundaries_s}"
            )
        if self.labels is not None and len(self.labels[number]) != len(boundaries_s) + 1:
            raise InputError(
                f"{one.name}: {len(boundaries_s)} boundaries part {len(boundaries_s) + 1} segments,"
                f" but {len(self.labels[number])} have labels"
            )

    @property
    def boundaries(self) -> int:
        """Number of true boundaries of all demonstrations."""
        return sum(len(boundaries_s) for boundaries_s in self.boundaries_s)

    def step_labels(self) -> list[list[str]]:
        """True label of every control step of each demonstration; InputError when unlabelled."""
        if self.labels is None:
            raise InputError(f"{self.name}: its segments have boundaries, but no labels")
        return [
            _spread(labels, [round(at_s * one.rate_hz) for at_s in boundaries_s], one.steps)
            for one, boundaries_s, labels in zip(
                self.demonstrations, self.boundaries_s, self.labels, strict=True
            )
        ]


@dataclass(frozen=True)
class LabelledClip:
    """A bare video and its true boundaries in seconds from its first frame."""

    name: str
    path: Path
    boundaries_s: list[float]


def runs(step_labels: list[str], rate_hz: float) -> tuple[list[float], list[str]]:
    """Boundaries in s and the label of each segment, from one label a control step."""
    labels: list[str] = []
    starts: list[int] = []
    step = 0
    for label, run in groupby(step_labels):
        labels.append(label)
        starts.append(step)
        step += sum(1 for _ in run)
    return [start / rate_hz for start in starts[1:]], labels


@contextmanager
def opened(file: Path) -> Iterator[Any]:
    """Arrays of a .npz file by name; InputError when it is missing, damaged or lacks one."""
    if not file.is_file():
        raise InputError(f"no recordings: {file} is missing")
    try:
        with np.load(file, allow_pickle=False) as arrays:
            yield arrays
    except KeyError as error:
        raise InputError(f"{file}: {error.args[0]}") from error
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{file}: damaged ({error})") from error


def _spread(labels: list[str], boundaries: list[int], steps: int) -> list[str]:
    ends = [0, *boundaries, steps]
    return [
        label
        for label, (start, stop) in zip(labels, pairwise(ends), strict=True)
        for _ in range(stop - start)
    ]
