"""What a policy that is told poses makes of an observation: everything in the skill's frame."""

from robot_skills.core.observation import Observation
from robot_skills.core.policy import Subgoal
from robot_skills.core.robot import Kinematics
from robot_skills.core.skill import Skill
from robot_skills.core.task import Task
from robot_skills.nets.sight.features import skill_features
from robot_skills.nets.sight.memory import Memory
from robot_skills.nets.sight.seen import Seen
from robot_skills.nets.sight.skill_sight import SkillSight


class PoseSight:
    """Inputs of one skill's network from where things are, now and as far as its memory goes."""

    def __init__(self, skill: Skill, task: Task, kinematics: Kinematics, memory: Memory) -> None:
        self._kind = skill.frame.kind
        self._sight = SkillSight(skill, task, kinematics)
        self._memory = memory

    def reset(self) -> None:
        """Start the skill anew."""
        self._sight.reset()
        self._memory.reset()

    def sent(self, gripper_width_m: float) -> None:
        """Take note of the gripper command that was carried out."""
        self._sight.sent(gripper_width_m)

    def look(self, observation: Observation, subgoal: Subgoal) -> Seen:
        """What the network is given now."""
        sight = self._sight.look(observation, subgoal)
        inputs = self._memory.add(observation.time_s, skill_features(sight.view)[0])
        may_be_done = bool(sight.view.reached.all())
        return Seen(f"{self._kind} of {sight.name}", sight.ee, sight.frame, inputs, may_be_done)
