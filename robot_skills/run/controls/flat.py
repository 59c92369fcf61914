"""Carries a goal out with one policy and no plan: the control that every table needs."""

from collections import deque
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.body import Body
from robot_skills.core.control import EndEffectorController, Workspace
from robot_skills.core.facts import State
from robot_skills.core.predicates import FactObserver
from robot_skills.core.robot import Robot
from robot_skills.core.task import Task
from robot_skills.nets.networks.network import Network
from robot_skills.nets.networks.runner import Chunk, ChunkRunner
from robot_skills.nets.sight.flat_features import FlatView, flat_features
from robot_skills.nets.sight.skill_sight import OPEN_THRESHOLD_M
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.execute.joining import joining_index
from robot_skills.run.execute.trace import Trace

Floats = NDArray[np.float64]

OPEN_WIDTH_M = 0.076  # the median with which the demonstrations open the gripper
STILL_STEPS, STILL_M = 200, 0.002  # 10 s at 20 Hz: nothing that sees no change would go on


class FlatRunner:
    """Runs the flat policy's weights on a robot until the goal holds or the time is over."""

    def __init__(
        self, weights: Mapping[str, NDArray[np.float32]], network: Network, task: Task, body: Body
    ) -> None:
        self._runner = ChunkRunner(weights, network)
        self._task = task
        self._body = body

    def run(self, robot: Robot, goal: State, limit: int) -> Trace:
        """What came of it within `limit` control steps; success is the goal held, confirmed."""
        episode = GoalEpisode(robot, goal, self._task, self._body)
        while episode.steps < limit and not episode.over:
            chunk = self._runner.chunk(flat_features(episode.view, self._task))
            self._follow(chunk, episode)
        return episode.finish()

    def _follow(self, chunk: Chunk, episode: "GoalEpisode") -> None:
        """Carry out the beginning of a chunk, or less where the goal is reached before."""
        targets = np.concatenate([episode.view.ee[:3] + chunk.moves, chunk.rotations], axis=-1)
        used = ExecutorConfig().replan_every
        first = joining_index(targets, episode.target, used)
        for index in range(first, first + used):
            episode.advance(targets[index], bool(chunk.closing[index]))
            if episode.over:
                break


class GoalEpisode:
    """One robot working towards one goal under a policy without skills, and how far it came."""

    def __init__(self, robot: Robot, goal: State, task: Task, body: Body) -> None:
        self._robot, self._goal, self._body = robot, goal, body
        workspace = Workspace(task.workspace_m[0], task.workspace_m[1])
        self._controller = EndEffectorController(
            body.kinematics, body.arm, robot.rate_hz, workspace
        )
        present = tuple(n for n in task.objects if n in robot.observe().object_pose)
        self._observer = FactObserver(task, present)
        self._closing = robot.observe().gripper_width_m < OPEN_THRESHOLD_M
        self.target: Floats | None = None
        self._path: deque[Floats] = deque(maxlen=STILL_STEPS)
        self.steps = self._held = 0
        self._look()

    @property
    def over(self) -> bool:
        """Whether the goal is reached, or the hand has come to rest for good."""
        still = len(self._path) == STILL_STEPS and float(np.ptp(self._path, axis=0).max()) < STILL_M
        return self.reached or still

    @property
    def reached(self) -> bool:
        """Whether the goal has held for as many steps as the executor asks for."""
        return self._held >= ExecutorConfig().confirm

    def advance(self, target: Floats, closing: bool) -> None:
        """One control step towards an end-effector pose (7,) in world."""
        self._closing, self.target = closing, target
        joints = self._controller.step(self._observation.joint_position, target)
        self._robot.act(joints, 0.0 if closing else OPEN_WIDTH_M)
        self.steps += 1
        self._look()

    def finish(self) -> Trace:
        """Stop the robot and say how far it came."""
        self._robot.stop()
        facts, rate_hz = self.view.facts, self._robot.rate_hz
        return Trace(self.reached, self.steps, rate_hz, self._goal, facts)

    def _look(self) -> None:
        self._observation = self._robot.observe()
        ee = self._body.kinematics.ee_pose(self._observation.joint_position)
        facts = self._observer.facts(self._observation, ee)
        self._held = self._held + 1 if self._goal <= facts else 0
        self._path.append(ee[:3])
        self.view = FlatView(
            ee=ee,
            width_m=self._observation.gripper_width_m,
            closing=self._closing,
            things={n: e.pose for n, e in self._observation.object_pose.items()},
            openings=self._observation.fixture_position,
            facts=facts,
            goal=self._goal,
        )
