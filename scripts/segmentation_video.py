"""Bare videos whose boundaries are known, as what the default video encoder makes of them."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from results import ROOT
from segmentation_sets import KEPT, OBJECTS, RECORDINGS, Group, recorded, without

from robot_skills.cli.progress import track
from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.segment.video import Clip, embed_videos
from robot_skills.segment.video.flow import COLUMNS
from robot_skills.storage.atomic import new_file
from robot_skills.storage.human_sets import load_g1_clips
from robot_skills.storage.labelled_set import TOLERANCE_S, LabelledSet

SCRIPTED_VIDEO, G1_VIDEO = "video_scripted", "video_g1"
FILMED_ARM = "video_scripted_arm"  # the same recordings from the arm alone, for comparison
SEED = 4711
CAMERA = "front"
RATE_HZ = 10.0
SEEING = ("robot_skills/segment/video/*.py", "robot_skills/storage/clips.py")


def scripted_video_groups(episodes: int, workers: int) -> list[Group]:
    """Scripted demonstrations as filmed from the front, and the same from the arm alone."""
    folder = RECORDINGS / f"filmed_{SEED}_{episodes}"
    known = recorded(folder, episodes, SEED, workers, (CAMERA,))
    clips = [Clip(one.name, one.video[CAMERA], CAMERA) for one in known.demonstrations]
    filmed = replace(known, name=SCRIPTED_VIDEO, demonstrations=embedded(clips))
    arm = without(known, OBJECTS, FILMED_ARM)
    return [Group(SCRIPTED_VIDEO, [filmed]), Group(FILMED_ARM, [arm])]


def g1_video_group(data_folder: Path) -> Group:
    """The humanoid's clips; their truth is what its right hand was told."""
    known = load_g1_clips(data_folder)
    demonstrations = embedded([Clip(one.name, one.path, "head") for one in known])
    truths_s = [one.boundaries_s for one in known]
    truth = "the right hand's mean command crosses the middle of its range"
    part = LabelledSet(G1_VIDEO, demonstrations, truths_s, TOLERANCE_S, None, truth)
    return Group(G1_VIDEO, [part])


def embedded(clips: Sequence[Clip]) -> list[Demonstration]:
    """What `embed_videos` makes of clips of one camera, kept under a key of code and clips."""
    file = KEPT / "embedded" / f"{_key(clips)}.npz"
    if not file.exists():
        _keep(embed_videos(clips, RATE_HZ, track=track), file)
    with np.load(file, allow_pickle=False) as arrays:
        return [
            Demonstration(
                clip.name,
                RATE_HZ,
                {
                    "embedding": Channel(
                        arrays[f"{n}/embedding"], "", ChannelKind.EMBEDDING, clip.camera
                    ),
                    "flow": Channel(
                        arrays[f"{n}/flow"], "1/s", ChannelKind.FLOW, clip.camera, COLUMNS
                    ),
                },
                {clip.camera: clip.path},
            )
            for n, clip in enumerate(clips)
        ]


def _keep(demonstrations: Sequence[Demonstration], file: Path) -> None:
    arrays = {
        f"{number}/{name.rpartition('/')[2]}": channel.values
        for number, one in enumerate(demonstrations)
        for name, channel in one.channels.items()
    }
    with new_file(file) as partial, partial.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]


def _key(clips: Sequence[Clip]) -> str:
    digest = hashlib.sha256(_code() + f"{RATE_HZ}".encode())
    for clip in clips:
        digest.update(clip.name.encode() + clip.path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def _code() -> bytes:
    files = sorted(file for pattern in SEEING for file in ROOT.glob(pattern))
    return b"".join(file.name.encode() + file.read_bytes() for file in files)
