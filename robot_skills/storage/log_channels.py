"""Columns of a log -> channels, by what their names say or by the file beside the log.

`<log>.toml` beside a log names what its columns don't tell:

    format = 1
    ignore = ["temperature"]

    [time]
    column = "tick"
    unit = "ms"                      # s, ms, us or ns

    [channels."left/ee_pose"]
    kind = "pose"                    # x, y, z and, if it turns, qw, qx, qy, qz in this order
    columns = ["a", "b", "c", "d", "e", "f", "g"]
    unit = "m"
    frame = "world"
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Channel, ChannelKind
from robot_skills.core.errors import InputError, unknown_name
from robot_skills.core.toml_file import TomlTable
from robot_skills.storage.log_columns import (
    OBJECT_WORDS,
    POSITION,
    QUATERNION,
    Meaning,
    meanings,
    tells_no_signal,
    words_of,
)
from robot_skills.storage.log_time import UNITS_S

Floats = NDArray[np.float64]

FORMAT = 1
POSE_AXES = "xyz"


@dataclass(frozen=True)
class ChannelPlan:
    """Which columns make a channel, each with what brings it to the channel's unit.

    An empty column name stands for zeros.
    """

    kind: ChannelKind
    unit: str
    columns: tuple[str, ...]
    scales: tuple[float, ...] = ()
    frame: str = ""

    def channel(self, columns: Mapping[str, Floats]) -> Channel:
        """The channel (N, D) of columns (N,)."""
        steps = len(next(iter(columns.values())))
        scales = self.scales or (1.0,) * len(self.columns)
        values = np.stack(
            [
                columns[name] * scale if name else np.zeros(steps)
                for name, scale in zip(self.columns, scales, strict=True)
            ],
            axis=1,
        )
        return Channel(values, self.unit, self.kind, self.frame, self.columns)


@dataclass(frozen=True)
class Sidecar:
    """What the file beside a log says; empty where there is none."""

    file: Path
    time_column: str = ""
    time_unit: str = ""
    plans: dict[str, ChannelPlan] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


def read_sidecar(file: Path, columns: list[str]) -> Sidecar:
    """The file beside a log with these columns; InputError as 'file:line: what was wrong'."""
    if not file.is_file():
        return Sidecar(file)
    table = TomlTable.read(file)
    table.check_keys(["format"], ["time", "channels", "ignore"])
    if table.integer("format", 1) != FORMAT:
        raise table.error("format", f"format must be {FORMAT}; found {table.values['format']}")
    time = table.table("time")
    time.check_keys([], ["column", "unit"])
    if "unit" in time.values and time.text("unit") not in UNITS_S:
        raise time.error("unit", str(unknown_name("unit of time", time.text("unit"), UNITS_S)))
    ignored = table.texts("ignore") if "ignore" in table.values else ()
    plans = {
        name: _plan(entry, columns) for name, entry in table.table("channels").tables().items()
    }
    for key, names in (("column", (time.text("column"),)), ("ignore", ignored)):
        _check_columns(time if key == "column" else table, key, [n for n in names if n], columns)
    return Sidecar(file, time.text("column"), time.text("unit"), plans, ignored)


def _plan(entry: TomlTable, columns: list[str]) -> ChannelPlan:
    entry.check_keys(["kind", "columns"], ["unit", "frame"])
    kind = entry.text("kind")
    kinds = [str(known) for known in ChannelKind]
    if kind not in kinds:
        raise entry.error("kind", str(unknown_name("kind", kind, kinds)))
    names = entry.texts("columns")
    _check_columns(entry, "columns", names, columns)
    if kind in (ChannelKind.POSE, ChannelKind.OBJECT_POSE) and len(names) not in (3, 7):
        raise entry.error(
            "columns", f"a pose has 3 or 7 columns (x y z qw qx qy qz); found {len(names)}"
        )
    return ChannelPlan(ChannelKind(kind), entry.text("unit", "1"), names, frame=entry.text("frame"))


def _check_columns(
    table: TomlTable, key: str, wanted: tuple[str, ...] | list[str], columns: list[str]
) -> None:
    for name in wanted:
        if name not in columns:
            raise table.error(key, str(unknown_name("column", name, columns)))


def plan_channels(
    columns: Mapping[str, Floats], sidecar: Sidecar
) -> tuple[dict[str, ChannelPlan], tuple[str, ...]]:
    """Channels by name for these columns, and how what names don't tell was taken.

    Raises InputError when no column is a signal.
    """
    named = {column for plan in sidecar.plans.values() for column in plan.columns}
    counters = [name for name in columns if tells_no_signal(name)]
    left = [n for n in columns if n not in {*named, *counters, *sidecar.ignored}]
    groups: dict[str, list[tuple[str, Meaning]]] = {}
    known = meanings(left)
    for column, meaning in known.items():
        channel = meaning.part.channel
        name = f"{meaning.prefix}/{channel}" if meaning.prefix else channel
        groups.setdefault(name, []).append((column, meaning))
    plans, unused, notes = dict(sidecar.plans), [n for n in left if n not in known], []
    for name, group in groups.items():
        plan, spare, remarks = _grouped(name, group)
        plans |= {name: plan} if plan else {}
        unused += spare
        notes += remarks
    others, remark = _others(plans, unused, sidecar.file)
    if not plans and not others:
        raise InputError(f"holds no column of numbers but {', '.join(columns) or 'none'}")
    skipped = [f"left out: {', '.join(counters)}"] if counters else []
    return plans | others, (*notes, *remark, *skipped)


def _grouped(
    name: str, group: list[tuple[str, Meaning]]
) -> tuple[ChannelPlan | None, list[str], list[str]]:
    """The channel of one group, columns it cannot use, and remarks."""
    first = group[0][1]
    if first.part in (POSITION, QUATERNION):
        return _pose(name, group)
    units = list(dict.fromkeys(meaning.unit for _, meaning in group))
    columns = [column for column, _ in group]
    scales = tuple(meaning.scale for _, meaning in group)
    return ChannelPlan(first.part.kind, ", ".join(units), (*columns,), scales), [], []


def _pose(
    name: str, group: list[tuple[str, Meaning]]
) -> tuple[ChannelPlan | None, list[str], list[str]]:
    """Position, zeros for an axis the log lacks, then the quaternion wxyz if it is whole."""
    place = {m.axis: (column, m.scale) for column, m in group if m.part is POSITION}
    turn = {m.axis: column for column, m in group if m.part is QUATERNION}
    whole = len(turn) == len(QUATERNION.axes)
    remarks = []
    if turn and not (whole and place):
        lacks = "a position" if whole else ", ".join("q" + a for a in "wxyz" if a not in turn)
        remarks.append(f"{name}: {', '.join(turn.values())} lack {lacks}: no rotation")
    if not place:
        return None, [*turn.values()], remarks
    if missing := [axis for axis in POSE_AXES if axis not in place]:
        remarks.append(f"{name}: no {', '.join(missing)}; taken as 0")
    axes = [place.get(axis, ("", 1.0)) for axis in POSE_AXES]
    axes += [(turn[axis], 1.0) for axis in QUATERNION.axes] if whole else []
    kind = ChannelKind.OBJECT_POSE if OBJECT_WORDS & {*words_of(name)} else ChannelKind.POSE
    columns, scales = zip(*axes, strict=True)
    return ChannelPlan(kind, "m", columns, scales), [] if whole else [*turn.values()], remarks


def _others(
    plans: dict[str, ChannelPlan], unused: list[str], sidecar: Path
) -> tuple[dict[str, ChannelPlan], list[str]]:
    """Columns whose names say nothing: what moves where nothing else does, else what changes."""
    if not unused:
        return {}, []
    kind = ChannelKind.FIXTURE if plans else ChannelKind.JOINT_POSITION
    meant = "the state of things" if plans else "positions of joints"
    remark = (
        f"taken as {meant}, since their names say nothing: {', '.join(unused)}; "
        f"{sidecar.name} beside the log can tell"
    )
    return {f"other/{name}": ChannelPlan(kind, "1", (name,)) for name in unused}, [remark]
