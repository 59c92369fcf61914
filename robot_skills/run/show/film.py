"""A video of an episode, drawn afterwards from what was observed at each control step."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError
from robot_skills.core.observation import Observation
from robot_skills.core.progress import Track, quiet
from robot_skills.core.task import Task
from robot_skills.run.execute.trace import EventKind, Trace
from robot_skills.run.execute.watching import Moment
from robot_skills.run.show.overlay import draw_overlay, draw_verdict
from robot_skills.sim.render import Cameras
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.storage.atomic import new_file
from robot_skills.storage.video import VideoWriter

Image = NDArray[np.uint8]

SIZE = (480, 640)  # height, width
CAMERA = "front"
VERDICT_S = 1.0
NOTE_S = 2.5
TOLD: Mapping[EventKind, str] = {
    "failure": "given up: ",
    "undone": "undone: ",
    "unseen": "waiting: ",
    "stop": "stopped: ",
}


class Studio:
    """Shows what was observed, on a simulated arm or a real one, as a camera would have seen it.

    Raises InputError where no GL back end works.
    """

    def __init__(
        self, task: Task, arm: ArmProfile, objects: tuple[str, ...], size: tuple[int, int] = SIZE
    ) -> None:
        self._robot = SimArm(build_scene(task, arm, objects))
        self._cameras = Cameras(self._robot.scene, *size, (CAMERA,))

    def image(self, observation: Observation) -> Image:
        """The scene (H, W, 3) uint8 RGB with everything where it was observed."""
        scene = self._robot.scene
        poses = {name: observation.object_pose[name].pose for name in scene.objects}
        fixtures = {
            name: observation.fixture_position.get(name, 0.0) for name in scene.fixture_qpos
        }
        self._robot.place(observation.joint_position, observation.gripper_width_m, poses, fixtures)
        return self._cameras.image(self._robot.data, CAMERA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._cameras.close()


def observed_objects(task: Task, observation: Observation) -> tuple[str, ...]:
    """Objects of the task that are seen, in its order."""
    return tuple(name for name in task.objects if name in observation.object_pose)


def write_film(
    path: Path,
    moments: Sequence[Moment],
    task: Task,
    arm: ArmProfile,
    success: bool,
    track: Track = quiet,
    trace: Trace | None = None,
) -> None:
    """Write an MP4 of an episode with plan, skill and facts, and a second that says how it ended.

    With a `trace` it also says, for some seconds each, why a skill was given up.

    Raises InputError for an episode without a control step, and where nothing can be drawn.
    """
    if not moments:
        raise InputError("nothing was done, so there is nothing to film")
    objects, rate_hz = observed_objects(task, moments[0].observation), task.rate_hz
    with (
        Studio(task, arm, objects) as studio,
        new_file(path) as partial,
        VideoWriter(partial, SIZE, rate_hz) as video,
    ):
        notes = _notes(trace, rate_hz) if trace else {}
        for image in _frames(studio, track(moments, "filming"), notes, success, rate_hz):
            video.write(image)


def _notes(trace: Trace, rate_hz: float) -> dict[int, str]:
    """What is told at each control step: the latest thing that went wrong, for NOTE_S."""
    told = [event for event in trace.events if event.kind in TOLD]
    return {
        step: TOLD[event.kind] + event.text
        for event in told
        for step in range(event.control_step, event.control_step + round(NOTE_S * rate_hz))
    }


def _frames(
    studio: Studio,
    moments: Iterable[Moment],
    notes: Mapping[int, str],
    success: bool,
    rate_hz: float,
) -> Iterator[Image]:
    for moment in moments:
        note = notes.get(moment.control_step, "")
        image = draw_overlay(studio.image(moment.observation), moment, note)
        yield image
    verdict = "success: the goal holds" if success else "failure: the goal does not hold"
    yield from [draw_verdict(image, success, verdict)] * round(VERDICT_S * rate_hz)
