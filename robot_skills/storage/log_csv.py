"""Logs in CSV: a header that names the columns, then a row a moment, plain or gzipped."""

import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import TextIO, cast

import numpy as np

from robot_skills.core.errors import InputError
from robot_skills.storage.log_table import Floats, LogTable, Texts

DELIMITERS = ",;\t"
BLOCK_ROWS = 20_000  # rows held as text at a time
MOST_BROKEN_ROWS = 0.05
EMPTY = ("", "null", "none", "na", "n/a", "-")
FLAGS = {"true": 1.0, "false": 0.0}


def read_csv(path: Path) -> LogTable:
    """Every column of a CSV log; InputError when it is no table or too much of it is broken."""
    rows = _Rows(path)
    try:
        with _open_text(path) as file:
            blocks = [_columns(block) for block in rows.blocks(file)]
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no text in UTF-8") from None
    except (csv.Error, gzip.BadGzipFile) as error:
        raise InputError(f"{path}: no readable CSV ({error})") from None
    if not blocks:
        raise InputError(f"{path}: holds no rows below its header")
    table = LogTable({}, {}, rows.notes())
    for name, *parts in zip(rows.names, *blocks, strict=True):
        if all(part.dtype.kind == "f" for part in parts):
            table.numbers[name] = np.concatenate(parts, dtype=np.float64)
        else:
            table.texts[name] = np.concatenate([part.astype(str) for part in parts])
    return table


def _open_text(path: Path) -> AbstractContextManager[TextIO]:
    if path.name.lower().endswith(".gz"):
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")


class _Rows:
    """Rows of a CSV file in blocks; broken ones are left out and counted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._whole = self._broken = 0
        self._cut_off = False
        self.names: list[str] = []

    def blocks(self, file: TextIO) -> Iterator[list[list[str]]]:
        """Lists of rows that have as many fields as the header."""
        header = file.readline().lstrip("#% ").rstrip("\r\n")
        delimiter = max(DELIMITERS, key=header.count)
        self.names = self._checked([name.strip().strip("\"'") for name in header.split(delimiter)])
        rows = self._until_cut_off(csv.reader(file, delimiter=delimiter))
        while block := list(islice(rows, BLOCK_ROWS)):
            whole = [row for row in block if len(row) == len(self.names)]
            self._whole += len(whole)
            self._broken += len(block) - len(whole)
            if whole:
                yield whole
        if self._broken > max(1, MOST_BROKEN_ROWS * self._whole):
            raise InputError(
                f"{self._path}: {self._broken} of {self._whole + self._broken} rows don't have the "
                f"{len(self.names)} fields of the header"
            )

    def _checked(self, names: list[str]) -> list[str]:
        if not any(names):
            raise InputError(f"{self._path}: is empty; wanted a header that names the columns")
        if all(_is_number(name) for name in names):
            raise InputError(
                f"{self._path}: its first line must name the columns; found {', '.join(names[:4])}"
            )
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise InputError(f"{self._path}: columns are named twice: {', '.join(double)}")
        return names

    def _until_cut_off(self, rows: Iterator[list[str]]) -> Iterator[list[str]]:
        while True:
            try:
                row = next(rows, None)
            except (EOFError, zlib.error):
                self._cut_off = True
                return
            if row is None:
                return
            if row:
                yield row

    def notes(self) -> tuple[str, ...]:
        """What was left out, a sentence each."""
        broken = f"{self._broken} broken rows were left out"
        cut_off = f"the file breaks off after {self._whole} rows"
        return (broken,) * (self._broken > 0) + (cut_off,) * self._cut_off


def _columns(rows: list[list[str]]) -> list[Floats | Texts]:
    return [_numbers_or_texts(column) for column in zip(*rows, strict=True)]


def _numbers_or_texts(column: Sequence[str]) -> Floats | Texts:
    try:
        return np.array(column, dtype=np.float64)
    except ValueError:
        pass
    plain = [text.strip().lower() for text in column]
    try:
        return np.array(
            [np.nan if text in EMPTY else FLAGS.get(text, text) for text in plain], dtype=float
        )
    except ValueError:
        return np.array(column, dtype=str)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|", text) is not None
