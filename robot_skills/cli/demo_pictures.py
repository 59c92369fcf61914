"""The strips of film that the demo's stages leave for the report."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from robot_skills.cli.pictures import film_strip, save_png

if TYPE_CHECKING:
    from robot_skills.core.arm import ArmProfile
    from robot_skills.core.demonstration import Demonstration, Segment
    from robot_skills.core.task import Task
    from robot_skills.run.execute.watching import Moment

STRIP_FRAMES, SKILL_FRAMES = 9, 6
STRIP_SIZE = (240, 320)  # height, width, before the margins are cut off


def draw_demonstration(path: Path, shown: "Demonstration") -> None:
    """A strip of a whole demonstration, where it was filmed."""
    from robot_skills.storage.video import read_frames

    if shown.video:
        video = next(iter(shown.video.values()))
        save_png(path, film_strip(read_frames(video, _spread(shown.steps, STRIP_FRAMES))))


def draw_skills(
    folder: Path, recorded: "Sequence[Demonstration]", pieces: "Sequence[Segment]"
) -> None:
    """A strip a skill, skill_<name>.png: its segment of median length from start to end."""
    from robot_skills.storage.video import read_frames

    by_name = {one.name: one for one in recorded}
    for skill in dict.fromkeys(piece.skill for piece in pieces):
        own = sorted((p for p in pieces if p.skill == skill), key=lambda piece: piece.steps)
        piece = own[len(own) // 2]
        video = next(iter(by_name[piece.demonstration].video.values()))
        steps = [piece.start + step for step in _spread(piece.steps, SKILL_FRAMES)]
        save_png(folder / f"skill_{skill}.png", film_strip(read_frames(video, steps)))


def draw_moments(path: Path, moments: "Sequence[Moment]", task: "Task", arm: "ArmProfile") -> None:
    """A strip of an episode, without anything written over it."""
    from robot_skills.run.show.film import Studio, observed_objects

    chosen = [moments[i].observation for i in telling_moments(moments)]
    with Studio(task, arm, observed_objects(task, chosen[0]), STRIP_SIZE) as studio:
        save_png(path, film_strip([studio.image(observation) for observation in chosen]))


def telling_moments(moments: "Sequence[Moment]") -> list[int]:
    """Numbers of moments: the first, then the middle and the end of each step of the plan."""
    edges = [i for i in range(1, len(moments)) if moments[i].step is not moments[i - 1].step]
    told = [0]
    for start, stop in pairwise([0, *edges, len(moments)]):
        told += [(start + stop) // 2, stop - 1]
    return [told[i] for i in _spread(len(told), min(STRIP_FRAMES, len(told)))]


def _spread(count: int, wanted: int) -> list[int]:
    """Numbers of frames from the first to the last of `count`, evenly."""
    return [round(i * (count - 1) / (wanted - 1)) for i in range(wanted)]
