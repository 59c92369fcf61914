"""A demonstration as training sees it: paths in world, and the facts that held at every step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.demonstration import Demonstration
from robot_skills.core.errors import InputError
from robot_skills.core.facts import State
from robot_skills.core.observation import Observation, PoseEstimate
from robot_skills.core.predicates import FactObserver
from robot_skills.core.robot import Kinematics
from robot_skills.core.task import Task

Floats = NDArray[np.float64]

NEEDED = ("joint_position", "gripper_width", "action/ee_pose", "action/gripper_width")


@dataclass(frozen=True)
class History:
    """T steps: end-effector (T, 7) measured and commanded, widths (T,) m, things, facts."""

    name: str
    rate_hz: float
    ee: Floats
    wanted_ee: Floats
    width_m: Floats
    wanted_width_m: Floats
    things: Mapping[str, Floats]
    openings: Mapping[str, Floats]
    objects: tuple[str, ...]
    facts: tuple[State, ...]

    @property
    def steps(self) -> int:
        """Number of control steps T."""
        return len(self.ee)


def read_history(demonstration: Demonstration, task: Task, kinematics: Kinematics) -> History:
    """Bring a demonstration into training's form; raises InputError naming a missing channel."""
    require_channels(demonstration, task)
    joints = demonstration.values("joint_position")
    things = _with_prefix(demonstration, "object_pose/")
    openings = {n: v[:, 0] for n, v in _with_prefix(demonstration, "fixture/").items()}
    objects = tuple(name for name in task.objects if name in things)
    ee = np.array([kinematics.ee_pose(row) for row in joints])
    width = demonstration.values("gripper_width")[:, 0]
    observer = FactObserver(task, objects)
    facts = tuple(
        observer.facts(_observation(t, joints, width, things, openings), ee[t])
        for t in range(len(ee))
    )
    return History(
        name=demonstration.name,
        rate_hz=demonstration.rate_hz,
        ee=ee,
        wanted_ee=demonstration.values("action/ee_pose"),
        width_m=width,
        wanted_width_m=demonstration.values("action/gripper_width")[:, 0],
        things=things,
        openings=openings,
        objects=objects,
        facts=facts,
    )


def require_channels(demonstration: Demonstration, task: Task) -> None:
    """Raise InputError naming each channel that training needs and the demonstration lacks."""
    fixtures = [f"object_pose/{name}" for name in task.fixtures]
    jointed = [f"fixture/{f.name}" for f in task.fixtures.values() if f.joint is not None]
    missing = [n for n in (*NEEDED, *fixtures, *jointed) if n not in demonstration.channels]
    if missing:
        raise InputError(
            f"{demonstration.name} cannot be trained on: it lacks {', '.join(missing)} "
            f"(it has {', '.join(demonstration.channels)})"
        )


def _with_prefix(demonstration: Demonstration, prefix: str) -> dict[str, Floats]:
    return {
        name.removeprefix(prefix): channel.values
        for name, channel in demonstration.channels.items()
        if name.startswith(prefix)
    }


def _observation(
    step: int,
    joints: Floats,
    width: Floats,
    things: Mapping[str, Floats],
    openings: Mapping[str, Floats],
) -> Observation:
    return Observation(
        time_s=0.0,
        joint_position=joints[step],
        joint_velocity=joints[step],
        gripper_width_m=float(width[step]),
        object_pose={name: PoseEstimate(path[step], 0.0) for name, path in things.items()},
        fixture_position={name: float(path[step]) for name, path in openings.items()},
    )


def common_rate_hz(histories: Sequence[History]) -> float:
    """The one control rate of all histories in Hz; raises InputError where they differ."""
    rates = {history.rate_hz for history in histories}
    if len(rates) != 1:
        raise InputError(f"demonstrations must share one rate; found {sorted(rates)} Hz")
    return rates.pop()
