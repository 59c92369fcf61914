"""Where a fixture's parts are when its joint moves."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.arrays import Array, namespace
from robot_skills.core.frames import upright_frame
from robot_skills.core.task import Fixture, Task

Floats = NDArray[np.float64]


def swing(pivot_m: Array, angle_rad: Array) -> Array:
    """Poses (..., 7) of a frame turned upright by angles (...,) about `pivot_m` (3,) in it."""
    xp = namespace(pivot_m, angle_rad)
    turn = poses.from_yaw(xp.asarray(angle_rad))
    return xp.concat([pivot_m - poses.rotate(turn, pivot_m), turn], axis=-1)


def turned_back(pose: Array, pivot_m: Array, position_rad: Array) -> Array:
    """Poses (..., 7) without the turn (...,) of upright hinges about `pivot_m` (..., 3) in them."""
    return poses.compose(pose, poses.invert(swing(pivot_m, position_rad)))


def resting_pose(fixture: Fixture, pose: Floats, position: float) -> Floats:
    """Where a fixture's interior is: its pose (7,) now, without the turn of an upright hinge."""
    if fixture.pivot_m is None:
        return pose
    return np.asarray(turned_back(pose, fixture.pivot_m, position))


def place_frame(task: Task, name: str, pose: Floats, position: float) -> Floats:
    """Upright frame (7,) in world in which things are put into, or onto, what is at `pose` (7,).

    `position` is that of its joint in rad or m, 0 where it has none.
    """
    if name in task.objects:
        return np.asarray(upright_frame(pose, task.objects[name].yaw_symmetry))
    return np.asarray(upright_frame(resting_pose(task.fixtures[name], pose, position), 1))


def handle_pose(fixture: Fixture, pose: Floats, travel: float) -> Floats | None:
    """Pose (7,) of the handle when the joint has moved by `travel` m or rad from a pose (7,) now.

    None where the fixture has no handle. A slide opens along -x of its frame.
    """
    if fixture.handle_m is None:
        return None
    if fixture.pivot_m is None:
        moved = np.array([-travel, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    else:
        moved = swing(fixture.pivot_m, travel)
    at = np.concatenate([fixture.handle_m, [1.0, 0.0, 0.0, 0.0]])
    return np.asarray(poses.compose(pose, poses.compose(moved, at)))
