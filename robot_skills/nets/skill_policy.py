"""A skill at run time: observation in, action chunk out; implements core.policy.Policy."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.core.frames import FollowedFrame, HeldThing, upright_frame
from robot_skills.core.observation import Observation
from robot_skills.core.policy import ActionChunk, Subgoal
from robot_skills.core.predicates import grip_position, is_held
from robot_skills.core.robot import Kinematics
from robot_skills.core.skill import Skill
from robot_skills.core.task import Task
from robot_skills.nets.chunk_mlp import ChunkRunner, ChunkShape
from robot_skills.nets.features import SkillView, skill_features

Floats = NDArray[np.float64]

OPEN_THRESHOLD_M = 0.02  # a command below this closes the gripper


class SkillPolicy:
    """Runs one skill's network in the skill's reference frame."""

    observation_steps = 1

    def __init__(self, skill: Skill, task: Task, kinematics: Kinematics, rate_hz: float) -> None:
        self._skill = skill
        self._task = task
        self._kinematics = kinematics
        self._rate_hz = rate_hz
        settings = skill.settings
        self._open_width_m = float(_number(settings, "open_width_m"))
        shape = ChunkShape(
            int(_number(settings, "inputs")),
            int(_number(settings, "chunk")),
            int(_number(settings, "hidden")),
            int(_number(settings, "layers")),
        )
        self._runner = ChunkRunner(skill.weights, shape)
        self._followed: FollowedFrame | None = None
        self._held = HeldThing()
        self._closing: bool | None = None

    def reset(self) -> None:
        """Start the skill anew."""
        self._followed = None
        self._held = HeldThing()
        self._closing = None

    def act(self, history: Sequence[Observation], subgoal: Subgoal) -> ActionChunk:
        """Next end-effector poses in the reference frame, from the newest observation."""
        observation = history[-1]
        ee = self._kinematics.ee_pose(observation.joint_position)
        name = subgoal.binding[self._skill.frame.parameter]
        pose = observation.object_pose[name].pose
        held = self._is_held(name, pose, ee, observation.gripper_width_m)
        frame = self._frame(name, pose, held, subgoal)
        if self._closing is None:
            self._closing = observation.gripper_width_m < OPEN_THRESHOLD_M or held
        view = SkillView(
            ee=ee[None],
            frame=frame[None],
            thing=self._held.update(pose, ee, held)[None],
            width_m=np.array([observation.gripper_width_m]),
            closing=np.array([float(self._closing)]),
            held=np.array([float(held)]),
            opening=np.array([observation.fixture_position.get(name, 0.0)]),
        )
        chunk = self._runner.chunk(skill_features(view)[0])
        position = poses.relative(frame, ee)[:3] + chunk.moves
        return ActionChunk(
            ee_pose=np.concatenate([position, chunk.rotations], axis=-1),
            gripper_width_m=np.where(chunk.closing, 0.0, self._open_width_m),
            rate_hz=self._rate_hz,
            frame=f"{self._skill.frame.kind} of {name}",
            pose_frame_in_world=frame,
            done_probability=chunk.done,
        )

    def sent(self, gripper_width_m: float) -> None:
        """Tell the policy which gripper command was carried out; it is an input of the next one."""
        self._closing = gripper_width_m < OPEN_THRESHOLD_M

    def _frame(self, name: str, pose: Floats, held: bool, subgoal: Subgoal) -> Floats:
        symmetry = thing_symmetry(self._task, name)
        if self._skill.frame.kind == "goal":
            if name not in subgoal.poses:
                raise InputError(f"skill {self._skill.name} needs a goal pose for {name}")
            return upright_frame(subgoal.poses[name], symmetry)
        if self._followed is None:
            self._followed = FollowedFrame(symmetry)
        return self._followed.update(pose, held)

    def _is_held(self, name: str, pose: Floats, ee: Floats, width_m: float) -> bool:
        thing = self._task.objects.get(name)
        if thing is None:
            return False
        limits = self._task.predicates["holding"].thresholds
        size = np.asarray(thing.width_m)
        return bool(is_held(grip_position(thing, pose), ee, np.asarray(width_m), size, limits))


def thing_symmetry(task: Task, name: str) -> int:
    """How many quarter-like turns leave a thing as it was; 1 for fixtures."""
    return task.objects[name].yaw_symmetry if name in task.objects else 1


def chunk_in_world(chunk: ActionChunk) -> Floats:
    """Poses (H, 7) of a chunk in world."""
    return np.asarray(poses.compose(chunk.pose_frame_in_world, chunk.ee_pose))


def _number(settings: object, key: str) -> float:
    value = settings.get(key) if isinstance(settings, dict) else None
    if not isinstance(value, int | float):
        raise InputError(f"the skill's settings lack the number {key!r}; found {value!r}")
    return value
