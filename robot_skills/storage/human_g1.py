"""A Unitree G1 teleoperated to pick up a bottle: joints at 30 Hz and the head camera's video.

Source: a LeRobot v2.1 data set; `proprio.npz` holds `state` and `action` (N, 26) rad, 14 arm
joints, then 6 fingers of the left hand and 6 of the right, `episode` (N,) and `t` (N,) s.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.storage.labelled_set import TOLERANCE_S, LabelledClip, LabelledSet, opened

Floats = NDArray[np.float64]

FOLDER = "g1_pick"
RATE_HZ = 30.0
COLUMNS = 26
ARMS = slice(0, 14)
RIGHT_HAND = slice(20, 26)
CHATTER_S = 0.25  # a hand that turns back sooner has neither grasped nor released
CAMERA = "head"
TRUTH = "the right hand's mean command crosses the middle of its range in all episodes"


def load_g1_pick(data_folder: Path) -> LabelledSet:
    """Arm joints and commands rad of every episode; fingers are the truth, so no channel has them.

    The four episodes that have a video name it under "head". InputError when the file is missing
    or has other columns.
    """
    demonstrations, boundaries_s, labels = [], [], []
    episodes = _episodes(data_folder)
    commands = {
        number: action[:, RIGHT_HAND].mean(axis=1) for number, (_, action) in episodes.items()
    }
    everything = np.concatenate(list(commands.values()))
    middle = float(everything.min() + everything.max()) / 2
    for number, (state, action) in episodes.items():
        closed = _closed(commands[number], middle)
        changes = np.flatnonzero(np.diff(closed)) + 1
        boundaries_s.append([int(step) / RATE_HZ for step in changes])
        labels.append([_label(closed[step]) for step in (0, *changes)])
        video = _video(data_folder, number)
        channels = {
            "joint_position": Channel(state[:, ARMS], "rad", ChannelKind.JOINT_POSITION),
            "action": Channel(action[:, ARMS], "rad", ChannelKind.ACTION),
        }
        cameras = {CAMERA: video} if video.is_file() else {}
        demonstrations.append(Demonstration(f"g1_pick/{number}", RATE_HZ, channels, cameras))
    return LabelledSet("g1_pick", demonstrations, boundaries_s, TOLERANCE_S, labels, TRUTH)


def load_g1_clips(data_folder: Path) -> list[LabelledClip]:
    """The episodes' videos with the same truth; InputError when there is none."""
    known = load_g1_pick(data_folder)
    clips = [
        LabelledClip(one.name, one.video[CAMERA], boundaries_s)
        for one, boundaries_s in zip(known.demonstrations, known.boundaries_s, strict=True)
        if CAMERA in one.video
    ]
    if not clips:
        raise InputError(f"no videos episode_*.mp4 in {data_folder / FOLDER / 'videos'}")
    return clips


def _episodes(data_folder: Path) -> dict[int, tuple[Floats, Floats]]:
    file = data_folder / FOLDER / "proprio.npz"
    with opened(file) as arrays:
        state, action = (np.asarray(arrays[key], dtype=float) for key in ("state", "action"))
        episode = np.asarray(arrays["episode"])
    if not state.shape == action.shape == (len(episode), COLUMNS):
        raise InputError(
            f"{file}: state and action must be ({len(episode)}, {COLUMNS}); found {state.shape} "
            f"and {action.shape}"
        )
    return {int(k): (state[episode == k], action[episode == k]) for k in np.unique(episode)}


def _closed(command: Floats, middle: float) -> NDArray[np.int64]:
    """1 at steps (T,) in which the right hand's command lies below the middle, chatter ignored.

    Commands fall from 1, open, to 0, closed.
    """
    closed = np.asarray(command < middle, dtype=np.int64)
    starts = np.flatnonzero(np.diff(closed)) + 1
    for start, stop in pairwise(starts):
        if (stop - start) / RATE_HZ < CHATTER_S:
            closed[start:stop] = closed[start - 1]
    return closed


def _label(closed: int) -> str:
    return "right hand closed" if closed else "right hand open"


def _video(data_folder: Path, number: int) -> Path:
    return data_folder / FOLDER / "videos" / f"episode_{number:06d}.mp4"
