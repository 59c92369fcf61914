"""Corrects the targets of a frozen policy at every control step by what a residual says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.observation import Observation
from robot_skills.core.policy import Subgoal
from robot_skills.nets.features import skill_features
from robot_skills.nets.residual import ActResidual, ResidualReach
from robot_skills.nets.skill_sight import Sight, SkillSight

Floats = NDArray[np.float64]

CLOSE, CLOSE_LIMIT = 400.0, 2.0  # 1/m: the last five millimetres
AHEAD = 50.0  # 1/m
TURNED = 10.0  # 1/rad


@dataclass(frozen=True)
class Wanted:
    """What the policy wants next: end-effector pose (7,) in world and gripper width in m."""

    ee_pose: Floats
    width_m: float


class Correction:
    """Follows a skill step by step and turns its policy's targets into corrected ones.

    What the residual sees: the skill's own features, the last millimetres between frame and hand
    and between frame and thing, how the thing is turned, where the policy wants the hand next, and
    by how far the hand trails what it was last sent to, which in contact is the force.
    """

    def __init__(self, sight: SkillSight, act: ActResidual, reach: ResidualReach) -> None:
        self._sight = sight
        self._act = act
        self._reach = reach
        self._last: Floats | None = None

    def reset(self) -> None:
        """Start the skill anew."""
        self._sight.reset()
        self._last = None

    def target(self, observation: Observation, subgoal: Subgoal, wanted: Wanted) -> Floats:
        """The corrected end-effector pose (7,) in world in the place of the wanted one."""
        sight = self._sight.look(observation, subgoal)
        action = self._act(self._inputs(sight, observation, wanted))
        self._last = corrected(wanted.ee_pose, sight.frame, action, self._reach)
        self._sight.sent(wanted.width_m)
        return self._last

    def _inputs(self, sight: Sight, observation: Observation, wanted: Wanted) -> Floats:
        frame, ee, thing = sight.frame, sight.ee, sight.view.thing[0]
        last = ee if self._last is None else self._last
        in_frame = poses.relative(frame, thing)
        return np.concatenate(
            [
                skill_features(sight.view)[0],
                _close(poses.relative(frame, ee)),
                _close(in_frame),
                poses.six_dimensional(in_frame[3:]),
                _away(frame, ee, wanted.ee_pose),
                _away(frame, ee, last),
                [AHEAD * (wanted.width_m - observation.gripper_width_m)],
            ]
        )


def corrected(target: Floats, frame: Floats, action: Floats, reach: ResidualReach) -> Floats:
    """Pose (7,) in world moved and turned by an action (6,) along the axes of a frame (7,)."""
    move = poses.rotate(frame[3:], reach.position_m * action[:3])
    turn = poses.rotate(frame[3:], reach.rotation_rad * action[3:])
    rotation = poses.multiply(poses.from_rotation_vector(turn), target[3:])
    return np.concatenate([target[:3] + move, rotation])


def _close(pose: Floats) -> Floats:
    """The last millimetres (3,) between a frame and a pose (7,) in it."""
    return np.clip(CLOSE * pose[:3], -CLOSE_LIMIT, CLOSE_LIMIT)


def _away(frame: Floats, start: Floats, target: Floats) -> Floats:
    """Move (3,) and turn (3,) from one pose (7,) in world to another, along a frame's axes."""
    back = poses.conjugate(frame[3:])
    move = poses.rotate(back, target[:3] - start[:3])
    turn = poses.rotation_vector(poses.multiply(target[3:], poses.conjugate(start[3:])))
    return np.concatenate([AHEAD * move, TURNED * np.asarray(poses.rotate(back, turn))])
