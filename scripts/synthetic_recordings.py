"""Recordings made of random jobs with planted skills, for measuring speed and memory only.

    python scripts/synthetic_recordings.py FOLDER [--hours 10]

An arm moves along minimum-jerk paths between random places: it picks and places, wipes, presses
and retracts. At 30 Hz: end-effector pose, gripper width, wrench. Boundaries are saved as truth.
No quality is measured on these: they are easier than anything a person does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from numpy.typing import NDArray

from robot_skills.cli.progress import track
from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.record.paths import minimum_jerk
from robot_skills.storage.episodes import EpisodeWriter, episode_name
from robot_skills.storage.truth import Behaviour, Truth, save_truth

Floats = NDArray[np.float64]

RATE_HZ = 30.0
PLACES = 6
OPEN_M, CLOSED_M = 0.08, 0.03
HOVER_M = 0.15
SPEED_M_S = 0.2
SHORTEST_MOVE_S = 0.4
POSITION_NOISE_M = 3e-4
FORCE_NOISE_N = 0.2
HOME = np.array([0.4, 0.0, 0.4])
JOBS = {
    "move": ("reach", "grasp", "carry", "place"),
    "clean": ("reach", "wipe"),
    "switch": ("reach", "press"),
    "rest": ("retract",),
}


@dataclass(frozen=True)
class Move:
    """A straight minimum-jerk move to `position` (3,) m and `yaw` rad.

    `width_m` is the gripper's opening during it, `push_n` the force against what is below.
    """

    position: Floats
    yaw: float
    width_m: float
    push_n: float = 0.0


def synthetic_demonstration(name: str, minutes: float, seed: int) -> tuple[Demonstration, Truth]:
    """One recording of that length and its planted skills."""
    rng = np.random.default_rng(seed)
    steps = round(60 * minutes * RATE_HZ)
    rows: list[Floats] = []
    behaviours: list[Behaviour] = []
    at = Move(HOME, 0.0, OPEN_M)
    done = 0
    for skill, moves in _skills(rng):
        start = done
        for move in moves:
            rows.append(_rows(at, move, rng))
            done += len(rows[-1])
            at = move
        behaviours.append(Behaviour(skill, (), start, min(done, steps)))
        if done >= steps:
            break
    boundaries = tuple(b.start for b in behaviours[1:])
    table = np.concatenate(rows)[:steps]
    return Demonstration(name, RATE_HZ, _channels(table, rng)), Truth(boundaries, tuple(behaviours))


def write_recordings(folder: Path, hours: float, minutes: float = 5.0, seed: int = 0) -> None:
    """Episodes of `minutes` each, `hours` in all, with their truth; finished ones are kept."""
    numbers = range(max(1, round(60 * hours / minutes)))
    for number in track(numbers, f"writing {hours:g} h"):
        if not (folder / episode_name(number)).exists():
            one, truth = synthetic_demonstration(episode_name(number), minutes, seed + number)
            with EpisodeWriter(folder, number, {}, RATE_HZ) as writer:
                writer.finish(one)
            save_truth(folder, one.name, truth)


def _skills(rng: np.random.Generator) -> Iterator[tuple[str, list[Move]]]:
    """Skills of random jobs without end, each as its moves."""
    places = rng.uniform([0.3, -0.4, 0.0], [0.7, 0.4, 0.2], size=(PLACES, 3))
    yaws = rng.uniform(-1.2, 1.2, size=PLACES)
    names = list(JOBS)
    while True:
        here, there = (int(i) for i in rng.choice(PLACES, 2, replace=False))
        for skill in JOBS[names[int(rng.integers(len(names)))]]:
            place = there if skill in ("carry", "place") else here
            yield skill, _moves(skill, places[place], float(yaws[place]), rng)


def _moves(skill: str, place: Floats, yaw: float, rng: np.random.Generator) -> list[Move]:
    above = place + [0.0, 0.0, HOVER_M]
    leave = Move(above, yaw, OPEN_M)
    lower = Move(place, yaw, OPEN_M)
    sides = [place + [0.0, side, 0.0] for side in (-0.1, 0.1) * int(rng.integers(2, 4))]
    moves = {
        "reach": [leave],
        "grasp": [lower, Move(place, yaw, CLOSED_M, 2.0)],
        "carry": [Move(above, yaw, CLOSED_M, -3.0)],
        "place": [Move(place, yaw, CLOSED_M, 4.0), lower, leave],
        "wipe": [Move(side, yaw, OPEN_M, 8.0) for side in sides],
        "press": [lower, Move(place, yaw, OPEN_M, 15.0), leave],
        "retract": [Move(HOME + rng.normal(0.0, 0.02, 3), 0.0, OPEN_M)],
    }
    return moves[skill]


def _rows(start: Move, end: Move, rng: np.random.Generator) -> Floats:
    """Position, yaw, width and push (steps, 6) on the way."""
    length_m = float(np.linalg.norm(end.position - start.position))
    seconds = max(SHORTEST_MOVE_S, length_m / SPEED_M_S) * rng.lognormal(0.0, 0.15)
    steps = max(2, round(seconds * RATE_HZ))
    share = minimum_jerk(np.arange(1, steps + 1) / steps)[:, None]
    one, other = (np.array([*m.position, m.yaw, m.width_m, m.push_n]) for m in (start, end))
    return np.asarray(one + share * (other - one))


def _channels(rows: Floats, rng: np.random.Generator) -> dict[str, Channel]:
    position, yaw, width, push = rows[:, :3], rows[:, 3], rows[:, 4:5], rows[:, 5]
    still = np.zeros_like(yaw)
    down_turned = [still, np.cos(yaw / 2), np.sin(yaw / 2), still]  # the hand points down
    pose = np.column_stack(
        [position + rng.normal(0, POSITION_NOISE_M, position.shape), *down_turned]
    )
    wrench = rng.normal(0, FORCE_NOISE_N, (len(rows), 6)) * [1, 1, 1, 0.1, 0.1, 0.1]
    wrench[:, 2] += push
    return {
        "ee_pose": Channel(pose, "m", ChannelKind.POSE, "world"),
        "gripper_width": Channel(width, "m", ChannelKind.GRIPPER),
        "wrench": Channel(wrench, "N", ChannelKind.WRENCH, "world"),
    }


@dataclass(frozen=True)
class Write:
    """Write synthetic recordings as episodes."""

    folder: tyro.conf.Positional[Path]
    """Where to."""

    hours: float = 10.0
    """Length of all together."""

    minutes: float = 5.0
    """Length of each."""

    seed: int = 0
    """Of the first recording; the next ones count up."""

    def run(self) -> None:
        """Write them."""
        write_recordings(self.folder, self.hours, self.minutes, self.seed)


if __name__ == "__main__":
    tyro.cli(Write).run()
