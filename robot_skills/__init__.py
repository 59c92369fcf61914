"""Long unlabelled demonstrations in, an arm doing long tasks nobody showed it out.

    record   an expert performs whole tasks; joints, gripper, objects and video are kept
    segment  the recordings are cut where prediction fails
    train    pieces that recur become skills: a policy each, what it needs, what it brings about
    plan     skills are chained towards facts that should hold
    run      the chain is carried out, watched, retried and re-planned, in simulation
    deploy   the same executor drives a real arm

Each verb is a sub-package and a command of `robot-skills`. The types they share can be had from
here, `from robot_skills import Demonstration`; each is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robot_skills.core.arm import ArmProfile
    from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration, Segment
    from robot_skills.core.errors import InputError, NoPlanError, RobotFault, RobotSkillsError
    from robot_skills.core.facts import Fact, State
    from robot_skills.core.observation import Observation, PoseEstimate
    from robot_skills.core.policy import ActionChunk, Policy, Subgoal
    from robot_skills.core.robot import Command, Kinematics, Perception, Robot
    from robot_skills.core.skill import Operator, Plan, PlanStep, Skill, SkillLibrary
    from robot_skills.core.task import Goal, Task

__version__ = "0.1.0"

_MODULES = {
    "arm": ("ArmProfile",),
    "demonstration": ("Channel", "ChannelKind", "Demonstration", "Segment"),
    "errors": ("InputError", "NoPlanError", "RobotFault", "RobotSkillsError"),
    "facts": ("Fact", "State"),
    "observation": ("Observation", "PoseEstimate"),
    "policy": ("ActionChunk", "Policy", "Subgoal"),
    "robot": ("Command", "Kinematics", "Perception", "Robot"),
    "skill": ("Operator", "Plan", "PlanStep", "Skill", "SkillLibrary"),
    "task": ("Goal", "Task"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "ActionChunk",
    "ArmProfile",
    "Channel",
    "ChannelKind",
    "Command",
    "Demonstration",
    "Fact",
    "Goal",
    "InputError",
    "Kinematics",
    "NoPlanError",
    "Observation",
    "Operator",
    "Perception",
    "Plan",
    "PlanStep",
    "Policy",
    "PoseEstimate",
    "Robot",
    "RobotFault",
    "RobotSkillsError",
    "Segment",
    "Skill",
    "SkillLibrary",
    "State",
    "Subgoal",
    "Task",
    "__version__",
]


def __getattr__(name: str) -> object:
    """A shared type, imported now; so that `robot-skills --help` waits for none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.core.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
