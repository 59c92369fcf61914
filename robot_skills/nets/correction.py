"""Corrects the targets of a frozen policy at every control step by what a residual says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.arrays import Array, namespace
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


@dataclass(frozen=True)
class CorrectionView:
    """What a residual's inputs are made of, for one hand or many: poses (..., 7) in world.

    `thing` is what the skill has held, or what its frame is at; `wanted` and `last` are where the
    policy wants the hand and where it was last sent. Widths in m, `opening` as in SkillView and
    the control `steps` since the skill began are (...,).
    """

    frame: Array
    ee: Array
    thing: Array
    wanted: Array
    last: Array
    wanted_width_m: Array
    width_m: Array
    opening: Array
    steps: Array


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
        view = CorrectionView(
            frame=sight.frame,
            ee=sight.ee,
            thing=self._moved_thing(sight, observation, subgoal),
            wanted=wanted.ee_pose,
            last=sight.ee if self._last is None else self._last.ee_pose,
            wanted_width_m=np.asarray(wanted.width_m),
            width_m=np.asarray(observation.gripper_width_m),
            opening=sight.view.opening[0],
            steps=np.asarray(float(self._steps)),
        )
        return np.asarray(correction_inputs(view))


def correction_inputs(view: CorrectionView) -> Array:
    """What a residual sees, (..., 30)."""
    xp = namespace(view.ee)
    hand = poses.relative(view.frame, view.ee)[..., :3]
    thing = poses.relative(view.frame, view.thing)
    scalars = [
        AHEAD * (view.wanted_width_m - view.width_m),
        OPENING_SCALE * view.opening,
        ELAPSED * view.steps,
    ]
    parts = [
        NEAR * hand,
        _close(hand),
        NEAR * thing[..., :3],
        _close(thing[..., :3]),
        _turned(thing[..., 3:]),
        _away(view.frame, view.ee, view.wanted),
        _away(view.frame, view.ee, view.last),
        xp.stack(scalars, axis=-1),
    ]
    return xp.concat(parts, axis=-1)


def corrected(target: Array, frame: Array, action: Array, reach: ResidualReach) -> Array:
    """Poses (..., 7) in world moved and turned by actions (..., 7) along the axes of frames."""
    move = poses.rotate(frame[..., 3:], reach.position_m * action[..., :3])
    turn = poses.rotate(frame[..., 3:], reach.rotation_rad * action[..., 3:6])
    rotation = poses.multiply(poses.from_rotation_vector(turn), target[..., 3:])
    return namespace(target).concat([target[..., :3] + move, rotation], axis=-1)


def _close(position: Array) -> Array:
    """The last centimetre (..., 3) between a frame and a position (..., 3) in it."""
    return namespace(position).clip(CLOSE * position, -CLOSE_LIMIT, CLOSE_LIMIT)


def _turned(rotation: Array) -> Array:
    """Axes (..., 3) of rotations wxyz times the angles' sines: continuous, small where they are."""
    return TURNED * 2.0 * rotation[..., :1] * rotation[..., 1:]


def _away(frame: Array, start: Array, target: Array) -> Array:
    """Moves and turns (..., 6) from poses (..., 7) in world to others, along the axes of frames."""
    back = poses.conjugate(frame[..., 3:])
    move = poses.rotate(back, target[..., :3] - start[..., :3])
    turn = poses.rotation_vector(poses.multiply(target[..., 3:], poses.conjugate(start[..., 3:])))
    scaled = [AHEAD * move, TURNED * poses.rotate(back, turn)]
    return namespace(frame).concat(scaled, axis=-1)
