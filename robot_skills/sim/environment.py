"""A task with an arm as a goal-conditioned Gymnasium environment."""

from functools import cache
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict
from numpy.typing import NDArray

from robot_skills.core.arm import load_arm
from robot_skills.core.control import EndEffectorController, Workspace
from robot_skills.core.errors import InputError, unknown_name
from robot_skills.core.facts import format_facts, parse_sequence
from robot_skills.core.predicates import FactObserver
from robot_skills.core.task import Goal, Task
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.sim.flat_observation import FlatFacts, FlatObservation
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.render import Cameras, Image
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import Situation, reset, sample_situation
from robot_skills.sim.velocity_action import ACTION_SIZE, VelocityAction

Floats = NDArray[np.float64]
Vector = NDArray[np.float32]


class TaskEnvironment(gymnasium.Env):  # type: ignore[misc]  # its types are left out
    """A task of `envs/` on an arm of `assets/arms/`, one step a control period of the task.

    An action (5,) in [-1, 1] is the velocity of the end-effector in world, x y z in units of the
    arm's top speed (`ee_speed_max_m_s`) and yaw in units of 1.5 rad/s, then the gripper: -1
    closed, 1 wide open. The gripper keeps pointing down. Observations hold `observation` (see
    FlatObservation), `achieved_goal` (facts now) and `desired_goal` (facts wanted) as vectors of
    FlatFacts. The reward is 0 where all wanted facts hold, else -1; that also terminates.

    `goal` is the name of one of the task's goals, facts such as 'on(red, blue)' (then with all
    of the task's objects), or None, which draws a seen goal at every reset;
    `reset(options={"goal": ...})` overrules it.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 20}

    def __init__(
        self,
        task: str = "blocks",
        arm: str = "ur5e",
        goal: str | None = None,
        render_mode: str | None = None,
        camera: str = "front",
        image: tuple[int, int] = (480, 640),
    ) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise unknown_name("render mode", str(render_mode), self.metadata["render_modes"])
        self.render_mode = render_mode
        self.task = load_task(find("envs", task))
        self.arm = load_arm(find("assets", f"arms/{arm}"))
        self._goal_text = goal
        self._camera, self._image = camera, image
        self._kinematics = MujocoKinematics(self.arm)
        workspace = Workspace(*self.task.workspace_m)
        self._controller = EndEffectorController(
            self._kinematics, self.arm, self.task.rate_hz, workspace
        )
        self._action = VelocityAction.of(self.arm, self.task.rate_hz)
        self._flat, self._facts = FlatObservation(self.task, self.arm), FlatFacts(self.task)
        self.observation_space = Dict(
            observation=self._flat.space,
            achieved_goal=self._facts.space,
            desired_goal=self._facts.space,
        )
        self.action_space = Box(-1.0, 1.0, (ACTION_SIZE,), np.float32)
        self._robot_with = cache(self._make_robot)  # one compiled model a set of objects
        self._cameras: Cameras | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Vector], dict[str, Any]]:
        """Start an episode; `options` may hold `goal`. Raises InputError at an unknown option."""
        super().reset(seed=seed)
        options = options or {}
        for name in options.keys() - {"goal"}:
            raise unknown_name("reset option", name, ["goal"])
        situation = self._situation(options.get("goal", self._goal_text))
        self.goal = situation.goal
        self._goal_shown = format_facts(self.goal.facts)
        self._desired = self._facts.vector(situation.goal.facts)
        self._use(self._robot_with(situation.objects))
        reset(self.robot, self._kinematics, situation.goal, self.np_random)
        return self._begin()

    def step(self, action: Vector) -> tuple[dict[str, Vector], float, bool, bool, dict[str, Any]]:
        """Move for one control period; truncation is left to Gymnasium's time limit."""
        wanted = self._wanted_pose(np.asarray(action, dtype=float))
        width_m = float(self._action.width_m(np.asarray(action, dtype=float)))
        self._joint_target = self._controller.step(self._joints, wanted)
        self.robot.act(self._joint_target, width_m)
        observation, info = self._look()
        reached = bool(info["is_success"])
        return observation, 0.0 if reached else -1.0, reached, False, info

    def compute_reward(
        self, achieved_goal: Vector, desired_goal: Vector, info: Any
    ) -> NDArray[np.float32]:
        """Rewards (...,) for goals (..., G): 0 where every wanted fact holds, else -1."""
        return np.asarray(_reached(achieved_goal, desired_goal), np.float32) - 1.0

    def compute_terminated(
        self, achieved_goal: Vector, desired_goal: Vector, info: Any
    ) -> NDArray[np.bool_]:
        """Whether (...,) every wanted fact holds, for goals (..., G)."""
        return _reached(achieved_goal, desired_goal)

    def render(self) -> Image | None:
        """What the chosen camera sees (H, W, 3) uint8 RGB, or None without a render mode."""
        if self.render_mode is None:
            return None
        if self._cameras is None:
            self._cameras = Cameras(self.robot.scene, *self._image, [self._camera])
        return self._cameras.image(self.robot.data, self._camera)

    def close(self) -> None:
        """Give the renderer back; may be called twice."""
        if self._cameras is not None:
            self._cameras.close()
            self._cameras = None

    def _make_robot(self, objects: tuple[str, ...]) -> SimArm:
        visual = self.render_mode is not None
        return SimArm(build_scene(self.task, self.arm, objects, visual))

    def _situation(self, text: str | None) -> Situation:
        if text is None:
            seen = [name for name, template in self.task.goals.items() if template.seen]
            text = str(self.np_random.choice(seen))
        if text in self.task.goals:
            return sample_situation(self.task, self.task.goal(text), self.np_random)
        return _given(self.task, text)

    def _use(self, robot: SimArm) -> None:
        if getattr(self, "robot", None) is not robot:
            self.close()  # the renderer belongs to the other model
        self.robot = robot
        self._observer = FactObserver(self.task, robot.scene.objects)

    def _begin(self) -> tuple[dict[str, Vector], dict[str, Any]]:
        self._controller.reset()
        observation, info = self._look()
        self._joint_target = self._joints
        self._ee_quaternion = self._kinematics.ee_pose(self._joints)[3:]
        return observation, info

    def _wanted_pose(self, action: Floats) -> Floats:
        """Where the targets are by now, moved on; so that nothing is saved up in contact."""
        here = self._kinematics.ee_pose(self._joint_target)
        wanted = np.asarray(self._action.ee_pose(here, self._ee_quaternion, action))
        self._ee_quaternion = wanted[3:]
        return wanted

    def _look(self) -> tuple[dict[str, Vector], dict[str, Any]]:
        observation = self.robot.observe()
        self._joints = observation.joint_position
        ee_pose = self._kinematics.ee_pose(self._joints)
        facts = self._observer.facts(observation, ee_pose)
        flat = {
            "observation": self._flat.vector(observation, ee_pose),
            "achieved_goal": self._facts.vector(facts),
            "desired_goal": self._desired.copy(),
        }
        info = {
            "is_success": self.goal.facts <= facts,
            "facts": facts,
            "goal": self._goal_shown,
        }
        return flat, info


def _reached(achieved: Vector, desired: Vector) -> NDArray[np.bool_]:
    return np.asarray(np.all(achieved >= desired, axis=-1))


def _given(task: Task, text: str) -> Situation:
    if "(" not in text:
        raise unknown_name("goal", text, task.goals)
    sequence, objects = parse_sequence(text), tuple(task.objects)
    if not sequence:
        raise InputError("the goal is empty; give facts such as 'on(red, blue)'")
    task.check(frozenset(sequence), objects)
    return Situation(objects, Goal("given", False, sequence, frozenset()))
