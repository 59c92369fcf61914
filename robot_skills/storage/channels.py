"""data.h5: the channels of one demonstration with unit, frame, kind and column names."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError

Floats = NDArray[np.float64]

FORMAT = 1
SIMULATOR_STATE = "simulator/state"
COMPRESSION = {"compression": "gzip", "compression_opts": 4, "shuffle": True}


def write_channels(path: Path, demonstration: Demonstration) -> None:
    """Write every channel (T, D) and the simulator's state (T, S) when there is one."""
    with h5py.File(path, "w", libver="v110") as file:  # compact: the oldest layout adds 60 kB
        file.attrs["format"] = FORMAT
        file.attrs["channels"] = list(demonstration.channels)  # HDF5 would sort them
        for name, channel in demonstration.channels.items():
            _write_channel(file, name, channel)
        if demonstration.simulator_state is not None:
            file.create_dataset(SIMULATOR_STATE, data=demonstration.simulator_state, **COMPRESSION)


def _write_channel(file: Any, name: str, channel: Channel) -> None:
    dataset = file.create_dataset(f"channels/{name}", data=channel.values, **COMPRESSION)
    dataset.attrs["unit"] = channel.unit
    dataset.attrs["frame"] = channel.frame
    dataset.attrs["kind"] = channel.kind.value
    dataset.attrs["columns"] = list(channel.columns)


def read_channels(path: Path) -> tuple[dict[str, Channel], Floats | None]:
    """Channels by name in recorded order, and the simulator's state (T, S) or None.

    Raises InputError for a missing, damaged or newer file.
    """
    if not path.is_file():
        raise InputError(f"no data at {path}")
    try:
        with h5py.File(path, "r") as file:
            _check_format(path, file.attrs.get("format"))
            channels = {str(n): _read_channel(file, str(n)) for n in file.attrs["channels"]}
            state = file[SIMULATOR_STATE][:] if SIMULATOR_STATE in file else None
            return channels, state
    except InputError:
        raise
    except (OSError, KeyError, RuntimeError, TypeError, ValueError) as error:  # as HDF5 fails
        raise InputError(f"{path}: damaged or cut short ({error})") from None


def _check_format(path: Path, found: Any) -> None:
    if found != FORMAT:
        raise InputError(f"{path}: format must be {FORMAT}; found {found}")


def _read_channel(file: Any, name: str) -> Channel:
    dataset = file[f"channels/{name}"]
    return Channel(
        values=dataset[:],
        unit=str(dataset.attrs["unit"]),
        kind=ChannelKind(dataset.attrs["kind"]),
        frame=str(dataset.attrs["frame"]),
        columns=tuple(str(column) for column in dataset.attrs["columns"]),
    )
