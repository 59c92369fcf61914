"""Somewhere near where a thing could be put down by somebody: free, within reach, and at rest."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.task import Task
from robot_skills.sim.sim_arm import SimArm

Floats = NDArray[np.float64]

TRIES = 80
BEYOND_START_M = 0.05  # how far outside the region of random starts a thing may come to stand
SETTLE_S = 0.2
STAYS_M = 0.004  # what is put into a wall or another thing is pushed away further than this
STAYS_RAD = 0.06


def free_place(
    robot: SimArm, thing: str, distance_m: tuple[float, float], rng: np.random.Generator
) -> Floats | None:
    """Pose (7,) in world on the table, `distance_m` from where the thing is now; None: no room.

    A place counts as free when the task's spacing is kept and the thing stays there when physics
    runs on for a moment; the robot is left as it was.
    """
    state, width_m = robot.state, robot.gripper_command_m
    try:
        for _ in range(TRIES):
            pose = _drawn(robot, thing, distance_m, rng)
            if _has_room(robot, thing, pose) and _stays(robot, thing, pose):
                return pose
            robot.set_state(state, width_m)
        return None
    finally:
        robot.set_state(state, width_m)


def _drawn(
    robot: SimArm, thing: str, distance_m: tuple[float, float], rng: np.random.Generator
) -> Floats:
    """A place on the table's top, which is z = 0, turned as at a random start."""
    task = robot.scene.task
    here = robot.data.xpos[robot.scene.bodies[thing]]
    angle, distance = rng.uniform(-np.pi, np.pi), rng.uniform(*distance_m)
    spot = here[:2] + distance * np.array([np.cos(angle), np.sin(angle)])
    own = task.objects[thing].yaw_range_rad
    limit = task.reset.yaw_range_rad if own is None else own
    yaw = poses.from_yaw(np.asarray(rng.uniform(-limit, limit)))
    return np.concatenate([spot, [task.objects[thing].half_extents_m[2]], yaw])


def _has_room(robot: SimArm, thing: str, pose: Floats) -> bool:
    task, scene = robot.scene.task, robot.scene
    low, high = _region(task, thing)
    if not (np.all(pose[:2] > low) and np.all(pose[:2] < high)):
        return False
    others = [robot.data.xpos[scene.bodies[n]][:2] for n in scene.objects if n != thing]
    return all(np.linalg.norm(pose[:2] - other) > task.reset.spacing_m for other in others)


def _region(task: Task, thing: str) -> tuple[Floats, Floats]:
    own = task.objects[thing].region_m
    low, high = task.reset.region_m if own is None else own
    return low - BEYOND_START_M, high + BEYOND_START_M


def _stays(robot: SimArm, thing: str, pose: Floats) -> bool:
    put(robot, thing, pose)
    robot.settle(SETTLE_S)
    mujoco.mj_kinematics(robot.scene.model, robot.data)
    body = robot.scene.bodies[thing]
    moved = float(np.linalg.norm(robot.data.xpos[body] - pose[:3]))
    turn = poses.multiply(robot.data.xquat[body], poses.conjugate(pose[3:]))
    return moved < STAYS_M and float(np.linalg.norm(poses.rotation_vector(turn))) < STAYS_RAD


def put(robot: SimArm, thing: str, pose: Floats) -> None:
    """Set a thing down at rest at a pose (7,) in world."""
    model, data = robot.scene.model, robot.data
    data.qpos[robot.scene.object_qpos[thing] :][:7] = pose
    data.qvel[free_dof(robot, thing) :][:6] = 0.0
    mujoco.mj_forward(model, data)


def free_dof(robot: SimArm, thing: str) -> int:
    """First of the six degrees of freedom of a thing that moves freely."""
    model = robot.scene.model
    return int(model.jnt_dofadr[model.body_jntadr[robot.scene.bodies[thing]]])
