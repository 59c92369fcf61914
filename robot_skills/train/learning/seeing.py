"""Training rows of a skill that sees: pictures and the own hand at a step, and what was meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.demonstration import Demonstration
from robot_skills.core.errors import InputError
from robot_skills.core.progress import Track, quiet
from robot_skills.core.task import Task
from robot_skills.nets.networks.learning import Weights
from robot_skills.nets.sight.camera_features import HandView, camera_features, hand_frames
from robot_skills.nets.sight.camera_sight import APPEARANCE, CameraSetup
from robot_skills.nets.sight.pictures import picture
from robot_skills.nets.sight.skill_sight import OPEN_THRESHOLD_M
from robot_skills.storage.video import read_frames
from robot_skills.train.discovery.grouping import FramedOperator, SkillGroup, frame_path
from robot_skills.train.discovery.lifting import Instance
from robot_skills.train.history import History
from robot_skills.train.learning.appearance import Hues, learn_appearances
from robot_skills.train.learning.dataset import DONE_STEPS, Rows, busy_steps

Floats = NDArray[np.float64]
Pictures = NDArray[np.uint8]

LARGEST = 128  # pixels: pictures are shrunk by a whole number until their width is below


@dataclass(frozen=True)
class Footage:
    """Where the pictures of every demonstration are, how they are seen, and what things look like.

    `videos` are files by demonstration and camera.
    """

    setup: CameraSetup
    videos: Mapping[str, Mapping[str, Path]]
    hues: Hues

    def hues_as_weights(self) -> Weights:
        """The looks of things under the names by which a policy finds them."""
        return {APPEARANCE + name: hue for name, hue in self.hues.items()}


def read_footage(
    demonstrations: Sequence[Demonstration], histories: Sequence[History], cameras: tuple[str, ...]
) -> Footage:
    """Find the videos of all demonstrations and learn what things look like.

    Raises InputError naming a camera that a demonstration lacks.
    """
    for one in demonstrations:
        missing = [camera for camera in cameras if camera not in one.video]
        if missing:
            raise InputError(
                f"{one.name} has no video of the camera {missing[0]} (it has "
                f"{', '.join(one.video) or 'none'}); record with --cameras {' '.join(cameras)}"
            )
    videos = {one.name: dict(one.video) for one in demonstrations}
    height, width = read_frames(demonstrations[0].video[cameras[0]], [0]).shape[1:3]
    shrink = -(-width // LARGEST)
    setup = CameraSetup(cameras, height, width, shrink)
    return Footage(setup, videos, learn_appearances(histories, videos, cameras))


def is_seen(group: SkillGroup, task: Task) -> bool:
    """Whether a skill is about things that have to be looked for; fixtures stand where known."""
    return not any(i.binding[group.frame.parameter] in task.fixtures for i in group.instances)


def build_seen_rows(
    group: SkillGroup, task: Task, footage: Footage, chunk: int, track: Track = quiet
) -> tuple[Rows, Pictures]:
    """One row a busy step of every segment, and its pictures (B, cameras, 4, h, w) uint8."""
    pairs = [(member, instance) for member in group.members for instance in member.instances]
    parts = [_rows(*pair, task, footage, chunk) for pair in track(pairs, "reading pictures")]
    columns = {f: np.concatenate([getattr(r, f) for r, _ in parts]) for f in Rows.__annotations__}
    return Rows(**columns), np.concatenate([seen for _, seen in parts])


def _rows(
    member: FramedOperator, instance: Instance, task: Task, footage: Footage, chunk: int
) -> tuple[Rows, Pictures]:
    transition = instance.transition
    history, span = transition.history, slice(transition.start, transition.stop)
    closed = history.wanted_width_m < OPEN_THRESHOLD_M
    ee, wanted = history.ee[span], history.wanted_ee[span]
    busy = busy_steps(ee, wanted, history.width_m[span], closed[span])
    frames = hand_frames(ee[busy])
    steps = int(busy.sum())
    ahead = np.minimum(np.arange(steps)[:, None] + np.arange(chunk), steps - 1)
    relative = poses.relative(frames[:, None], wanted[busy][ahead])
    targets = np.concatenate([relative[..., :3], poses.six_dimensional(relative[..., 3:])], -1)
    meant = _meant(member, instance)
    view = HandView(
        ee=ee[busy],
        width_m=history.width_m[span][busy],
        closing=np.concatenate([closed[:1], closed[:-1]])[span][busy].astype(float),
        place=_place(member, instance, meant, task, busy),
    )
    rows = Rows(
        camera_features(view),
        targets,
        closed[span][busy][ahead].astype(float),
        (np.arange(steps) >= steps - DONE_STEPS).astype(float),
    )
    hue = None if meant in task.fixtures else footage.hues[meant]
    at = [int(step) for step in transition.start + np.flatnonzero(busy)]
    files = footage.videos[history.name]
    seen = [
        picture(read_frames(files[camera], at), hue, footage.setup.shrink)
        for camera in footage.setup.cameras
    ]
    return rows, np.stack(seen, axis=1)


def _meant(member: FramedOperator, instance: Instance) -> str:
    if member.frame.kind == "object":
        return instance.binding[member.frame.parameter]
    return instance.binding[member.operator.place or member.frame.parameter]


def _place(
    member: FramedOperator, instance: Instance, meant: str, task: Task, busy: NDArray[np.bool_]
) -> Floats | None:
    """Where the thing ended, for a place that is known without looking."""
    if member.frame.kind != "goal" or meant not in task.fixtures:
        return None
    return frame_path(instance, member.frame, task)[busy]
