"""The kitchen as robomimic's policies see it and act on it, when trained and when run.

Observations have robomimic's usual keys, and one more for what a policy must be told: which facts
are asked for, and which hold. Actions are robosuite's OSC_POSE: the wanted pose less the present
one, in units of 0.08 m and 0.5 rad, and the gripper, 1 to close.
"""

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.task import Task
from robot_skills.nets.sight.flat_features import FlatView, goal_facts

Floats = NDArray[np.float64]

MOVE_M, TURN_RAD = 0.08, 0.5  # of an action of 1: what the arm is asked for at its fastest
OBSERVATION_KEYS = (
    "robot0_eef_pos",
    "robot0_eef_quat",
    "robot0_gripper_qpos",
    "object",
    "facts",
)


def observations_of(view: FlatView, task: Task) -> dict[str, Floats]:
    """What robomimic's policy is given at one step, by key; quaternions xyzw."""
    things = [_thing(view, name) for name in (*task.objects, *task.fixtures)]
    openings = np.array(list(view.openings.values()))
    known = goal_facts(task)
    facts = [float(fact in state) for state in (view.goal, view.facts) for fact in known]
    return {
        "robot0_eef_pos": view.ee[:3],
        "robot0_eef_quat": _xyzw(view.ee[3:]),
        "robot0_gripper_qpos": np.array([view.width_m]),
        "object": np.concatenate([*things, openings]),
        "facts": np.array(facts),
    }


def _thing(view: FlatView, name: str) -> Floats:
    """Position, orientation, and position from the hand (10,); zeros for what is not there."""
    if name not in view.things:
        return np.zeros(10)
    pose = view.things[name]
    return np.concatenate([pose[:3], _xyzw(pose[3:]), pose[:3] - view.ee[:3]])


def _xyzw(quaternion: Floats) -> Floats:
    """A quaternion (4,) wxyz as xyzw, its w positive so that each rotation has one."""
    upright = quaternion if quaternion[0] >= 0 else -quaternion
    return np.asarray(np.roll(upright, -1))


def action_of(ee: Floats, wanted: Floats, closing: bool) -> Floats:
    """The action (7,) within -1..1 that asks for a pose (7,) from where the hand is (7,)."""
    turn = poses.rotation_vector(poses.multiply(wanted[3:], poses.conjugate(ee[3:])))
    parts = [(wanted[:3] - ee[:3]) / MOVE_M, turn / TURN_RAD, [1.0 if closing else -1.0]]
    return np.asarray(np.clip(np.concatenate(parts), -1.0, 1.0))


def pose_asked(ee: Floats, action: Floats) -> Floats:
    """The pose (7,) that an action (7,) asks for from where the hand is (7,)."""
    turned = poses.multiply(poses.from_rotation_vector(TURN_RAD * action[3:6]), ee[3:])
    return np.concatenate([ee[:3] + MOVE_M * action[:3], turned])
