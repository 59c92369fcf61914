"""Where an arm's end-effector, elbow and links are, and how near they are to each other."""

import itertools
from dataclasses import dataclass
from math import inf

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError
from robot_skills.deploy.safety.capsules import Capsule, fit_capsules, part_of_bodies
from robot_skills.sim.arm_model import arm_spec
from robot_skills.sim.arm_names import EE_SITE, JOINT_PREFIX

Floats = NDArray[np.float64]

CAPSULE = mujoco.mjtGeom.mjGEOM_CAPSULE
TABLE = "table"
NEIGHBOURHOOD_RAD = 0.1  # about home, where no distance is to be a reason to slow
SAMPLES = 200
ALWAYS_NEAR_M = 0.005  # beyond the distance at which an arm slows


@dataclass(frozen=True)
class Near:
    """The nearest of the watched pairs and its distance in m; inf where all are farther away."""

    distance_m: float
    pair: tuple[str, str] = ("", "")


class ArmBody:
    """One arm of capsules on a table, moved by kinematics alone; one pose at a time.

    `table_m` is the table's height in world, None where none is known. Watched are all pairs of
    bodies that neither meet in a joint nor are near each other around the arm's home, and all and
    the table but for the base and the hand, which is there to touch things.
    """

    def __init__(self, arm: ArmProfile, table_m: float | None, slow_m: float) -> None:
        whole = _whole(arm)
        capsules = fit_capsules(whole, arm)
        pairs = _candidates(arm, whole, capsules, table_m is not None)
        model = _compiled(arm, capsules, table_m, [], slow_m)
        self.pairs = _far_at_home(model, arm, pairs, slow_m + ALWAYS_NEAR_M)
        parts = part_names(arm)
        self._labels = {capsule.name: parts[capsule.part] for capsule in capsules}
        self._model = _compiled(arm, capsules, table_m, self.pairs, slow_m)
        self._data = mujoco.MjData(self._model)
        self._site = self._model.site(EE_SITE).id
        self._qpos = self._data.qpos
        self._ee = self._data.site_xpos[self._site]
        self._elbow = self._data.xpos[_elbow(self._model, arm)]
        self._jacobian = np.zeros((3, arm.dof))

    def place(self, joint_position: list[float] | Floats) -> None:
        """Take up joints (J,) rad."""
        self._qpos[:] = joint_position
        mujoco.mj_kinematics(self._model, self._data)

    def ee(self) -> list[float]:
        """The end-effector (3,) m in world."""
        position: list[float] = self._ee.tolist()
        return position

    def elbow_height_m(self) -> float:
        """The elbow's height in world; inf for an arm whose profile names none."""
        return float(self._elbow[2])

    def ee_jacobian(self) -> Floats:
        """What each joint's speed adds to the end-effector's (3, J), in world; overwritten."""
        mujoco.mj_comPos(self._model, self._data)
        mujoco.mj_jacSite(self._model, self._data, self._jacobian, None, self._site)
        return self._jacobian

    def distance_m(self) -> float:
        """Distance of the nearest watched pair; inf where all are farther away than is slowed."""
        mujoco.mj_collision(self._model, self._data)
        return float(self._data.contact.dist.min()) if self._data.ncon else inf

    def near(self) -> Near:
        """As `distance_m`, with the names of the two."""
        distance_m = self.distance_m()
        if distance_m == inf:
            return Near(inf)
        geoms = self._data.contact.geom[int(self._data.contact.dist.argmin())]
        first, second = (self._label(int(geom)) for geom in geoms)
        return Near(distance_m, (first, second))

    def _label(self, geom: int) -> str:
        name = str(self._model.geom(geom).name)
        return self._labels.get(name, name)


def _whole(arm: ArmProfile) -> mujoco.MjModel:
    return arm_spec(arm, visual=False).compile()


def _elbow(model: mujoco.MjModel, arm: ArmProfile) -> int:
    name = arm.deploy.elbow if arm.deploy is not None else ""
    return int(model.body(JOINT_PREFIX + name).id) if name else int(model.body("no_elbow").id)


def _candidates(
    arm: ArmProfile, whole: mujoco.MjModel, capsules: list[Capsule], has_table: bool
) -> list[tuple[str, str]]:
    watched = arm.deploy.watched if arm.deploy is not None else ()
    of_body = part_of_bodies(whole, arm)
    parts = {int(of_body[whole.body(JOINT_PREFIX + name).id]) for name in watched}
    known = [capsule for capsule in capsules if not parts or capsule.part in parts]
    pairs = [
        (a.name, b.name)
        for a, b in itertools.combinations(known, 2)
        if abs(b.part - a.part) > 1  # those that meet in a joint are always near
    ]
    if has_table:
        pairs += [(capsule.name, TABLE) for capsule in known if 0 < capsule.part < arm.dof]
    return pairs


def part_names(arm: ArmProfile) -> list[str]:
    """What each part is called (J + 1): by the joint that moves it, the last is the hand."""
    return ["base", *(f"link {i} (after {name})" for i, name in _inner(arm)), "hand"]


def _inner(arm: ArmProfile) -> list[tuple[int, str]]:
    return list(enumerate(arm.joints[:-1], start=1))


def _compiled(
    arm: ArmProfile,
    capsules: list[Capsule],
    table_m: float | None,
    pairs: list[tuple[str, str]],
    slow_m: float,
) -> mujoco.MjModel:
    spec = arm_spec(arm, visual=False)
    _bare(spec, arm)
    base = spec.worldbody.bodies[0]
    base.pos, base.quat = arm.base_pose[:3], arm.base_pose[3:]
    for capsule in capsules:
        _add_capsule(spec, capsule)
    spec.worldbody.add_body(name="no_elbow", pos=[0.0, 0.0, 1e6])
    if table_m is not None:
        plane = spec.worldbody.add_geom(name=TABLE, type=mujoco.mjtGeom.mjGEOM_PLANE)
        plane.size, plane.pos, plane.contype, plane.conaffinity = [1, 1, 1], [0, 0, table_m], 0, 0
    for first, second in pairs:
        pair = spec.add_pair(geomname1=first, geomname2=second)
        pair.margin = slow_m
    model = spec.compile()
    addresses = [int(model.joint(JOINT_PREFIX + name).qposadr[0]) for name in arm.joints]
    if addresses != list(range(arm.dof)) or model.nq != arm.dof:
        raise InputError(f"{arm.name}: the model's joints are not in the profile's order")
    return model


def _bare(spec: mujoco.MjSpec, arm: ArmProfile) -> None:
    """Leave the arm's joints and sites alone, everything else away."""
    joints = {JOINT_PREFIX + name for name in arm.joints}
    for part in [*spec.equalities, *spec.actuators, *spec.geoms, *spec.meshes, *spec.pairs]:
        spec.delete(part)
    for joint in list(spec.joints):
        if joint.name not in joints:
            spec.delete(joint)
    for body in spec.bodies:
        body.explicitinertial = True
        body.mass, body.inertia = 1.0, [1.0, 1.0, 1.0]
        body.fullinertia = [np.nan] * 6  # MuJoCo's word for none


def _add_capsule(spec: mujoco.MjSpec, capsule: Capsule) -> None:
    ends = capsule.ends_m
    if np.linalg.norm(ends[1] - ends[0]) < 1e-6:
        ends = ends + np.array([[0.0, 0.0, -1e-6], [0.0, 0.0, 1e-6]])
    geom = spec.body(capsule.first_body).add_geom(name=capsule.name, type=CAPSULE)
    geom.fromto, geom.size[0] = ends.ravel(), capsule.radius_m
    geom.contype, geom.conaffinity = 0, 0


def _far_at_home(
    model: mujoco.MjModel, arm: ArmProfile, pairs: list[tuple[str, str]], far_m: float
) -> list[tuple[str, str]]:
    data = mujoco.MjData(model)
    random = np.random.default_rng(0)
    ids = [(model.geom(first).id, model.geom(second).id) for first, second in pairs]
    nearest = np.full(len(pairs), inf)
    offsets = random.uniform(-NEIGHBOURHOOD_RAD, NEIGHBOURHOOD_RAD, (SAMPLES, arm.dof))
    for offset in offsets:
        data.qpos[:] = np.clip(arm.home + offset, arm.position_min, arm.position_max)
        mujoco.mj_kinematics(model, data)
        found = [mujoco.mj_geomDistance(model, data, a, b, 1.0, None) for a, b in ids]
        nearest = np.minimum(nearest, found)
    return [pair for pair, distance in zip(pairs, nearest, strict=True) if distance > far_m]
