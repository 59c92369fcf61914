"""A robosuite environment's scene as a MuJoCo spec that an arm of ours can be attached to."""

import importlib.metadata

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError
from robot_skills.core.task import Task
from robot_skills.sim.arm_model import HIDDEN_GROUP
from robot_skills.sim.arm_names import GRIPPER_PREFIX, JOINT_PREFIX
from robot_skills.sim.robosuite_world import BASE, RobosuiteWorld

COLLIDES_WITH = 3  # things of the environment meet each other (bit 1) and the arm (bit 2)
OF_ROBOT = (JOINT_PREFIX, GRIPPER_PREFIX)
FRONT_CAMERA = "front"
FRONT_M = [0.35, -1.15, 0.62]
FRONT_AXES = [0.9656, -0.2603, 0.0, 0.1171, 0.4344, 0.8932]


def of_robosuite(task: Task, arm: ArmProfile) -> RobosuiteWorld:
    """The world behind a task whose scene is robosuite's."""
    if task.robosuite is None:
        raise InputError(f"the task {task.name} is none of robosuite's")
    return RobosuiteWorld(task.robosuite, arm)


def robosuite_spec(
    task: Task, arm: ArmProfile, present: tuple[str, ...], visual: bool
) -> mujoco.MjSpec:
    """The scene without robosuite's robot and without the objects that are not `present`.

    Contacts, friction and solver settings are robosuite's; only the integrator is ours, for the
    arm's stiff servos.
    """
    world = of_robosuite(task, arm)
    spec = mujoco.MjSpec.from_string(world.xml)
    _remove_robot(spec)
    _rename(spec, task)
    _remove_absent(spec, present)
    _shift(spec, world.shift_m)
    _set_geoms(spec, visual)
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    for site in spec.sites:
        site.group = HIDDEN_GROUP
    spec.worldbody.add_camera(name=FRONT_CAMERA, pos=FRONT_M, xyaxes=FRONT_AXES, fovy=36)
    return spec


def robosuite_digest(task: Task) -> bytes:
    """What the scene is made from: the environment's name and robosuite's version."""
    return f"{task.scene} {importlib.metadata.version('robosuite')}".encode()


def _remove_robot(spec: mujoco.MjSpec) -> None:
    controls = [*spec.actuators, *spec.sensors, *spec.tendons, *spec.equalities, *spec.excludes]
    for part in [*controls, *spec.keys]:
        spec.delete(part)
    for body in spec.worldbody.bodies:
        if body.name.endswith("_eef_target"):
            spec.delete(body)
    mount = spec.body(BASE)
    mount.name = "mount"  # what the arm stands on stays
    for part in [*mount.bodies, *mount.sites, *mount.cameras]:
        if part.name.startswith(OF_ROBOT):
            spec.delete(part)
    for asset in [*spec.meshes, *spec.materials, *spec.textures]:
        if asset.name.startswith(OF_ROBOT):
            spec.delete(asset)


def _set_geoms(spec: mujoco.MjSpec, visual: bool) -> None:
    spec.compiler.inertiagrouprange = [0, HIDDEN_GROUP]
    for geom in list(spec.geoms):
        if geom.contype:
            geom.conaffinity = COLLIDES_WITH
            geom.group = geom.group or HIDDEN_GROUP  # each of group 0 has a twin that is drawn
            continue
        geom.mass = 0.0
        if not visual:
            spec.delete(geom)


def _rename(spec: mujoco.MjSpec, task: Task) -> None:
    theirs = {one.name: one.body or one.name for one in task.objects.values()}
    theirs |= {one.name: one.body or one.name for one in task.fixtures.values()}
    for name, found in theirs.items():
        body = spec.body(found)
        if body is None:
            raise InputError(f"{task.scene} has no body {found!r}, which is {name} in task.toml")
        body.name = name


def _remove_absent(spec: mujoco.MjSpec, present: tuple[str, ...]) -> None:
    for body in spec.worldbody.bodies:
        moves = any(joint.type == mujoco.mjtJoint.mjJNT_FREE for joint in body.joints)
        if moves and body.name not in present:
            spec.delete(body)


def _shift(spec: mujoco.MjSpec, by_m: NDArray[np.float64]) -> None:
    world = spec.worldbody
    for part in [*world.bodies, *world.geoms, *world.sites, *world.cameras, *world.lights]:
        part.pos = part.pos + by_m
