"""A skill at run time: observation in, action chunk out; implements core.policy.Policy."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.core.observation import Observation
from robot_skills.core.policy import ActionChunk, Subgoal
from robot_skills.core.robot import Kinematics
from robot_skills.core.skill import Skill
from robot_skills.core.task import Task
from robot_skills.nets.correction import Correction, Wanted
from robot_skills.nets.networks.kinds import network_of
from robot_skills.nets.networks.runner import ChunkRunner
from robot_skills.nets.residual import ActResidual, reach_of, residual_of, without_residual
from robot_skills.nets.sight.camera_sight import CameraSight, camera_setup
from robot_skills.nets.sight.memory import Memory
from robot_skills.nets.sight.pose_sight import PoseSight
from robot_skills.nets.sight.skill_sight import SkillSight

Floats = NDArray[np.float64]


class SkillPolicy:
    """Runs one skill's network in the skill's reference frame, and the residual it may have.

    It is given the newest observation, and remembers the earlier ones that its network sees.
    `act_residual` takes the place of the residual that the skill's weights hold.
    """

    observation_steps = 1  # its own memory holds the others

    def __init__(
        self,
        skill: Skill,
        task: Task,
        kinematics: Kinematics,
        rate_hz: float,
        act_residual: ActResidual | None = None,
    ) -> None:
        self._rate_hz = rate_hz
        self._open_width_m = float(_number(skill.settings, "open_width_m"))
        network = network_of(skill.settings)
        self._runner = ChunkRunner(without_residual(skill).weights, network)
        cameras = camera_setup(skill.settings)
        self._sight: PoseSight | CameraSight = (
            CameraSight(skill, task, kinematics, cameras)
            if cameras
            else PoseSight(skill, task, kinematics, Memory(network.observations, rate_hz))
        )
        self._subgoal = Subgoal(frozenset())
        self._correction: Correction | None = None
        act = act_residual or residual_of(skill)
        if act is not None:
            own_sight = SkillSight(skill, task, kinematics)  # it looks at every control step
            self._correction = Correction(own_sight, act, reach_of(skill))

    def reset(self) -> None:
        """Start the skill anew."""
        self._sight.reset()
        if self._correction is not None:
            self._correction.reset()

    def act(self, history: Sequence[Observation], subgoal: Subgoal) -> ActionChunk:
        """Next end-effector poses in the frame that the network moves in."""
        self._subgoal = subgoal
        seen = self._sight.look(history[-1], subgoal)
        chunk = self._runner.chunk(seen.inputs)
        position = poses.relative(seen.frame, seen.ee)[:3] + chunk.moves
        return ActionChunk(
            ee_pose=np.concatenate([position, chunk.rotations], axis=-1),
            gripper_width_m=np.where(chunk.closing, 0.0, self._open_width_m),
            rate_hz=self._rate_hz,
            frame=seen.frame_name,
            pose_frame_in_world=seen.frame,
            done_probability=chunk.done if seen.may_be_done else 0.0,
        )

    def correct(self, observation: Observation, ee_pose: Floats, width_m: float) -> Wanted:
        """What to send at this control step in the place of a chunk's pose (7,) in world and width.

        The same where the skill is not refined.
        """
        wanted = Wanted(ee_pose, width_m)
        if self._correction is None:
            return wanted
        return self._correction.target(observation, self._subgoal, wanted)

    def sent(self, gripper_width_m: float) -> None:
        """Tell the policy which gripper command was carried out; it is an input of the next one."""
        self._sight.sent(gripper_width_m)


def chunk_in_world(chunk: ActionChunk) -> Floats:
    """Poses (H, 7) of a chunk in world."""
    return np.asarray(poses.compose(chunk.pose_frame_in_world, chunk.ee_pose))


def _number(settings: object, key: str) -> float:
    value = settings.get(key) if isinstance(settings, dict) else None
    if not isinstance(value, int | float):
        raise InputError(f"the skill's settings lack the number {key!r}; found {value!r}")
    return value
