"""TOML files whose every mistake is answered with file, line and what was expected."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError, unknown_name

Floats = NDArray[np.float64]
KeyPath = tuple[str, ...]

_HEADER = re.compile(r"\s*\[\s*([A-Za-z_\"'][^\[\],]*?)\s*\]\s*(#.*)?")
_KEY = re.compile(r"\s*([\w.\"'-]+)\s*=")


class TomlTable:
    """One table of a TOML file; its readers raise InputError as 'file:line: what was wrong'."""

    def __init__(
        self, file: Path, lines: dict[KeyPath, int], path: KeyPath, values: dict[str, Any]
    ) -> None:
        self.file = file
        self.values = values
        self._lines = lines
        self._path = path

    @classmethod
    def read(cls, file: Path) -> Self:
        """The whole file as a table; raises InputError for a missing file or wrong syntax."""
        try:
            text = file.read_text()
            return cls(file, _line_numbers(text), (), tomllib.loads(text))
        except FileNotFoundError:
            raise InputError(f"no file {file}") from None
        except UnicodeDecodeError:
            raise InputError(f"{file}: is no text in UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            at = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            line, reason = (at[1], str(error)[: at.start()]) if at else ("1", str(error))
            raise InputError(f"{file}:{line}: no valid TOML: {reason.strip()}") from None

    def error(self, key: str, message: str) -> InputError:
        """The error for what stands under `key`, or for this table where the key is missing."""
        path = (*self._path, key)
        while path and path not in self._lines:
            path = path[:-1]
        return InputError(f"{self.file}:{self._lines.get(path, 1)}: {message}")

    def check_keys(self, required: Iterable[str], optional: Iterable[str] = ()) -> None:
        """Raise at an unknown key, suggesting the near one, and at a missing key."""
        needed = tuple(required)
        known = (*needed, *optional)
        where = f" in [{'.'.join(self._path)}]" if self._path else ""
        for key in self.values:
            if key not in known:
                raise self.error(key, str(unknown_name(f"key{where}", key, known)))
        for key in needed:
            if key not in self.values:
                raise self.error(key, f"missing key {key!r}{where}")

    def table(self, key: str) -> "TomlTable":
        """The table under `key`; an empty one where there is none."""
        values = self.values.get(key, {})
        if not isinstance(values, dict):
            raise self._unexpected(key, f"a table [{'.'.join((*self._path, key))}]")
        return TomlTable(self.file, self._lines, (*self._path, key), values)

    def tables(self) -> "dict[str, TomlTable]":
        """Every entry as a table, by name."""
        return {key: self.table(key) for key in self.values}

    def text(self, key: str, default: str = "") -> str:
        """The string under `key`."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self._unexpected(key, "text in quotes")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of strings under `key`."""
        value = self.values[key]
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self._unexpected(key, 'a list of texts such as ["block", "support"]')
        return tuple(value)

    def number(self, key: str, low: float = -np.inf, high: float = np.inf) -> float:
        """The number in [low, high] under `key`."""
        value = self.values[key]
        if not _is_number(value) or not low <= value <= high:
            raise self._unexpected(key, f"a number{_range(low, high)}")
        return float(value)

    def integer(self, key: str, low: int) -> int:
        """The whole number of at least `low` under `key`."""
        value = self.values[key]
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise self._unexpected(key, f"a whole number{_range(low, np.inf)}")
        return value

    def numbers(self, key: str, shape: tuple[int, ...]) -> Floats:
        """The nested list of numbers of that shape under `key`."""
        try:
            array = np.array(self.values[key])
        except ValueError:  # rows of different length
            array = np.array(None)
        if array.shape != shape or array.dtype.kind not in "if":
            raise self._unexpected(key, f"numbers of shape {shape}")
        return array.astype(float)

    def box(self, key: str, dimensions: int) -> Floats:
        """The lower and upper corner (2, dimensions) under `key`."""
        corners = self.numbers(key, (2, dimensions))
        if not np.all(corners[0] < corners[1]):
            raise self._unexpected(key, "two corners, the lower one first")
        return corners

    def optional_numbers(self, key: str, shape: tuple[int, ...]) -> Floats | None:
        """The numbers under `key`, or None where the key is missing."""
        return self.numbers(key, shape) if key in self.values else None

    def _unexpected(self, key: str, wanted: str) -> InputError:
        return self.error(key, f"{key}: expected {wanted}; found {self.values[key]!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _range(low: float, high: float) -> str:
    if np.isfinite(low) and np.isfinite(high):
        return f" from {low:g} to {high:g}"
    return f" of at least {low:g}" if np.isfinite(low) else ""


def _line_numbers(text: str) -> dict[KeyPath, int]:
    """Line of every table header and key; what is missed is reported at its table instead."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.fullmatch(line):
            table = _split(header[1])
            for depth in range(1, len(table) + 1):  # [a.b] opens [a] too
                lines.setdefault(table[:depth], number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_split(key[1])), number)
    return lines


def _split(dotted: str) -> KeyPath:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
