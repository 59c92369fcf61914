"""What one skill sees of an observation: the parts of its view, followed from step to step."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.core.frames import FollowedFrame, HeldThing, upright_frame
from robot_skills.core.observation import Observation
from robot_skills.core.policy import Subgoal
from robot_skills.core.predicates import FactObserver, grip_position, is_held
from robot_skills.core.robot import Kinematics
from robot_skills.core.skill import Skill
from robot_skills.core.task import Task
from robot_skills.nets.sight.features import SkillView, which_fixture

Floats = NDArray[np.float64]

OPEN_THRESHOLD_M = 0.02  # a command below this closes the gripper


@dataclass(frozen=True)
class Sight:
    """One step as a skill sees it: `ee` and reference `frame` (7,) in world, and its `view`.

    `name` is the thing that the frame belongs to.
    """

    name: str
    ee: Floats
    frame: Floats
    view: SkillView


class SkillSight:
    """Follows the reference frame, the held thing and the gripper's command of one skill."""

    def __init__(self, skill: Skill, task: Task, kinematics: Kinematics) -> None:
        self._skill = skill
        self._task = task
        self._kinematics = kinematics
        self._fixtures = str(skill.settings.get("fixtures", "")).split()
        self._is_told = bool(skill.settings.get("told_reached", 0))
        self._observer: FactObserver | None = None
        self.reset()

    def reset(self) -> None:
        """Start the skill anew."""
        self._followed: FollowedFrame | None = None
        self._held = HeldThing()
        self._closing: bool | None = None

    def look(self, observation: Observation, subgoal: Subgoal) -> Sight:
        """What the skill sees now; InputError where the subgoal lacks the pose it works towards."""
        ee = self._kinematics.ee_pose(observation.joint_position)
        name = subgoal.binding[self._skill.frame.parameter]
        pose = observation.object_pose[name].pose
        held = self._is_held(name, pose, ee, observation.gripper_width_m)
        frame = self._frame(name, pose, held, subgoal)
        if self._closing is None:
            self._closing = observation.gripper_width_m < OPEN_THRESHOLD_M or held
        view = SkillView(
            ee=ee[None],
            frame=frame[None],
            thing=self._held.update(pose, ee, held)[None],
            width_m=np.array([observation.gripper_width_m]),
            closing=np.array([float(self._closing)]),
            held=np.array([float(held)]),
            opening=np.array([observation.fixture_position.get(name, 0.0)]),
            which=which_fixture(name, self._fixtures)[None],
            reached=self._reached(observation, ee, subgoal),
        )
        return Sight(name, ee, frame, view)

    def _reached(self, observation: Observation, ee: Floats, subgoal: Subgoal) -> Floats:
        """Whether what the skill shall bring about holds, as (1, 1); (1, 0) if it is not told."""
        if not self._is_told:
            return np.zeros((1, 0))
        if self._observer is None:
            present = tuple(n for n in self._task.objects if n in observation.object_pose)
            self._observer = FactObserver(self._task, present)
        return np.array([[float(subgoal.facts <= self._observer.facts(observation, ee))]])

    def sent(self, gripper_width_m: float) -> None:
        """Take note of the gripper command that was carried out: the next view shows it."""
        self._closing = gripper_width_m < OPEN_THRESHOLD_M

    def held(self, observation: Observation, subgoal: Subgoal, ee: Floats) -> str | None:
        """Which of the things that the skill is about lies between the fingers now."""
        width_m = observation.gripper_width_m
        things = (name for name in subgoal.binding.values() if name in observation.object_pose)
        poses_of = ((name, observation.object_pose[name].pose) for name in things)
        return next((n for n, pose in poses_of if self._is_held(n, pose, ee, width_m)), None)

    def _frame(self, name: str, pose: Floats, held: bool, subgoal: Subgoal) -> Floats:
        symmetry = self._task.yaw_symmetry_of(name)
        if self._skill.frame.kind == "goal":
            if name not in subgoal.poses:
                raise InputError(f"skill {self._skill.name} needs a goal pose for {name}")
            return np.asarray(upright_frame(subgoal.poses[name], symmetry))
        if self._followed is None:
            self._followed = FollowedFrame(symmetry)
        return self._followed.update(pose, held)

    def _is_held(self, name: str, pose: Floats, ee: Floats, width_m: float) -> bool:
        thing = self._task.objects.get(name)
        if thing is None:
            return False
        limits = self._task.predicates["holding"].thresholds
        size = np.asarray(thing.width_m)
        return bool(is_held(grip_position(thing, pose), ee, np.asarray(width_m), size, limits))
