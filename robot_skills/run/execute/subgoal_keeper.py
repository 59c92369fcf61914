"""Keeps a step's subgoal true to the scene: bound anew when its place has been moved."""

import numpy as np

from robot_skills.core.observation import Observation
from robot_skills.core.policy import Subgoal
from robot_skills.core.skill import PlanStep, Skill
from robot_skills.core.task import Task
from robot_skills.run.execute.subgoals import bind_subgoal


class SubgoalKeeper:
    """Binds a step's subgoal, and again when its `place` is `rebind_m` from where it then was."""

    def __init__(self, step: PlanStep, skill: Skill, task: Task, rebind_m: float) -> None:
        self._step, self._skill, self._task = step, skill, task
        self._rebind_m = rebind_m
        lifted = skill.operator(step.operator.name)
        names = lifted.binding(step.arguments)
        self._place = names.get(lifted.place or "") if skill.frame.kind == "goal" else None
        self._subgoal: Subgoal | None = None
        self._bound_at = np.zeros(3)

    def subgoal(self, observation: Observation) -> Subgoal:
        """The subgoal for where things are now."""
        if self._subgoal is None or self._has_moved(observation):
            self._subgoal = bind_subgoal(self._step, self._skill, self._task, observation)
            if self._place is not None:
                self._bound_at = observation.object_pose[self._place].pose[:3]
        return self._subgoal

    def _has_moved(self, observation: Observation) -> bool:
        if self._place is None:
            return False
        at = observation.object_pose[self._place].pose[:3]
        return float(np.linalg.norm(at - self._bound_at)) > self._rebind_m
