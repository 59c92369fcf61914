"""Columns added to the Parquet files of a LeRobot v3.0 data set, row group by row group."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as arrow
from pyarrow import parquet

from robot_skills.core.errors import InputError
from robot_skills.storage.atomic import new_file

INDEX = "subtask_index"
INDEX_FEATURE = {INDEX: {"dtype": "int64", "shape": [1], "names": None}}
TYPES = {
    "names": arrow.list_(arrow.string()),
    "start_times": arrow.list_(arrow.float64()),
    "end_times": arrow.list_(arrow.float64()),
    "start_frames": arrow.list_(arrow.int64()),
    "end_frames": arrow.list_(arrow.int64()),
}
HUGGING_FACE, PANDAS = b"huggingface", b"pandas"


def episode_lengths(dataset: Path) -> dict[int, int]:
    """Frames of each episode by its index; InputError for missing or damaged tables."""
    lengths: dict[int, int] = {}
    for file in _files(dataset, "meta/episodes"):
        with _reading(file):
            table = parquet.read_table(file, columns=["episode_index", "length"])
            lengths |= dict(zip(*(c.to_pylist() for c in table.columns), strict=True))
    return lengths


def write_episode_columns(
    folder: Path, columns: Callable[[int], Mapping[str, list[Any] | None]]
) -> None:
    """Add to each row of meta/episodes what `columns` tells of its episode."""
    for file in _files(folder, "meta/episodes"):
        with _reading(file):
            table = parquet.read_table(file)
        rows = [columns(index) for index in table.column("episode_index").to_pylist()]
        for name in rows[0] if rows else ():
            kind = TYPES[name.partition("_subtask_")[2]]
            table = _with_column(table, name, arrow.array([row[name] for row in rows], kind))
        # The optional types of Hugging Face's library would no longer list all columns.
        kept = {k: v for k, v in (table.schema.metadata or {}).items() if k != HUGGING_FACE}
        with new_file(file) as partial:
            parquet.write_table(table.replace_schema_metadata(kept), partial, compression="snappy")


def write_frame_index(folder: Path, numbers: Callable[[int], Sequence[int]]) -> None:
    """Add the column subtask_index to all frames: `numbers` tells an episode's, frame by frame."""
    for file in _files(folder, "data"):
        with _reading(file), new_file(file) as partial:
            _index_file(file, partial, numbers)


def write_names(folder: Path, names: Sequence[str]) -> None:
    """Write meta/subtasks.parquet; read with pandas, the names are its index as LeRobot expects."""
    table = arrow.table({INDEX: arrow.array(range(len(names)), arrow.int64()), "subtask": names})
    columns = [
        {
            "name": name,
            "field_name": name,
            "pandas_type": kind,
            "numpy_type": numpy,
            "metadata": None,
        }
        for name, kind, numpy in ((INDEX, "int64", "int64"), ("subtask", "unicode", "object"))
    ]
    facts = {"index_columns": ["subtask"], "column_indexes": [], "columns": columns}
    with new_file(folder / "meta" / "subtasks.parquet") as partial:
        described = table.replace_schema_metadata({PANDAS: json.dumps(facts)})
        parquet.write_table(described, partial, compression="snappy")


def _index_file(file: Path, partial: Path, numbers: Callable[[int], Sequence[int]]) -> None:
    source = parquet.ParquetFile(file)
    metadata = _described(dict(source.schema_arrow.metadata or {}))
    writer = None
    try:
        for group in range(source.num_row_groups):
            table = source.read_row_group(group)
            indexed = _with_column(table, INDEX, _index_column(table, numbers))
            indexed = indexed.replace_schema_metadata(metadata)
            if writer is None:
                writer = parquet.ParquetWriter(partial, indexed.schema, compression="snappy")
            writer.write_table(indexed)
    finally:
        if writer is not None:
            writer.close()


def _index_column(table: Any, numbers: Callable[[int], Sequence[int]]) -> Any:
    episodes = table.column("episode_index").to_pylist()
    frames = table.column("frame_index").to_pylist()
    of = {episode: numbers(episode) for episode in set(episodes)}
    found = [of[episode][frame] for episode, frame in zip(episodes, frames, strict=True)]
    return arrow.array(found, arrow.int64())


def _described(metadata: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """Schema metadata in which Hugging Face's types, where they are told, know the new column."""
    if HUGGING_FACE in metadata:
        told = json.loads(metadata[HUGGING_FACE])
        told.get("info", {}).get("features", {})[INDEX] = {"dtype": "int64", "_type": "Value"}
        told.pop("fingerprint", None)
        metadata[HUGGING_FACE] = json.dumps(told).encode()
    return metadata


def _with_column(table: Any, name: str, values: Any) -> Any:
    """The table with a column appended, or replaced where it has one of that name."""
    if name in table.column_names:
        return table.set_column(table.column_names.index(name), name, values)
    return table.append_column(name, values)


def _files(folder: Path, under: str) -> list[Path]:
    files = sorted((folder / under).glob("*/*.parquet"))
    if not files:
        raise InputError(f"{folder} has no {under}/*/*.parquet, where LeRobot v3.0 has them")
    return files


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except (arrow.ArrowException, KeyError, IndexError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk, not of what is on it
        raise InputError(f"{file}: damaged or not of LeRobot v3.0 ({error})") from None
