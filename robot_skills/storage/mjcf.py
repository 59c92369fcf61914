"""Joint layout and forward kinematics of a MuJoCo model file, without its meshes.

Recorded model files name meshes on the recorder's disk, so they cannot be compiled; the body tree
is all that is needed to read joints, objects and the hand out of recorded states.
"""

from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.core.poses import IDENTITY_POSE, compose

Floats = NDArray[np.float64]

POSITIONS = {"free": 7, "ball": 4, "hinge": 1, "slide": 1}
VELOCITIES = {"free": 6, "ball": 3, "hinge": 1, "slide": 1}


@dataclass(frozen=True)
class Joint:
    """One joint with its columns: qpos from `position`, qvel from `velocity`."""

    name: str
    body: str
    kind: str
    position: int
    velocity: int
    axis: Floats
    anchor_m: Floats


@dataclass(frozen=True)
class Body:
    """One body: its pose (7,) in its parent at joint zero, and its joints in order."""

    name: str
    parent: str
    pose: Floats
    joints: tuple[Joint, ...]


@dataclass(frozen=True)
class BodyTree:
    """Bodies by name, parents first; "world" is not among them."""

    bodies: dict[str, Body]

    @property
    def joints(self) -> list[Joint]:
        """Every joint in the order of its columns."""
        return [joint for body in self.bodies.values() for joint in body.joints]

    @property
    def position_columns(self) -> int:
        """Length nq of qpos."""
        return sum(POSITIONS[joint.kind] for joint in self.joints)

    @property
    def velocity_columns(self) -> int:
        """Length nv of qvel."""
        return sum(VELOCITIES[joint.kind] for joint in self.joints)

    def body_pose(self, name: str, qpos: Floats) -> Floats:
        """Poses (T, 7) in world of the body `name` for qpos (T, nq)."""
        if name not in self.bodies:
            return np.tile(IDENTITY_POSE, (len(qpos), 1))
        body = self.bodies[name]
        if any(joint.kind == "free" for joint in body.joints):
            start = body.joints[0].position
            return qpos[:, start : start + 7]
        pose = compose(self.body_pose(body.parent, qpos), np.tile(body.pose, (len(qpos), 1)))
        for joint in body.joints:
            pose = compose(pose, _joint_motion(joint, qpos[:, joint.position]))
        return np.asarray(pose)


def read_body_tree(xml: str) -> BodyTree:
    """Body tree of MJCF text; InputError for text that is no MJCF with a worldbody."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        raise InputError(f"the model is no XML: {error}") from error
    worlds = root.findall("worldbody")
    if not worlds:
        raise InputError(f"the model has no <worldbody>; its root is <{root.tag}>")
    bodies: dict[str, Body] = {}
    columns = [0, 0]
    for world in worlds:
        _read_bodies(world, "world", bodies, columns)
    return BodyTree(bodies)


def _read_bodies(
    parent: ElementTree.Element, parent_name: str, bodies: dict[str, Body], columns: list[int]
) -> None:
    for element in parent.findall("body"):
        name = element.get("name", f"body_{len(bodies)}")
        joints = tuple(
            _read_joint(child, name, columns)
            for child in element
            if child.tag in ("joint", "freejoint")
        )
        pose = np.concatenate(
            [_numbers(element, "pos", (0, 0, 0)), _numbers(element, "quat", (1, 0, 0, 0))]
        )
        pose[3:] /= np.linalg.norm(pose[3:])
        bodies[name] = Body(name, parent_name, pose, joints)
        _read_bodies(element, name, bodies, columns)


def _read_joint(element: ElementTree.Element, body: str, columns: list[int]) -> Joint:
    kind = "free" if element.tag == "freejoint" else element.get("type", "hinge")
    if kind not in POSITIONS:
        raise InputError(f"joint {element.get('name')!r} of {body!r} has the unknown type {kind!r}")
    axis = _numbers(element, "axis", (0, 0, 1))
    joint = Joint(
        element.get("name", f"{body}_joint"),
        body,
        kind,
        columns[0],
        columns[1],
        axis / np.linalg.norm(axis),
        _numbers(element, "pos", (0, 0, 0)),
    )
    columns[0] += POSITIONS[kind]
    columns[1] += VELOCITIES[kind]
    return joint


def _numbers(element: ElementTree.Element, name: str, default: tuple[float, ...]) -> Floats:
    text = element.get(name)
    return np.array(default if text is None else text.split(), dtype=float)


def _joint_motion(joint: Joint, value: Floats) -> Floats:
    """Poses (T, 7) of the moved body in its frame at zero, for values (T,) rad or m."""
    pose = np.tile(IDENTITY_POSE, (len(value), 1))
    if joint.kind == "slide":
        pose[:, :3] = value[:, None] * joint.axis
        return pose
    to_anchor, back = pose.copy(), pose.copy()
    to_anchor[:, :3], back[:, :3] = joint.anchor_m, -joint.anchor_m
    pose[:, 3] = np.cos(value / 2)
    pose[:, 4:] = np.sin(value / 2)[:, None] * joint.axis
    return np.asarray(compose(compose(to_anchor, pose), back))
