"""How far a drawer or door is open, from the pose of its moving part."""

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.task import Task

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FixtureJoint:
    """A fixture's joint: pose (7,) of the moving part when closed, and axis (3,), in world."""

    pose_closed: Floats
    axis: Floats
    slides: bool

    def position(self, pose: Floats) -> float:
        """Joint value, m of a slide or rad of a hinge, at a pose (7,) of the moving part."""
        if self.slides:
            return float(self.axis @ (pose[:3] - self.pose_closed[:3]))
        turn = poses.multiply(pose[3:], poses.conjugate(self.pose_closed[3:]))
        return float(self.axis @ poses.rotation_vector(turn))


def fixture_joints(task: Task) -> dict[str, FixtureJoint]:
    """The joints of a task's fixtures by name, as its scene places them."""
    if all(fixture.joint is None for fixture in task.fixtures.values()):
        return {}
    model = mujoco.MjModel.from_xml_path(str(task.folder / task.scene))
    data = mujoco.MjData(model)
    jointed = {f.name: model.joint(f.joint) for f in task.fixtures.values() if f.joint is not None}
    for joint in jointed.values():
        data.qpos[joint.qposadr[0]] = 0.0
    mujoco.mj_kinematics(model, data)
    found = {}
    for name, joint in jointed.items():
        body = model.body(name).id
        pose = np.concatenate([data.xpos[body], data.xquat[body]])
        slides = bool(joint.type[0] == mujoco.mjtJoint.mjJNT_SLIDE)
        found[name] = FixtureJoint(pose, data.xaxis[joint.id].copy(), slides)
    return found
