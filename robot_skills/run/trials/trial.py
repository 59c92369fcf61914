"""One skill inside an episode: where it started, what came of it, and where it ended."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.facts import State
from robot_skills.run.execute.skill_monitor import Outcome

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Snapshot:
    """One moment of an episode, complete: the same skill goes on from it to the bit.

    `simulator` (S,) is the full state of the scene with `objects`; `joint_target` (J,) rad and
    `ee_target` (7,) in world are what the arm was last sent to, None before the first command.
    `ee_in_frame` (7,) is the end-effector in the skill's reference frame as it lay at the start,
    `opening` (rad or m) the joint of the fixture there, or 0.
    """

    objects: tuple[str, ...]
    simulator: Floats
    gripper_command_m: float
    joint_target: Floats | None
    ee_target: Floats | None
    ee_in_frame: Floats
    gripper_width_m: float
    opening: float
    facts: State


@dataclass(frozen=True)
class SkillTrial:
    """A skill carried out once, as step `number` of the episode of a goal and a seed.

    `previous` is the operator before it, "" at the start of the episode, and `previous_success`
    whether that one succeeded; after a failure the arm is drawn back, so nothing is handed over.
    `first_try` is False where the same step had just failed; `planned` where no plan asked for it.
    """

    goal: str
    seed: int
    number: int
    skill: str
    operator: str
    arguments: tuple[str, ...]
    previous: str
    previous_success: bool
    first_try: bool
    outcome: str
    control_steps: int
    start: Snapshot
    end: Snapshot
    planned: bool = True

    @property
    def success(self) -> bool:
        """Whether the skill's effects held at its end."""
        return self.outcome == Outcome.SUCCESS.name

    @property
    def decided(self) -> bool:
        """Whether the skill itself came to an end, and not the episode's time."""
        return self.outcome != Outcome.OUT_OF_TIME.name
