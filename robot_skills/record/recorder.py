"""Keeps what one arm senses and is told, a row a control step, until the operator is done."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.control import EndEffectorController
from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.observation import Observation
from robot_skills.core.robot import Kinematics, Robot
from robot_skills.sim.sim_arm import SimArm

Floats = NDArray[np.float64]
Images = NDArray[np.uint8]


class Wanted(Protocol):
    """What any operator asks for in a control step: end-effector pose (7,) in world, width m."""

    @property
    def ee_pose(self) -> Floats: ...  # noqa: D102 - said above

    @property
    def gripper_width_m(self) -> float: ...  # noqa: D102 - said above


class FrameSink(Protocol):
    """Takes an image (H, W, 3) uint8 RGB of one camera, once a control step."""

    def frame(self, camera: str, image: Images) -> None: ...  # noqa: D102 - said above


class Eyes(Protocol):
    """Cameras: an image (H, W, 3) uint8 RGB by name; simulated ones need the simulator's data."""

    def images(self, data: Any) -> Mapping[str, Images]: ...  # noqa: D102 - said above


class Recorder:
    """Rows of one episode; row t holds what was sensed at step t and what was then asked for.

    The robot may be simulated, which is kept as it was at every step, or real.
    """

    def __init__(self, robot: Robot, kinematics: Kinematics, controller: EndEffectorController):
        self._robot = robot
        self._simulated = robot if isinstance(robot, SimArm) else None
        self._kinematics = kinematics
        self._controller = controller
        self._rows: dict[str, list[Floats]] = {}
        self._states: list[Floats] = []

    @property
    def steps(self) -> int:
        """Rows so far."""
        return len(self._rows.get("joint_position", ()))

    def step(self, wanted: Wanted) -> None:
        """Sense, keep, and carry out one wish."""
        if self._simulated is not None:
            self._states.append(self._simulated.state)
        observation = self._robot.observe()
        self._keep(observation, wanted)
        joints = self._controller.step(observation.joint_position, wanted.ee_pose)
        self._robot.act(joints, wanted.gripper_width_m)

    def run(self, wishes: Iterable[Wanted], eyes: Eyes | None, sink: FrameSink | None) -> None:
        """Carry out every wish; with cameras, one image each goes to `sink` a row."""
        data = self._simulated.data if self._simulated is not None else None
        for wanted in wishes:
            if eyes is not None and sink is not None:
                for camera, image in eyes.images(data).items():
                    sink.frame(camera, image)
            self.step(wanted)

    def demonstration(self, provenance: Mapping[str, str]) -> Demonstration:
        """Everything kept so far as an unlabelled demonstration."""
        channels = {name: _channel(name, rows) for name, rows in self._rows.items()}
        return Demonstration(
            name="",
            rate_hz=self._robot.rate_hz,
            channels=channels,
            provenance=provenance,
            simulator_state=np.array(self._states) if self._states else None,
        )

    def _keep(self, observation: Observation, wanted: Wanted) -> None:
        row = {
            "joint_position": observation.joint_position,
            "joint_velocity": observation.joint_velocity,
            "gripper_width": np.array([observation.gripper_width_m]),
            "ee_pose": self._kinematics.ee_pose(observation.joint_position),
            "action/ee_pose": wanted.ee_pose,
            "action/gripper_width": np.array([wanted.gripper_width_m]),
        }
        for name, estimate in observation.object_pose.items():
            row[f"object_pose/{name}"] = estimate.pose
        for name, position in observation.fixture_position.items():
            row[f"fixture/{name}"] = np.array([position])
        for name, values in row.items():
            self._rows.setdefault(name, []).append(np.array(values))


def _channel(name: str, rows: list[Floats]) -> Channel:
    unit, kind, frame = _META.get(name) or _META[name.partition("/")[0]]
    return Channel(np.array(rows), unit, kind, frame)


_META: dict[str, tuple[str, ChannelKind, str]] = {
    "joint_position": ("rad", ChannelKind.JOINT_POSITION, ""),
    "joint_velocity": ("rad/s", ChannelKind.JOINT_VELOCITY, ""),
    "gripper_width": ("m", ChannelKind.GRIPPER, ""),
    "ee_pose": ("m, quaternion wxyz", ChannelKind.POSE, "world"),
    "action/ee_pose": ("m, quaternion wxyz", ChannelKind.ACTION, "world"),
    "action/gripper_width": ("m", ChannelKind.ACTION, ""),
    "object_pose": ("m, quaternion wxyz", ChannelKind.OBJECT_POSE, "world"),
    "fixture": ("m or rad", ChannelKind.FIXTURE, ""),
}
