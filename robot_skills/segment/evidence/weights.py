"""Weights of the fusion: fitted by a script, shipped as TOML, read when they are needed."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.segment.evidence.fusion import FEATURES

Floats = NDArray[np.float64]

FORMAT = 1
FILE = Path(__file__).with_name("weights.toml")


@dataclass(frozen=True)
class Weights:
    """Logit of a boundary and what to make of it.

    few x (features . coefficients + bias) + (1 - few) x surprise x log(rise / level); a candidate
    is a boundary above few x threshold, and its confidence is the logistic of
    slope x logit + offset.
    """

    coefficients: tuple[float, ...]
    bias: float
    surprise: float
    threshold: float
    slope: float
    offset: float

    def logit(self, features: Floats, rise: Floats, few: float) -> Floats:
        """Logit (C,) of candidates from features (C, F) and log rises (C,)."""
        seen = features @ np.array(self.coefficients) + self.bias
        return np.asarray(few * seen + (1 - few) * self.surprise * rise)

    def confidence(self, logit: Floats) -> Floats:
        """Calibrated probability (C,) that a candidate that was kept is a boundary."""
        return np.asarray(1 / (1 + np.exp(-(self.slope * logit + self.offset))))

    def text(self) -> str:
        """As a TOML document."""
        rows = [f'"{name}" = {c:.4f}' for name, c in zip(FEATURES, self.coefficients, strict=True)]
        numbers = {
            "bias": self.bias,
            "surprise": self.surprise,
            "threshold": self.threshold,
            "slope": self.slope,
            "offset": self.offset,
        }
        rest = [f"{name} = {value:.4f}" for name, value in numbers.items()]
        return "\n".join([f"format = {FORMAT}", *rest, "", "[coefficients]", *rows, ""])


def read_weights(text: str, where: str) -> Weights:
    """Weights of a TOML document; InputError names `where` and what is wrong with it."""
    try:
        document = tomllib.loads(text)
        if document["format"] != FORMAT:
            raise InputError(f"{where}: format must be {FORMAT}; found {document['format']!r}")
        coefficients = tuple(float(document["coefficients"][name]) for name in FEATURES)
        names = ("bias", "surprise", "threshold", "slope", "offset")
        return Weights(coefficients, *(float(document[name]) for name in names))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: damaged ({error})") from None


@cache
def shipped_weights() -> Weights:
    """The weights of this version, fitted to every labelled set."""
    return read_weights(FILE.read_text(), str(FILE))
