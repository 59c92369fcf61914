"""Capsules around the bodies of an arm, for distances that are quick and never too large.

A part is everything that moves with one joint: part 0 stands still, part J is the hand. What moves
within a part, the fingers, is held at every width of the gripper.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.sim.arm_names import GRIPPER_PREFIX, JOINT_PREFIX

Floats = NDArray[np.float64]

BASE = 1  # the world's only child in an arm's model
ROUND = 16  # points around a round geom
WIDTHS = 5  # of the gripper that the hand is measured at


@dataclass(frozen=True)
class Capsule:
    """Ends (2, 3) m of the middle line in the frame of a part's first body, and the radius."""

    name: str
    part: int
    first_body: str
    ends_m: Floats
    radius_m: float


def part_of_bodies(model: mujoco.MjModel, arm: ArmProfile) -> NDArray[np.int64]:
    """Which part (B,) each body of a compiled arm belongs to; 0 for what stands still."""
    parts = np.zeros(model.nbody, dtype=np.int64)
    moved_by = {
        int(model.joint(JOINT_PREFIX + name).bodyid[0]): i for i, name in enumerate(arm.joints)
    }
    for body in range(1, model.nbody):
        parts[body] = moved_by.get(body, parts[model.body_parentid[body]] - 1) + 1
    return parts


def fit_capsules(model: mujoco.MjModel, arm: ArmProfile) -> list[Capsule]:
    """A capsule around the collision geoms of each body of a compiled arm that has any."""
    parts = part_of_bodies(model, arm)
    first = [BASE, *(int(np.flatnonzero(parts == part)[0]) for part in range(1, arm.dof + 1))]
    clouds: dict[int, list[Floats]] = {}
    data = mujoco.MjData(model)
    for share in np.linspace(0.0, 1.0, WIDTHS):
        _open_gripper(model, data, arm, float(share))
        for geom in range(model.ngeom):
            body = int(model.geom_bodyid[geom])
            points = _in_body(data, first[parts[body]], _points(model, data, geom))
            clouds.setdefault(body, []).append(points)
    return [
        Capsule(
            model.body(body).name,
            int(parts[body]),
            model.body(first[parts[body]]).name,
            *_around(np.concatenate(cloud)),
        )
        for body, cloud in clouds.items()
    ]


def _open_gripper(
    model: mujoco.MjModel, data: mujoco.MjData, arm: ArmProfile, share: float
) -> None:
    driver = model.joint(GRIPPER_PREFIX + arm.gripper.driver)
    value = driver.range[0] + share * (driver.range[1] - driver.range[0])
    data.qpos[driver.qposadr[0]] = value
    for follower, ratio in arm.gripper.couplings.items():
        data.qpos[model.joint(GRIPPER_PREFIX + follower).qposadr[0]] = ratio * value
    mujoco.mj_kinematics(model, data)


def _in_body(data: mujoco.MjData, body: int, points: Floats) -> Floats:
    return np.asarray((points - data.xpos[body]) @ data.xmat[body].reshape(3, 3))


def _points(model: mujoco.MjModel, data: mujoco.MjData, geom: int) -> Floats:
    """Points (N, 3) m in world whose convex hull holds the geom."""
    kind, size = model.geom_type[geom], model.geom_size[geom]
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = model.geom_dataid[geom]
        first = model.mesh_vertadr[mesh]
        local = model.mesh_vert[first : first + model.mesh_vertnum[mesh]]
    elif kind in (mujoco.mjtGeom.mjGEOM_CAPSULE, mujoco.mjtGeom.mjGEOM_CYLINDER):
        beyond = size[0] if kind == mujoco.mjtGeom.mjGEOM_CAPSULE else 0.0
        local = _ring(float(size[0]), float(size[1] + beyond))
    elif kind == mujoco.mjtGeom.mjGEOM_SPHERE:
        local = _ring(float(size[0]), float(size[0]))
    else:
        signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T
        local = signs * size
    rotation = data.geom_xmat[geom].reshape(3, 3)
    return np.asarray(data.geom_xpos[geom] + local @ rotation.T)


def _ring(radius: float, half_length: float) -> Floats:
    angles = np.linspace(0.0, 2 * np.pi, ROUND, endpoint=False)
    around = radius / np.cos(np.pi / ROUND)  # so that the polygon holds the circle
    flat = np.stack([around * np.cos(angles), around * np.sin(angles)], axis=1)
    ends = (-half_length, half_length)
    return np.concatenate([np.column_stack([flat, np.full(ROUND, z)]) for z in ends])


def _around(points: Floats) -> tuple[Floats, float]:
    """Ends (2, 3) and radius of the thinnest capsule along one of the points' main axes."""
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    axes = np.concatenate([np.linalg.svd(points - points.mean(axis=0), False)[2], np.eye(3)])
    return min((_along(points, middle, axis) for axis in axes), key=_volume)


def _along(points: Floats, middle: Floats, axis: Floats) -> tuple[Floats, float]:
    along = (points - middle) @ axis
    across = points - middle - along[:, None] * axis
    sides = np.linalg.svd(across, full_matrices=False)[2][:2]
    flat = across @ sides.T
    centre = (flat.min(axis=0) + flat.max(axis=0)) / 2
    distance = np.linalg.norm(flat - centre, axis=1)
    radius = float(distance.max())
    reach = np.sqrt(np.maximum(radius**2 - distance**2, 0.0))  # of a round end beyond its centre
    low, high = float((along + reach).min()), float((along - reach).max())
    if low > high:  # a ball
        low = high = (low + high) / 2
    origin = middle + centre @ sides
    return np.array([origin + low * axis, origin + high * axis]), radius


def _volume(capsule: tuple[Floats, float]) -> float:
    ends, radius = capsule
    return radius**2 * (float(np.linalg.norm(ends[1] - ends[0])) + 4 / 3 * radius)
