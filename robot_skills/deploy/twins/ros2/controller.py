"""The ROS 2 family's TwinController: ros2_control with a joint_trajectory_controller."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.deploy.drivers.ros2.driver import finger_joint
from robot_skills.deploy.drivers.ros2.settings import ros2_settings
from robot_skills.deploy.twins.controller import Note, Order
from robot_skills.deploy.twins.gap import Gap
from robot_skills.deploy.twins.hub import DelayLine, Hub
from robot_skills.deploy.twins.physics import TwinPhysics
from robot_skills.deploy.twins.ros2.graph import Ros2Graph
from robot_skills.deploy.twins.ros2.trajectory import TrajectoryReference, Waypoint

Floats = NDArray[np.float64]

TICK_S = 0.002
STATE_TICKS = 5  # JointState at 100 Hz
ACTIVITY_TICKS = 500  # diagnostic_updater's period of 1 s
SPEED_TOLERANCE = 1.1  # over the profile's limit, before the hardware stops itself
ACTIVE, INACTIVE = "active", "inactive"


class Ros2Controller:
    """One arm's ros2_control; when it stops itself, its controllers are no longer active."""

    def __init__(
        self, host: str, arm: ArmProfile, physics: TwinPhysics, gap: Gap, note: Note
    ) -> None:
        self.address = "twin_" + host.replace(".", "_")
        self._arm, self._physics, self._note = arm, physics, note
        self._settings = ros2_settings(arm)
        self._finger = finger_joint(self._settings, arm)
        self._reference = TrajectoryReference(physics.joint_position)
        self._width_m = physics.gripper_width_m
        self._commands: DelayLine[tuple[bool, Any]] = DelayLine(gap.delay_in_s)
        self._states: DelayLine[tuple[Any, ...]] = DelayLine(gap.delay_out_s)
        self._lost = 0.0
        self._rng = np.random.default_rng(0x726F73)
        self._stopped = ""
        self._told = ""
        self.faults: Mapping[str, Order] = {
            "pstop": lambda _: self._deactivate("protective_stop", "asked for on stdin"),
            "estop": lambda _: self._deactivate("emergency_stop", "button"),
            "drop": self._lose,
        }

    def listen(self, hub: Hub) -> None:
        """Join the graph; nothing of it is the hub's."""
        self._graph = Ros2Graph(self.address, self._settings)
        if self._settings.clear_service:
            self._graph.serve(self._settings.clear_service, self._activate)
        if self._settings.power_off_service:
            self._graph.serve(self._settings.power_off_service, self._power_off)

    def set_delay(self, delay_s: float) -> None:
        """Hold back commands and states by this long, each."""
        self._commands.delay_s = self._states.delay_s = delay_s

    def tick(self, tick: int, linked: bool) -> None:
        """Take in what is due, move the arm, publish what is due."""
        time_s = tick * TICK_S
        if linked:
            self._receive(time_s)
            self._graph.answer()
        self._physics.step(self._reference.advance(TICK_S), self._width_m)
        self._guard()
        if tick % STATE_TICKS == 0:
            self._states.push(time_s, self._reading(time_s))
        if linked:
            self._publish(tick, time_s)

    def close(self) -> None:
        """Leave the graph."""
        self._graph.close()

    def _receive(self, time_s: float) -> None:
        for is_grip, take in ((False, self._graph.trajectories), (True, self._graph.grips)):
            for message in take():
                if not self._is_lost():
                    self._commands.push(time_s, (is_grip, message))
        for is_grip, message in self._commands.due(time_s):
            if not self._stopped:
                (self._grip if is_grip else self._follow)(message)

    def _follow(self, message: Any) -> None:
        try:
            points = self._waypoints(message)
            physics, reference = self._physics, self._reference
            desired = self._settings.interpolate_from_desired_state
            start = reference.position if desired else physics.joint_position
            reference.follow(points, start, physics.joint_velocity)
        except ValueError as error:
            self._note("trajectory_rejected", str(error))

    def _waypoints(self, message: Any) -> list[Waypoint]:
        names = list(message.joint_names)
        if sorted(names) != sorted(self._arm.joints):
            raise ValueError(f"joints are {list(self._arm.joints)}; found {names}")
        order = [names.index(joint) for joint in self._arm.joints]
        return [_waypoint(point, order) for point in message.points]

    def _grip(self, message: Any) -> None:
        if self._settings.gripper_message == "array":
            self._width_m = self._finger.width_m(float(message.data[0]))
        elif list(message.joint_names) == [self._settings.gripper_joint] and message.points:
            self._width_m = self._finger.width_m(float(message.points[-1].positions[0]))
        else:
            self._note("trajectory_rejected", f"gripper: {list(message.joint_names)}")

    def _reading(self, time_s: float) -> tuple[Any, ...]:
        # Alphabetically, as joint_state_broadcaster may: joints are to be matched by name.
        physics, width_m = self._physics, self._physics.gripper_width_m
        names = [*self._arm.joints, self._settings.gripper_joint]
        order = sorted(range(len(names)), key=names.__getitem__)
        position = [*physics.joint_position.tolist(), self._finger.position(width_m)]
        velocity = [*physics.joint_velocity.tolist(), 0.0]
        effort = [*physics.joint_torque.tolist(), float("nan")]
        columns = ([values[i] for i in order] for values in (names, position, velocity, effort))
        return (time_s, *columns)

    def _publish(self, tick: int, time_s: float) -> None:
        for reading in self._states.due(time_s):
            if not self._is_lost():
                self._graph.publish_states(*reading)
        state = INACTIVE if self._stopped else ACTIVE
        if tick % ACTIVITY_TICKS == 0 or state != self._told:
            self._told = state
            gripper = self._settings.gripper_topic.strip("/").split("/")[0]
            self._graph.publish_activity({self._settings.controller: state, gripper: state})

    def _guard(self) -> None:
        speed = np.abs(self._physics.joint_velocity)
        if not self._stopped and (speed > SPEED_TOLERANCE * self._arm.speed_max).any():
            self._deactivate("protective_stop", f"joint speed {speed.max():.2f} rad/s")

    def _deactivate(self, kind: str, why: str) -> None:
        self._stopped = kind
        self._reference.hold(self._physics.joint_position)
        self._width_m = self._physics.gripper_width_m
        self._note(kind, why)

    def _activate(self) -> None:
        self._stopped = ""
        self._note("cleared", "asked for by service")

    def _power_off(self) -> None:
        self._deactivate("power_off", "asked for by service")

    def _lose(self, value: Any) -> None:
        self._lost = float(value["p"])

    def _is_lost(self) -> bool:
        return bool(self._lost > 0.0 and self._rng.random() < self._lost)


def _waypoint(point: Any, order: list[int]) -> Waypoint:
    position, velocity = np.array(point.positions), np.array(point.velocities)
    if position.shape != (len(order),) or not np.isfinite(position).all():
        raise ValueError(f"a point needs {len(order)} finite positions; found {position}")
    time_s = point.time_from_start.sec + 1e-9 * point.time_from_start.nanosec
    speeds = velocity[order] if velocity.shape == position.shape else None
    return Waypoint(time_s, position[order], speeds)
