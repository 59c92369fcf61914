"""The topics and services of a ros2_control arm, as its twin serves them."""

from collections.abc import Callable
from typing import Any

from robot_skills.deploy.drivers.ros2.link import Ros2Node, message_type
from robot_skills.deploy.drivers.ros2.settings import Ros2Settings

ACTIVITY = "controller_manager: Controllers Activity"
COMMANDS_KEPT = 4


class Ros2Graph:
    """joint_state_broadcaster, two controllers' inputs and the controller manager's diagnostics."""

    def __init__(self, namespace: str, settings: Ros2Settings) -> None:
        node = Ros2Node("twin", namespace)
        self._joint_state = message_type("sensor_msgs.msg", "JointState")
        self._diagnostic = message_type("diagnostic_msgs.msg", "DiagnosticArray")
        self._status = message_type("diagnostic_msgs.msg", "DiagnosticStatus")
        self._value = message_type("diagnostic_msgs.msg", "KeyValue")
        trajectory = message_type("trajectory_msgs.msg", "JointTrajectory")
        array = message_type("std_msgs.msg", "Float64MultiArray")
        as_trajectory = settings.gripper_message == "trajectory"
        self.trajectories = node.subscribe(trajectory, settings.trajectory_topic, COMMANDS_KEPT)
        self.grips = node.subscribe(
            trajectory if as_trajectory else array, settings.gripper_topic, COMMANDS_KEPT
        )
        self._states = node.publisher(self._joint_state, settings.states_topic)
        self._diagnostics = node.publisher(self._diagnostic, settings.diagnostics_topic)
        self._services: list[tuple[Any, Callable[[], None]]] = []
        self._node = node

    def serve(self, name: str, act: Callable[[], None]) -> None:
        """Offer a std_srvs/Trigger service."""
        kind = message_type("std_srvs.srv", "Trigger")
        served = self._node.node.create_service(kind, name, lambda _, answer: answer)
        self._services.append((served, act))

    def answer(self) -> None:
        """Carry out what has been asked of the services."""
        for service, act in self._services:
            request, header = service.handle.service_take_request(service.srv_type.Request)
            if request is not None:
                act()
                service.send_response(service.srv_type.Response(success=True), header)

    def publish_states(
        self,
        time_s: float,
        names: list[str],
        position: list[float],
        velocity: list[float],
        effort: list[float],
    ) -> None:
        """Publish one JointState stamped with the robot's own time."""
        message = self._joint_state(name=names, position=position, velocity=velocity, effort=effort)
        message.header.stamp.sec = int(time_s)
        message.header.stamp.nanosec = int(1e9 * (time_s % 1.0))
        self._states.publish(message)

    def publish_activity(self, controllers: dict[str, str]) -> None:
        """Tell which controllers are active, by name."""
        values = [self._value(key=name, value=state) for name, state in controllers.items()]
        status = self._status(name=ACTIVITY, hardware_id="ros2_control", values=values)
        self._diagnostics.publish(self._diagnostic(status=[status]))

    def close(self) -> None:
        """Leave the graph."""
        self._node.close()
