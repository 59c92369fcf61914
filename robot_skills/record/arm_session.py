"""Teleoperation of a real arm or its twin: one episode at a time, recorded if wanted."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from robot_skills.core.arm import ArmProfile
from robot_skills.core.control import EndEffectorController, Workspace
from robot_skills.core.observation import Observation, PoseEstimate
from robot_skills.core.robot import Command, Robot
from robot_skills.core.task import Task
from robot_skills.record.keyboard import Ending, KeyboardOperator
from robot_skills.record.live_cameras import LiveCameras
from robot_skills.record.recorder import Recorder
from robot_skills.sim.kinematics import Floats, MujocoKinematics
from robot_skills.storage.episodes import EpisodeWriter, next_number


@dataclass(frozen=True)
class Take:
    """Where an episode goes, and what is said of it; without a folder nothing is kept."""

    folder: Path | None
    provenance: Mapping[str, str]
    cameras: LiveCameras | None = None


class SteadySight:
    """Implements Robot over another one: every row sees the same things, last known where unseen.

    What is there at the first look is there for the whole episode, as channels must be whole.
    """

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self.rate_hz = robot.rate_hz
        self._known: dict[str, PoseEstimate] | None = None
        self._openings: dict[str, float] = {}

    def observe(self) -> Observation:
        """The newest observation, completed by what was last known."""
        seen = self._robot.observe()
        if self._known is None:
            self._known, self._openings = dict(seen.object_pose), dict(seen.fixture_position)
        for name in self._known.keys() & seen.object_pose.keys():
            self._known[name] = seen.object_pose[name]
        for name in self._openings.keys() & seen.fixture_position.keys():
            self._openings[name] = seen.fixture_position[name]
        known, openings = dict(self._known), dict(self._openings)
        return replace(seen, object_pose=known, fixture_position=openings)

    def act(self, joint_position: Floats, gripper_width_m: float) -> Command:
        """As the robot does."""
        return self._robot.act(joint_position, gripper_width_m)

    def stop(self) -> None:
        """As the robot does."""
        self._robot.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """The robot is whoever entered it's to leave."""


def teleoperate_once(
    entered: Robot,
    arm: ArmProfile,
    task: Task,
    pressed: Callable[[], str],
    show: Callable[[str], None],
    take: Take,
) -> tuple[Ending | None, int]:
    """Let keys move an entered robot until one ends the episode; how it ended, and its steps.

    The arm is stopped before the episode is written, which takes longer than an arm waits for.
    """
    robot, kinematics = SteadySight(entered), MujocoKinematics(arm)
    workspace = Workspace(*task.workspace_m)

    def look() -> tuple[Observation, Floats]:
        observation = robot.observe()
        return observation, kinematics.ee_pose(observation.joint_position)

    operator = KeyboardOperator(pressed, look, task.rate_hz, workspace, arm.gripper.width_max_m)
    controller = EndEffectorController(kinematics, arm, task.rate_hz, workspace)
    recorder = Recorder(robot, kinematics, controller)
    with ExitStack() as stack:
        writer = stack.enter_context(_writer(take, task)) if take.folder else None
        for wish in operator.wishes():
            recorder.run([wish], take.cameras, writer)
            show(operator.status)
        entered.stop()
        if writer is not None and operator.ending is Ending.KEPT:
            writer.finish(recorder.demonstration(take.provenance))
    return operator.ending, recorder.steps


def _writer(take: Take, task: Task) -> EpisodeWriter:
    assert take.folder is not None
    sizes = take.cameras.sizes if take.cameras else {}
    return EpisodeWriter(take.folder, next_number(take.folder), sizes, task.rate_hz)
