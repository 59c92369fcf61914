"""Six skills that people taught a Baxter for kitting, joined in the order of the task.

Each file is one skill: poses (T, 7) x y z qx qy qz qw. The joins jump by 0.3 to 9 cm, since the
skills were recorded apart, so a cut at a join is easier than in one recording.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.storage.labelled_set import TOLERANCE_S, LabelledSet

Floats = NDArray[np.float64]

FOLDER = "baxter_kitting"
RATE_HZ = 100.0  # at which Baxter publishes its end point's pose; the files say nothing
SKILLS = (
    "home_to_pre_pick",
    "pre_pick_to_pick",
    "pick_to_pre_pick",
    "pre_pick_to_pre_place",
    "pre_place_to_place",
    "place_to_pre_place",
)
WXYZ = [0, 1, 2, 6, 3, 4, 5]


def load_baxter_kitting(data_folder: Path) -> LabelledSet:
    """One demonstration of six skills, pose (T, 7) m and wxyz; InputError for a missing file."""
    skills = [_poses(data_folder / FOLDER / f"{skill}.npy") for skill in SKILLS]
    ends_s = np.cumsum([len(poses) for poses in skills]) / RATE_HZ
    pose = Channel(np.concatenate(skills)[:, WXYZ], "m", ChannelKind.POSE, "base")
    one = Demonstration(f"{FOLDER}/0", RATE_HZ, {"ee_pose": pose})
    boundaries_s = [[float(end_s) for end_s in ends_s[:-1]]]
    truth = "joins of skills that were recorded one by one; the pose jumps there"
    return LabelledSet(FOLDER, [one], boundaries_s, TOLERANCE_S, [list(SKILLS)], truth)


def _poses(file: Path) -> Floats:
    if not file.is_file():
        raise InputError(f"no recordings: {file} is missing")
    try:
        poses = np.asarray(np.load(file, allow_pickle=False), dtype=float)
    except ValueError as error:
        raise InputError(f"{file}: damaged ({error})") from error
    if poses.ndim != 2 or poses.shape[1] != len(WXYZ):
        raise InputError(f"{file}: poses must be (T, 7); found {poses.shape}")
    return poses
