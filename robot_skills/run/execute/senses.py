"""What the executor knows of the scene: the newest look, and what was last known of the unseen."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.facts import Fact, State
from robot_skills.core.observation import Observation, PoseEstimate
from robot_skills.core.predicates import FactObserver
from robot_skills.core.robot import Kinematics, Robot
from robot_skills.core.task import Task

Floats = NDArray[np.float64]


class Senses:
    """Looks, and completes what is not seen with where it was; a held thing moves with the hand.

    `observation`, `ee` (7,) in world and `facts` are those of the last look.
    """

    def __init__(self, task: Task, robot: Robot, kinematics: Kinematics) -> None:
        self._robot = robot
        self._kinematics = kinematics
        self.observation = robot.observe()
        self.ee = kinematics.ee_pose(self.observation.joint_position)
        seen = self.observation.object_pose
        self._new_at_s = dict.fromkeys(seen, self.observation.time_s)
        self._observer = FactObserver(task, tuple(name for name in task.objects if name in seen))
        self.facts: State = self._observer.facts(self.observation, self.ee)

    @property
    def objects(self) -> tuple[str, ...]:
        """Names of the objects present."""
        return self._observer.objects

    @property
    def is_holding(self) -> bool:
        """Whether anything is held."""
        return any(fact.predicate == "holding" for fact in self.facts)

    def look(self) -> None:
        """Take in a new observation."""
        seen = self._robot.observe()
        ee = self._kinematics.ee_pose(seen.joint_position)
        self._note_new(seen)
        self.observation, self.ee = self._completed(seen, ee), ee
        self.facts = self._observer.facts(self.observation, ee)

    def unseen_s(self, names: Iterable[str]) -> float:
        """How long ago in s the one of these things was seen that was not for the longest time.

        Counted on the robot's clock from the last new time stamp: stamps are of the clock of
        whatever sees the things.
        """
        known = [self._new_at_s[name] for name in names if name in self._new_at_s]
        return self.observation.time_s - min(known, default=self.observation.time_s)

    def _note_new(self, seen: Observation) -> None:
        before = self.observation.object_pose
        for name, estimate in seen.object_pose.items():
            if name not in before or before[name].time_s != estimate.time_s:
                self._new_at_s[name] = seen.time_s

    def _completed(self, seen: Observation, ee: Floats) -> Observation:
        before = self.observation
        missing = before.object_pose.keys() - seen.object_pose.keys()
        if not missing and before.fixture_position.keys() <= seen.fixture_position.keys():
            return seen
        known = {name: self._remembered(name, ee) for name in sorted(missing)}
        return replace(
            seen,
            object_pose={**seen.object_pose, **known},
            fixture_position={**before.fixture_position, **seen.fixture_position},
        )

    def _remembered(self, name: str, ee: Floats) -> PoseEstimate:
        last = self.observation.object_pose[name]
        if Fact("holding", (name,)) not in self.facts:
            return last
        moved = poses.compose(ee, poses.relative(self.ee, last.pose))
        return PoseEstimate(np.asarray(moved), last.time_s, source="attached")
