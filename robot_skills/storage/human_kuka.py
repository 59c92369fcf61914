"""Kinesthetic teaching on KUKA LWR arms, segmented by hand: peeling, wiping a rim, a fender.

Source: Figueroa, https://github.com/nbfigueroa/ICSC-HMM. A file holds series `X<i>` (T, D), their
labels `y<i>` (T,), the names of the columns `cols` and the period `dt` in s.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.storage.labelled_set import TOLERANCE_S, LabelledSet, opened, runs

Floats = NDArray[np.float64]

FOLDER = "kuka_kinesthetic"
FILES = {
    "peeling": "peeling_bimanual.npz",
    "rim": "wiping_rim.npz",
    "fender": "wiping_fender.npz",
}
ARMS = {"": "", "a_": "active/", "p_": "passive/"}
POSITION = ("x", "y", "z")
# The files call these i, j, k, w, but the order is w, x, y, z: only so do they turn as forward
# kinematics of the recorded joints does (3 to 11 mrad apart, against 80 to 260 mrad).
QUATERNION = ("qi", "qj", "qk", "qw")
WRENCH = ("fx", "fy", "fz", "tx", "ty", "tz")
JOINTS = tuple(f"j{number}" for number in range(7))


def load_kuka_set(data_folder: Path, name: str) -> LabelledSet:
    """The set "peeling", "rim" or "fender": poses (T, 7) m and wxyz, wrenches N and Nm, joints rad.

    Two arms have channels under "active/" and "passive/". InputError when the file is missing or
    its columns are not these.
    """
    file = data_folder / FOLDER / FILES[name]
    demonstrations, boundaries_s, labels = [], [], []
    with opened(file) as arrays:
        columns = [str(column) for column in arrays["cols"]]
        rate_hz = 1.0 / float(arrays["dt"])
        for key in sorted(k for k in arrays.files if k.startswith("X")):
            values = np.asarray(arrays[key], dtype=float)
            channels = _channels(file, columns, values)
            demonstrations.append(Demonstration(f"{name}/{key[1:]}", rate_hz, channels))
            at_s, segment_labels = runs([str(y) for y in arrays[f"y{key[1:]}"]], rate_hz)
            boundaries_s.append(at_s)
            labels.append(segment_labels)
    truth = "a person's segmentation"
    return LabelledSet(name, demonstrations, boundaries_s, TOLERANCE_S, labels, truth)


def _channels(file: Path, columns: list[str], values: Floats) -> dict[str, Channel]:
    if values.ndim != 2 or values.shape[1] != len(columns):
        raise InputError(f"{file}: {len(columns)} columns have names, but data is {values.shape}")
    channels: dict[str, Channel] = {}
    for prefix, arm in ARMS.items():
        named = [prefix + column for column in (*POSITION, *QUATERNION)]
        if set(named) <= set(columns):
            channels |= _arm(prefix, arm, columns, values)
    if not channels:
        raise InputError(f"{file}: no column x, y, z, qi, qj, qk, qw; found {', '.join(columns)}")
    return channels


def _arm(prefix: str, arm: str, columns: list[str], values: Floats) -> dict[str, Channel]:
    kinds = {
        "ee_pose": ((*POSITION, *QUATERNION), "m", ChannelKind.POSE, "base"),
        "wrench": (WRENCH, "N", ChannelKind.WRENCH, "base"),
        "joint_position": (JOINTS, "rad", ChannelKind.JOINT_POSITION, ""),
    }
    channels = {}
    for name, (wanted, unit, kind, frame) in kinds.items():
        named = [prefix + column for column in wanted]
        if set(named) <= set(columns):
            chosen = values[:, [columns.index(column) for column in named]]
            channels[f"{arm}{name}"] = Channel(chosen, unit, kind, frame, tuple(named))
    return channels
