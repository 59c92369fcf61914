"""One of robosuite's environments: its scene with any arm of ours, its starts, its own judgement.

The scene is what robosuite compiles, less its robot. An episode starts where robosuite's own reset
puts things and joints. Whether it succeeded is asked of robosuite's environment itself, in the
state that our simulation is in.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.arm_source import RobosuiteModel
from robot_skills.core.errors import InputError, unknown_name
from robot_skills.core.task import Task
from robot_skills.sim.arm_names import GRIPPER_PREFIX, JOINT_PREFIX
from robot_skills.sim.robosuite_import import importing_robosuite

Floats = NDArray[np.float64]

BASE = JOINT_PREFIX + "base"
OFF_SCREEN = {"has_renderer": False, "has_offscreen_renderer": False, "use_camera_obs": False}


@dataclass(frozen=True)
class RobosuiteStart:
    """A reset: joints (J,) rad, the gripper's driver joint, object poses (7,) in our world."""

    joint_position: Floats
    gripper_driver: float
    object_pose: dict[str, Floats]


class RobosuiteWorld:
    """A robosuite environment beside our simulation, with the same arm and gripper.

    Our world differs from robosuite's by `shift_m` (3,): the arm's base stands where its profile
    says, and everything else keeps its place before it. Raises InputError for an unknown name.
    """

    def __init__(self, name: str, arm: ArmProfile) -> None:
        if not isinstance(arm.model, RobosuiteModel):
            raise InputError(
                f"robosuite's environments need an arm of robosuite's, which {arm.name} is not; "
                "use ur5e, panda or fr3"
            )
        self._environment = _environment(name, arm.model.robot, arm.model.gripper)
        self._arm = arm
        self.shift_m: Floats = arm.base_pose[:3] - self._data.body(BASE).xpos
        self.shift_m.setflags(write=False)

    @property
    def xml(self) -> str:
        """The environment as MJCF, robosuite's robot in it."""
        return str(self._environment.model.get_xml())

    def start(self, task: Task, seed: int) -> RobosuiteStart:
        """Where robosuite's reset from `seed` puts the task's objects and the arm."""
        with _seeded(seed):
            self._environment.reset()
        joints = [self._data.joint(JOINT_PREFIX + name).qpos[0] for name in self._arm.joints]
        driver = self._data.joint(GRIPPER_PREFIX + self._arm.gripper.driver).qpos[0]
        placed = {one.name: self._pose_of(one.body or one.name) for one in task.objects.values()}
        return RobosuiteStart(np.array(joints), float(driver), placed)

    def succeeded(self, model: mujoco.MjModel, data: mujoco.MjData) -> bool:
        """What robosuite's `_check_success` says of the state of our simulation."""
        own_model = self._environment.sim.model._model
        for index in range(model.njnt):
            joint = model.joint(index)
            place = own_model.joint(joint.name).qposadr[0]
            position = data.joint(index).qpos.copy()
            if joint.type[0] == mujoco.mjtJoint.mjJNT_FREE:
                position[:3] -= self.shift_m
            self._data.qpos[place : place + len(position)] = position
        self._data.qvel[:] = 0.0
        mujoco.mj_forward(own_model, self._data)
        return bool(self._environment._check_success())

    @property
    def _data(self) -> mujoco.MjData:
        return self._environment.sim.data._data  # a hard reset makes a new one

    def _pose_of(self, body: str) -> Floats:
        found = self._data.body(body)
        return np.concatenate([found.xpos + self.shift_m, found.xquat])


@cache
def _environment(name: str, robot: str, gripper: str) -> Any:
    with importing_robosuite():
        import robosuite

        if name not in robosuite.ALL_ENVIRONMENTS:
            raise unknown_name("robosuite environment", name, robosuite.ALL_ENVIRONMENTS)
        with _seeded(0):
            return robosuite.make(
                name,
                robots=robot,
                gripper_types=gripper,
                hard_reset=False,
                **OFF_SCREEN,
            )


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed the global generators that robosuite draws from, and put them back afterwards."""
    numpys, pythons = np.random.get_state(), random.getstate()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(numpys)  # noqa: NPY002
        random.setstate(pythons)
