"""What a policy is given and what it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.facts import State
from robot_skills.core.observation import Observation

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ActionChunk:
    """H control steps at once: end-effector poses (H, 7) in `frame`, gripper widths (H,) m.

    `frame` names whose frame the poses are in; `pose_frame_in_world` (7,) is where it was then.
    `done_probability` is the policy's own opinion that its skill has ended.
    """

    ee_pose: Floats
    gripper_width_m: Floats
    rate_hz: float
    frame: str
    pose_frame_in_world: Floats
    done_probability: float = 0.0


@dataclass(frozen=True)
class Subgoal:
    """What one plan step must bring about.

    `binding` names the object behind each parameter; `poses` are wanted object poses (7,) in
    world by name, drawn from where the skill was seen to end.
    """

    facts: State
    binding: Mapping[str, str] = field(default_factory=dict)
    poses: Mapping[str, Floats] = field(default_factory=dict)


class Policy(Protocol):
    """Maps recent observations and a subgoal to an action chunk."""

    observation_steps: int

    def reset(self) -> None:
        """Forget everything from the last run of the skill."""
        ...

    def act(self, history: Sequence[Observation], subgoal: Subgoal) -> ActionChunk:
        """Next actions from the last `observation_steps` observations, oldest first."""
        ...
