"""What those who watch an episode are shown."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.facts import State
from robot_skills.core.observation import Observation
from robot_skills.core.policy import Subgoal
from robot_skills.core.skill import Plan, PlanStep
from robot_skills.run.execute.skill_monitor import Outcome

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moment:
    """What a watcher is shown each control step; `disturbance` is what was just done on purpose.

    `ee_target` (7,) in world is what the arm was sent to in this step.
    """

    observation: Observation
    facts: State
    plan: Plan
    step: PlanStep | None
    control_step: int
    disturbance: str = ""
    ee_target: Floats | None = None


@dataclass(frozen=True)
class SkillMoment:
    """A skill that is about to start (no outcome yet) or has just ended.

    `joint_target` (J,) rad and `ee_target` (7,) in world are what the arm was last sent to, None
    before the first command: with the robot's own state, all that the next step depends on.
    """

    step: PlanStep
    subgoal: Subgoal
    observation: Observation
    facts: State
    ee_pose: Floats
    joint_target: Floats | None
    ee_target: Floats | None
    control_step: int
    outcome: Outcome | None = None


Watch = Callable[[Moment], None]
WatchSkills = Callable[[SkillMoment], None]
