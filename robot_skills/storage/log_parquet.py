"""Logs in Parquet: a column a signal, lists spread over numbered columns."""

from pathlib import Path
from typing import Any

import numpy as np

from robot_skills.core.errors import InputError
from robot_skills.storage.log_table import Floats, LogTable


def read_parquet(path: Path) -> LogTable:
    """Every column of a Parquet log; InputError when it is damaged or pyarrow is missing."""
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise InputError(
            f"{path}: reading Parquet needs pyarrow: pip install robot-skills[parquet]"
        ) from None
    try:
        table = parquet.read_table(path)
    except (arrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: no readable Parquet, perhaps cut short ({reason})") from None
    log = LogTable({}, {})
    for name in table.column_names:
        _sort_column(name, table.column(name).combine_chunks(), log)
    return log


def _sort_column(name: str, column: Any, log: LogTable) -> None:
    """Put an Arrow column where it belongs; a list column becomes name_0, name_1 ..."""
    import pyarrow as arrow

    kind = column.type
    if arrow.types.is_timestamp(kind):
        nanoseconds = column.cast(arrow.timestamp("ns", kind.tz)).cast(arrow.int64())
        log.numbers[f"{name}_ns"] = _plain(nanoseconds)
    elif arrow.types.is_list(kind) or arrow.types.is_fixed_size_list(kind):
        log.numbers.update(_spread(name, column))
    elif arrow.types.is_integer(kind) or arrow.types.is_floating(kind):
        log.numbers[name] = _plain(column)
    elif arrow.types.is_boolean(kind):
        log.numbers[name] = _plain(column.cast(arrow.int8()))
    else:
        log.texts[name] = np.array([str(value) for value in column.to_pylist()], dtype=str)


def _plain(column: Any) -> Floats:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _spread(name: str, column: Any) -> dict[str, Floats]:
    """Columns name_0 ... of a list column; empty when rows differ in length or hold no numbers."""
    rows = column.to_pylist()
    width = next((len(row) for row in rows if row is not None), 0)
    unknown = [np.nan] * width
    try:
        values = np.array([unknown if row is None else row for row in rows], dtype=np.float64)
    except (TypeError, ValueError):
        return {}
    if values.ndim != 2:
        return {}
    return {f"{name}_{place}": values[:, place] for place in range(width)}
