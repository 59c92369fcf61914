"""A log with a time column, CSV or Parquet, as a demonstration at one rate."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.storage.log_channels import plan_channels, read_sidecar
from robot_skills.storage.log_csv import read_csv
from robot_skills.storage.log_parquet import read_parquet
from robot_skills.storage.log_table import LogTable
from robot_skills.storage.log_time import LogClock, read_clock

Floats = NDArray[np.float64]

CSV_ENDINGS = (".csv", ".csv.gz", ".tsv")
PARQUET_ENDINGS = (".parquet",)
POSE_WIDTH = 7
POSES = (ChannelKind.POSE, ChannelKind.OBJECT_POSE)
EPISODE = "episode_index"


@dataclass(frozen=True)
class Log:
    """A demonstration without pictures, its step times (T,) s on the log's clock, and repairs."""

    demonstration: Demonstration
    time_s: Floats
    notes: tuple[str, ...]


def is_log(path: Path) -> bool:
    """Whether the name ends as a log's does."""
    return bool(_ending(path))


def log_stem(path: Path) -> str:
    """The name of a log without its ending."""
    return path.name[: len(path.name) - len(_ending(path))]


def load_log(path: Path) -> Log:
    """Read CSV (.csv, .csv.gz, .tsv) or Parquet with a column of times, brought to its median rate.

    Columns become channels as `log_columns` tells, or as `<log>.toml` beside it says. Between rows
    values are interpolated; empty cells and gaps are NaN. InputError for a file that is no table,
    has no clock to be believed or no signal.
    """
    table = _read_table(path)
    sidecar = read_sidecar(path.with_name(f"{log_stem(path)}.toml"), [*table.numbers, *table.texts])
    _check_one_episode(path, table)
    clock = read_clock(path, table, sidecar.time_column, sidecar.time_unit)
    columns = {name: values for name, values in table.numbers.items() if name != clock.column}
    try:
        plans, remarks = plan_channels(columns, sidecar)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    channels = {name: _sampled(plan.channel(columns), clock) for name, plan in plans.items()}
    demonstration = Demonstration(
        log_stem(path), clock.rate_hz, channels, provenance={"source": "log", "file": path.name}
    )
    texts = [name for name in table.texts if name != clock.column]
    skipped = (f"columns of text left out: {', '.join(texts)}",) if texts else ()
    return Log(demonstration, clock.time_s, (*table.notes, *clock.notes, *remarks, *skipped))


def _ending(path: Path) -> str:
    endings = (*CSV_ENDINGS, *PARQUET_ENDINGS)
    return next((end for end in endings if path.name.lower().endswith(end)), "")


def _read_table(path: Path) -> LogTable:
    if not path.is_file():
        raise InputError(f"no log at {path}")
    if not is_log(path):
        known = ", ".join((*CSV_ENDINGS, *PARQUET_ENDINGS))
        raise InputError(f"{path}: no log; its name must end in {known}")
    table = read_parquet(path) if _ending(path) in PARQUET_ENDINGS else read_csv(path)
    if not table.numbers:
        raise InputError(f"{path}: holds no column of numbers but {', '.join(table.texts)}")
    return table


def _check_one_episode(path: Path, table: LogTable) -> None:
    episodes = np.unique(table.numbers.get(EPISODE, np.zeros(1)))
    if len(episodes) > 1:
        raise InputError(
            f"{path}: a log is one recording; found {len(episodes)} in its column {EPISODE}: keep "
            "each in a file of its own"
        )


def _sampled(channel: Channel, clock: LogClock) -> Channel:
    """A channel of rows (N, D) at the clock's uniform times (T, D), its quaternions of length 1."""
    rows = channel.values
    turns = channel.kind in POSES and rows.shape[1] == POSE_WIDTH
    if turns:
        rows = np.concatenate([rows[:, :3], _same_sign(rows[:, 3:])], axis=1)
    values = np.stack([clock.resampled(column) for column in rows.T], axis=1)
    if turns:
        length = np.linalg.norm(values[:, 3:], axis=1, keepdims=True)
        values[:, 3:] /= np.where(length > 0, length, np.nan)
    return replace(channel, values=values)


def _same_sign(quaternions: Floats) -> Floats:
    """Quaternions (N, 4) of which each has the sign nearer to the one before."""
    flips = np.sum(quaternions[1:] * quaternions[:-1], axis=1) < 0
    signs = np.concatenate([[1.0], np.cumprod(np.where(flips, -1.0, 1.0))])
    return np.asarray(quaternions * signs[:, None])
