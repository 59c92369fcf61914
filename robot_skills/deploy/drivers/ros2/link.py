"""A ROS 2 node for one arm: topics polled, not spun, so that a cycle stays in its caller's thread.

rclpy is imported only when a link is opened. Its own context keeps this node apart from any other
use of ROS in the process, and leaves signals alone.
"""

import contextlib
import importlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from robot_skills.deploy.drivers.clients import missing_client
from robot_skills.deploy.drivers.ros2.settings import Ros2Settings

STATES_KEPT = 10  # more than arrive in a period, gripper and arm apart
LOOK_S = 0.01
KINDS = (
    ("rclpy", "Context"),
    ("sensor_msgs.msg", "JointState"),
    ("trajectory_msgs.msg", "JointTrajectory"),
    ("std_msgs.msg", "Float64MultiArray"),
    ("diagnostic_msgs.msg", "DiagnosticArray"),
    ("std_srvs.srv", "Trigger"),
)


def require_ros() -> None:
    """Import all of ROS that a link needs, which takes a second; InputError where it is missing."""
    for package, name in KINDS:
        message_type(package, name)


def message_type(package: str, name: str) -> Any:
    """A ROS message or service type; InputError where this Python has no ROS 2."""
    return getattr(_module(package), name)


def _module(package: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise missing_client("ros2", error) from None


class Ros2Node:
    """One node in a context of its own."""

    def __init__(self, name: str, namespace: str) -> None:
        rclpy = _module("rclpy")
        options = _module("rclpy.signals").SignalHandlerOptions
        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=options.NO)
        self.node: Any = _module("rclpy.node").Node(
            name,
            namespace=namespace,
            context=self._context,
            enable_rosout=False,
            start_parameter_services=False,
            enable_logger_service=False,
        )

    def subscribe(self, kind: Any, topic: str, kept: int) -> Callable[[], list[Any]]:
        """A function that takes the messages that have come since it was last called.

        Best effort, as that fits publishers of either kind and never waits for what was lost.
        """
        qos = _module("rclpy.qos")
        profile = qos.QoSProfile(depth=kept, reliability=qos.ReliabilityPolicy.BEST_EFFORT)
        handle = self.node.create_subscription(kind, topic, lambda _: None, profile).handle

        def take() -> list[Any]:
            taken = []
            while (found := handle.take_message(kind, False)) is not None:
                taken.append(found[0])
            return taken

        return take

    def publisher(self, kind: Any, topic: str) -> Any:
        """A reliable publisher of which only the newest message counts, as controllers take it."""
        return self.node.create_publisher(kind, topic, 1)

    def wait_for(self, found: Callable[[], bool], timeout_s: float) -> bool:
        """Whether something comes true in time."""
        deadline_s = time.monotonic() + timeout_s
        while not found():
            if time.monotonic() > deadline_s:
                return False
            time.sleep(LOOK_S)
        return True

    def close(self) -> None:
        """Leave the graph."""
        with contextlib.suppress(Exception):  # the context may have been shut down from outside
            self.node.destroy_node()
        self._context.try_shutdown()


class Ros2Link:
    """Everything one arm says and hears, under one namespace."""

    def __init__(self, namespace: str, settings: Ros2Settings) -> None:
        node = Ros2Node("robot_skills", namespace)
        self._node = node
        self._settings = settings
        self._trajectory = message_type("trajectory_msgs.msg", "JointTrajectory")
        self._point = message_type("trajectory_msgs.msg", "JointTrajectoryPoint")
        self._array = message_type("std_msgs.msg", "Float64MultiArray")
        self._trigger = message_type("std_srvs.srv", "Trigger")
        self.states = node.subscribe(
            message_type("sensor_msgs.msg", "JointState"), settings.states_topic, STATES_KEPT
        )
        self.diagnostics = node.subscribe(
            message_type("diagnostic_msgs.msg", "DiagnosticArray"),
            settings.diagnostics_topic,
            STATES_KEPT,
        )
        self._arm = node.publisher(self._trajectory, settings.trajectory_topic)
        whole = settings.gripper_message == "trajectory"
        self._gripper = node.publisher(
            self._trajectory if whole else self._array, settings.gripper_topic
        )
        self._services = {
            name: node.node.create_client(self._trigger, name)
            for name in (settings.clear_service, settings.power_off_service)
            if name
        }
        self.wait_for = node.wait_for
        self.close = node.close

    @property
    def heard(self) -> bool:
        """Whether a controller listens to the arm's trajectories."""
        return bool(self._arm.get_subscription_count() > 0)

    @property
    def arm_topic(self) -> str:
        """Full name of the topic of the arm's trajectories."""
        return str(self._arm.topic_name)

    @property
    def states_topic(self) -> str:
        """Full name of the topic of joint states."""
        return str(self._node.node.resolve_topic_name(self._settings.states_topic))

    def aim(self, joints: Sequence[str], position: Sequence[float], after_s: float) -> None:
        """Ask for joint positions rad `after_s` from when the controller hears it."""
        self._arm.publish(self._single(joints, position, after_s, ()))

    def rest(self, joints: Sequence[str], position: Sequence[float], after_s: float) -> None:
        """Ask to stand still at joint positions rad `after_s` from now: speed 0 is told too."""
        self._arm.publish(self._single(joints, position, after_s, [0.0] * len(joints)))

    def grip(self, position: float, after_s: float) -> None:
        """Ask for a position of the gripper's joint."""
        settings = self._settings
        if settings.gripper_message == "trajectory":
            message = self._single([settings.gripper_joint], [position], after_s, ())
        else:
            message = self._array(data=[position])
        self._gripper.publish(message)

    def ask(self, service: str) -> bool:
        """Call a Trigger service without awaiting what comes of it; False where none is served."""
        client = self._services.get(service)
        if client is None or not client.service_is_ready():
            return False
        client.call_async(self._trigger.Request())
        return True

    def _single(
        self,
        joints: Sequence[str],
        position: Sequence[float],
        after_s: float,
        velocity: Sequence[float],
    ) -> Any:
        # A stamp of 0 means "from now on", whatever the controller's clock is.
        point = self._point(positions=list(position), velocities=list(velocity))
        point.time_from_start.sec, rest_s = int(after_s), after_s % 1.0
        point.time_from_start.nanosec = int(1e9 * rest_s)
        return self._trajectory(joint_names=list(joints), points=[point])
