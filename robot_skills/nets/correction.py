"""Corrects the targets of a frozen policy at every control step by what a residual says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.observation import Observation
from robot_skills.core.policy import Subgoal
from robot_skills.nets.residual import ACTION_SIZE, ActResidual, ResidualReach
from robot_skills.nets.sight.features import OPENING_SCALE
from robot_skills.nets.sight.skill_sight import Sight, SkillSight

Floats = NDArray[np.float64]

CLOSE, CLOSE_LIMIT = 200.0, 2.0  # 1/m: the last centimetre
NEAR = 10.0  # 1/m
WAIT = 0.25  # an action above this leaves the gripper's command as it was
AHEAD = 50.0  # 1/m
TURNED = 10.0  # 1/rad
ELAPSED = 0.01  # a skill takes some hundred steps


@dataclass(frozen=True)
class Wanted:
    """What the policy wants next: end-effector pose (7,) in world and gripper width in m."""

    ee_pose: Floats
    width_m: float


class Correction:
    """Follows a skill step by step and turns its policy's targets into corrected ones.

    The residual is asked every few steps and its answer holds until it is asked again. It sees
    where the hand is in the skill's frame, and where and how turned what is held is; where the
    policy wants the hand next; and by how far the hand trails what it was last sent to, which in
    contact is the force. It sees no more than that: what does not matter must be tried out as
    well. Beside moving and turning the target it may have the gripper wait.
    """

    def __init__(self, sight: SkillSight, act: ActResidual, reach: ResidualReach) -> None:
        self._sight = sight
        self._act = act
        self._reach = reach
        self._begin()

    def reset(self) -> None:
        """Start the skill anew."""
        self._sight.reset()
        self._begin()

    def _begin(self) -> None:
        self._last: Wanted | None = None
        self._moved: str | None = None
        self._steps = 0
        self._action = np.zeros(ACTION_SIZE)

    def target(self, observation: Observation, subgoal: Subgoal, wanted: Wanted) -> Wanted:
        """What to send in the place of what the policy wants at this control step."""
        sight = self._sight.look(observation, subgoal)
        if self._steps % self._reach.every == 0:
            self._action = self._act(self._inputs(sight, observation, subgoal, wanted))
        self._steps += 1
        ee_pose = corrected(wanted.ee_pose, sight.frame, self._action, self._reach)
        self._last = Wanted(ee_pose, self._width_m(wanted))
        self._sight.sent(self._last.width_m)
        return self._last

    def _width_m(self, wanted: Wanted) -> float:
        if self._last is not None and self._action[-1] > WAIT:
            return self._last.width_m
        return wanted.width_m

    def _moved_thing(self, sight: Sight, observation: Observation, subgoal: Subgoal) -> Floats:
        """Pose (7,) in world of what the skill has held; before that, of what its frame is at."""
        self._moved = self._sight.held(observation, subgoal, sight.ee) or self._moved
        return observation.object_pose[self._moved or sight.name].pose

    def _inputs(
        self, sight: Sight, observation: Observation, subgoal: Subgoal, wanted: Wanted
    ) -> Floats:
        frame, ee = sight.frame, sight.ee
        last = ee if self._last is None else self._last.ee_pose
        hand = poses.relative(frame, ee)[:3]
        thing = poses.relative(frame, self._moved_thing(sight, observation, subgoal))
        return np.concatenate(
            [
                NEAR * hand,
                _close(hand),
                NEAR * thing[:3],
                _close(thing[:3]),
                _turned(thing[3:]),
                _away(frame, ee, wanted.ee_pose),
                _away(frame, ee, last),
                [
                    AHEAD * (wanted.width_m - observation.gripper_width_m),
                    OPENING_SCALE * float(sight.view.opening[0]),
                    ELAPSED * self._steps,
                ],
            ]
        )


def corrected(target: Floats, frame: Floats, action: Floats, reach: ResidualReach) -> Floats:
    """Pose (7,) in world moved and turned by an action (7,) along the axes of a frame (7,)."""
    move = poses.rotate(frame[3:], reach.position_m * action[:3])
    turn = poses.rotate(frame[3:], reach.rotation_rad * action[3:6])
    rotation = poses.multiply(poses.from_rotation_vector(turn), target[3:])
    return np.concatenate([target[:3] + move, rotation])


def _close(position: Floats) -> Floats:
    """The last centimetre (3,) between a frame and a position (3,) in it."""
    return np.clip(CLOSE * position, -CLOSE_LIMIT, CLOSE_LIMIT)


def _turned(rotation: Floats) -> Floats:
    """Axis (3,) of a rotation wxyz times the sine of its angle: continuous, small where it is."""
    return np.asarray(TURNED * 2.0 * rotation[0] * rotation[1:])


def _away(frame: Floats, start: Floats, target: Floats) -> Floats:
    """Move (3,) and turn (3,) from one pose (7,) in world to another, along a frame's axes."""
    back = poses.conjugate(frame[3:])
    move = poses.rotate(back, target[:3] - start[:3])
    turn = poses.rotation_vector(poses.multiply(target[3:], poses.conjugate(start[3:])))
    return np.concatenate([AHEAD * move, TURNED * np.asarray(poses.rotate(back, turn))])
