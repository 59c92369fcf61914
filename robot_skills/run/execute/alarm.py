"""Watches what things do while a skill runs, and says when that is nothing the skill ever saw."""

from collections import deque

import numpy as np

from robot_skills.core.observation import Observation
from robot_skills.core.skill import PlanStep, Skill
from robot_skills.core.task import Task
from robot_skills.nets.alarm import alarm_of
from robot_skills.nets.contact import AHEAD_STEPS, ContactView
from robot_skills.run.execute.senses import Senses


class Alarm:
    """The alarm of one run of a skill; a skill that was trained without one is never surprised."""

    def __init__(self, step: PlanStep, skill: Skill, task: Task, senses: Senses) -> None:
        self._alarm = alarm_of(skill)
        self._thing = step.arguments[0] if step.arguments else ""
        self._fixtures = sorted(f.name for f in task.fixtures.values() if f.joint is not None)
        self._others = [n for n in senses.objects if n != self._thing]
        self._recent: deque[Observation] = deque(maxlen=AHEAD_STEPS + 1)
        self._hands: deque[np.ndarray] = deque(maxlen=AHEAD_STEPS + 1)
        self._told_m: deque[float] = deque(maxlen=AHEAD_STEPS + 1)
        self._senses = senses

    def forget(self) -> None:
        """Begin anew, after moments in which nothing was seen."""
        self._recent.clear()
        self._hands.clear()
        self._told_m.clear()

    def surprise(self, told_m: float) -> float:
        """Surprise at the last look, in units of the threshold: above 1 the alarm goes off.

        `told_m` is the gripper width in m that was last commanded.
        """
        if self._alarm is None or not self._thing:
            return 0.0
        self._recent.append(self._senses.observation)
        self._hands.append(self._senses.ee)
        self._told_m.append(told_m)
        if len(self._recent) <= AHEAD_STEPS:
            return 0.0
        return self._alarm.surprise(self._view())

    def _view(self) -> ContactView:
        seen, steps = self._recent, len(self._recent)
        others = [[o.object_pose[n].pose[:3] for n in self._others] for o in seen]
        openings = [[o.fixture_position[n] for n in self._fixtures] for o in seen]
        return ContactView(
            ee=np.array(self._hands),
            thing=np.array([o.object_pose[self._thing].pose for o in seen]),
            width_m=np.array([o.gripper_width_m for o in seen]),
            told_m=np.array(self._told_m),
            others=np.array(others).reshape(steps, len(self._others), 3),
            openings=np.array(openings).reshape(steps, len(self._fixtures)),
        )
