"""From a task and an arm to one MuJoCo model, with the indices everything else needs."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError
from robot_skills.core.task import Task
from robot_skills.sim.arm_model import (
    GRIPPER_ACTUATOR,
    arm_spec,
    model_digest,
    tune_gripper,
    width_table,
)
from robot_skills.sim.arm_names import EE_SITE, GRIPPER_PREFIX, JOINT_PREFIX
from robot_skills.sim.robosuite_scene import robosuite_digest, robosuite_spec

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

WRIST_CAMERA = "wrist"


@dataclass(frozen=True)
class Scene:
    """A compiled model of a task with an arm and the objects present, and where things are in it.

    `arm_qpos`, `arm_dofs`, `arm_actuators` (J,) index the arm; `object_qpos` the free
    joints by name; `bodies` objects and fixtures' moving parts; `fixture_qpos` the
    fixtures that have a joint. `widths_m` (K,), rising, and `width_joints` (K,) map the gripper.
    """

    task: Task
    arm: ArmProfile
    objects: tuple[str, ...]
    model: mujoco.MjModel
    arm_qpos: Indices
    arm_dofs: Indices
    arm_actuators: Indices
    gripper_actuator: int
    gripper_qpos: int
    gripper_joints: tuple[tuple[int, float], ...]
    ee_site: int
    object_qpos: dict[str, int]
    bodies: dict[str, int]
    fixture_qpos: dict[str, int]
    widths_m: Floats
    width_joints: Floats

    @property
    def fingerprint(self) -> str:
        """Hash of the files this model was built from, and of MuJoCo's version."""
        digest = hashlib.sha256(mujoco.__version__.encode())
        if self.task.robosuite:
            digest.update(robosuite_digest(self.task))
        else:
            digest.update((self.task.folder / self.task.scene).read_bytes())
        digest.update(model_digest(self.arm))
        return digest.hexdigest()[:16]

    def driver_for(self, width_m: float) -> float:
        """Driver joint value that opens the gripper to `width_m`."""
        return float(np.interp(width_m, self.widths_m, self.width_joints))

    def width_of(self, driver_value: float) -> float:
        """Gripper width in m at a driver joint value."""
        rising = self.width_joints[0] < self.width_joints[-1]
        joints, widths = self.width_joints, self.widths_m
        if not rising:
            joints, widths = joints[::-1], widths[::-1]
        return float(np.interp(driver_value, joints, widths))


def build_scene(
    task: Task, arm: ArmProfile, objects: tuple[str, ...] | None = None, visual: bool = True
) -> Scene:
    """Compile a task's scene with `arm` and only the named `objects` (all of them by default).

    `visual=False` leaves out the arm's meshes that only cameras see: faster to compile and small.
    Raises InputError where the scene file and task.toml disagree.
    """
    present = tuple(task.objects) if objects is None else objects
    if task.robosuite:
        spec = robosuite_spec(task, arm, present, visual)
    else:
        spec = _task_spec(task, present)
    base = spec.worldbody.add_frame(pos=arm.base_pose[:3], quat=arm.base_pose[3:])
    arm_part = arm_spec(arm, visual)
    _add_wrist_camera(arm_part)
    base.attach_body(arm_part.worldbody.bodies[0], "", "")
    model = spec.compile()
    widths, joints = width_table(model, arm)
    tune_gripper(model, arm, float(np.ptp(widths) / np.ptp(joints)))
    return _index(task, arm, present, model, (widths, joints))


def save_model(scene: Scene, file: Path) -> None:
    """Write the compiled model: `load_scene` needs neither robosuite nor meshes to read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    mujoco.mj_saveModel(scene.model, str(file), None)


def load_scene(task: Task, arm: ArmProfile, file: Path) -> Scene:
    """The scene of a model that `save_model` wrote, with the objects that it has.

    Raises InputError for a file of another version of MuJoCo, or of another task or arm.
    """
    try:
        model = mujoco.MjModel.from_binary_path(str(file))
        bodies = [model.body(body).name for body in range(model.nbody)]
        present = tuple(name for name in task.objects if name in bodies)
        return _index(task, arm, present, model, width_table(model, arm))
    except (ValueError, KeyError) as error:
        raise InputError(
            f"{file}: no model of {task.name} with {arm.name} for MuJoCo {mujoco.__version__} "
            f"({error}); write it anew where robosuite is installed"
        ) from None


def _task_spec(task: Task, present: tuple[str, ...]) -> mujoco.MjSpec:
    file = task.folder / task.scene
    try:
        spec = mujoco.MjSpec.from_file(str(file))
    except ValueError as error:
        raise InputError(f"{file}: {error}") from None
    for name in task.objects:
        body = spec.body(name)
        if body is None:
            raise InputError(f"{file}: no body {name!r}, which task.toml lists as an object")
        if name not in present:
            spec.delete(body)
    for fixture in task.fixtures.values():
        if spec.body(fixture.name) is None:
            raise InputError(
                f"{file}: no body {fixture.name!r}, which task.toml lists as a fixture"
            )
        if fixture.joint is not None and spec.joint(fixture.joint) is None:
            raise InputError(f"{file}: no joint {fixture.joint!r}, named by fixture {fixture.name}")
    return spec


def _add_wrist_camera(spec: mujoco.MjSpec) -> None:
    site = spec.site(EE_SITE)
    camera = site.parent.add_camera(
        name=WRIST_CAMERA, pos=[0.0, 0.07, -0.11], xyaxes=[-1, 0, 0, 0, 0.92, 0.39], fovy=70
    )
    camera.set_frame(site.parent.add_frame(pos=site.pos, quat=site.quat))


def _index(
    task: Task,
    arm: ArmProfile,
    present: tuple[str, ...],
    model: mujoco.MjModel,
    widths: tuple[Floats, Floats],
) -> Scene:
    joints = [model.joint(JOINT_PREFIX + name) for name in arm.joints]
    driver = model.joint(GRIPPER_PREFIX + arm.gripper.driver)
    followers = tuple(
        (int(model.joint(GRIPPER_PREFIX + name).qposadr[0]), ratio)
        for name, ratio in arm.gripper.couplings.items()
    )
    free = {name: model.joint(model.body(name).jntadr[0]) for name in present}
    jointed = {f.name: f.joint for f in task.fixtures.values() if f.joint is not None}
    return Scene(
        task=task,
        arm=arm,
        objects=present,
        model=model,
        arm_qpos=np.array([joint.qposadr[0] for joint in joints]),
        arm_dofs=np.array([joint.dofadr[0] for joint in joints]),
        arm_actuators=np.array([model.actuator(name).id for name in arm.joints]),
        gripper_actuator=model.actuator(GRIPPER_ACTUATOR).id,
        gripper_qpos=int(driver.qposadr[0]),
        gripper_joints=((int(driver.qposadr[0]), 1.0), *followers),
        ee_site=model.site(EE_SITE).id,
        object_qpos={name: int(joint.qposadr[0]) for name, joint in free.items()},
        bodies={name: model.body(name).id for name in (*present, *task.fixtures)},
        fixture_qpos={name: int(model.joint(joint).qposadr[0]) for name, joint in jointed.items()},
        widths_m=widths[0],
        width_joints=widths[1],
    )
