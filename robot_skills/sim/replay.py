"""Plays a demonstration again in simulation: from its full states, and from its actions alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.control import EndEffectorController, Workspace
from robot_skills.core.demonstration import Demonstration
from robot_skills.core.errors import InputError
from robot_skills.core.observation import Observation, PoseEstimate
from robot_skills.core.robot import Kinematics
from robot_skills.core.task import Task
from robot_skills.sim.scene import Scene
from robot_skills.sim.sim_arm import SimArm

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Deviation:
    """Largest differences over an episode: joints rad, positions of things m, and of which thing.

    `last` is the played observation of the final step.
    """

    steps: int
    joint_rad: float
    object_m: float
    worst_object: str
    last: Observation


def recorded_objects(demonstration: Demonstration, task: Task) -> tuple[str, ...]:
    """Objects of the task that were there, in the task's order."""
    return tuple(name for name in task.objects if f"object_pose/{name}" in demonstration.channels)


def recorded_observations(demonstration: Demonstration) -> Iterator[Observation]:
    """What was sensed at each step, sensor noise included, from the channels."""
    channels = demonstration.channels
    things = _named(demonstration, "object_pose/")
    fixtures = _named(demonstration, "fixture/")
    joints = demonstration.values("joint_position")
    widths_m = demonstration.values("gripper_width")[:, 0]
    speeds = channels["joint_velocity"].values if "joint_velocity" in channels else 0 * joints
    for step in range(demonstration.steps):
        time_s = step / demonstration.rate_hz
        yield Observation(
            time_s=time_s,
            joint_position=joints[step],
            joint_velocity=speeds[step],
            gripper_width_m=float(widths_m[step]),
            object_pose={n: PoseEstimate(v[step], time_s) for n, v in things.items()},
            fixture_position={n: float(v[step, 0]) for n, v in fixtures.items()},
        )


def controller_of(scene: Scene, kinematics: Kinematics) -> EndEffectorController:
    """The control law as recordings are made with it."""
    workspace = Workspace(*scene.task.workspace_m)
    return EndEffectorController(kinematics, scene.arm, scene.task.rate_hz, workspace)


def play_states(robot: SimArm, demonstration: Demonstration) -> Iterator[Observation]:
    """Put the robot in each recorded full state; raises InputError where they do not fit it."""
    for state in _states(robot, demonstration):
        robot.set_state(state)
        yield robot.observe()


def play_actions(
    robot: SimArm, controller: EndEffectorController, demonstration: Demonstration
) -> Iterator[Observation]:
    """Start in the first recorded state and do what was asked for at each step, with physics.

    The controller is given the joints as they were sensed then, noise included: the same wishes
    through the same control law.
    """
    robot.set_state(_states(robot, demonstration)[0])
    controller.reset()
    sensed = demonstration.values("joint_position")
    wanted = demonstration.values("action/ee_pose")
    widths_m = demonstration.values("action/gripper_width")[:, 0]
    for joints, ee_pose, width_m in zip(sensed, wanted, widths_m, strict=True):
        mujoco.mj_kinematics(robot.scene.model, robot.data)  # a step leaves bodies one step behind
        yield robot.observe()
        robot.act(controller.step(joints, ee_pose), float(width_m))


def deviation(played: Iterable[Observation], expected: Iterable[Observation]) -> Deviation:
    """Compare two runs of equal length, step by step; raises InputError for empty ones."""
    steps, joint_rad, away, last = 0, 0.0, (0.0, ""), None
    for last, other in zip(played, expected, strict=True):
        gap = np.abs(last.joint_position - other.joint_position)
        joint_rad = max(joint_rad, float(gap.max()))
        away = max(away, _farthest(last, other))
        steps += 1
    if last is None:
        raise InputError("the demonstration has no steps to play")
    return Deviation(steps, joint_rad, *away, last)


def _farthest(one: Observation, other: Observation) -> tuple[float, str]:
    """Distance in m and name of the thing that is farthest from where it is in the other."""
    gaps = {
        name: estimate.pose[:3] - other.object_pose[name].pose[:3]
        for name, estimate in one.object_pose.items()
    }
    return max(((float(np.linalg.norm(g)), n) for n, g in gaps.items()), default=(0.0, ""))


def _states(robot: SimArm, demonstration: Demonstration) -> Floats:
    states = demonstration.simulator_state
    if states is None:
        raise InputError(
            f"{demonstration.name} has no simulator state; only what was recorded in simulation "
            "can be played again"
        )
    size = len(robot.state)
    if states.shape[1:] != (size,):
        raise InputError(
            f"{demonstration.name}: states of {states.shape[1]} numbers do not fit a scene of "
            f"{size}; it was recorded with another scene or version of MuJoCo"
        )
    return states


def _named(demonstration: Demonstration, prefix: str) -> dict[str, Floats]:
    return {
        name.removeprefix(prefix): channel.values
        for name, channel in demonstration.channels.items()
        if name.startswith(prefix)
    }
