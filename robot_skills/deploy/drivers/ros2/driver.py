"""Any arm behind ros2_control: JointState in, streamed JointTrajectory out.

A trajectory of one point is sent every period; joint_trajectory_controller goes there and holds
it, so that the arm stands still a period after the last command. Of
the arm's own stops ROS tells only that the controller is no longer active, in the diagnostics of
the controller manager, once a second; sooner than that the tracking error shows it.
"""

import math
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.driver import ArmInfo, ArmState, Fault, FaultKind, StopKind
from robot_skills.deploy.drivers.ros2.link import Ros2Link, require_ros
from robot_skills.deploy.drivers.ros2.readings import FingerJoint, JointReadings, controller_state
from robot_skills.deploy.drivers.ros2.settings import Ros2Settings, namespace, ros2_settings

Floats = NDArray[np.float64]

ACTIVITY = "Controllers Activity"
ACTIVE = "active"
STOP_DECELERATION_RAD_S2 = 5.0
STOP_LEAST_S = 0.1
AT_ONCE_S = 0.001  # time_from_start must be above 0; below a controller's own period
CLEAR_TIMEOUT_S = 3.0
HALT_TIMEOUT_S = 3.0
CONNECT_SHARE = 0.9  # of the time for connecting, so that what is missing is told before its end


class Ros2Driver:
    """Implements ArmDriver; `address` is the arm's namespace, "" for none.

    Raises InputError in a Python without ROS 2.
    """

    def __init__(self, address: str, arm: ArmProfile, rate_hz: float) -> None:
        self._address = address
        self._namespace = namespace(address)
        self._arm = arm
        self._settings = ros2_settings(arm)
        require_ros()
        self._finger = finger_joint(self._settings, arm)
        self._ahead_s = (
            1.0 / rate_hz if self._settings.interpolate_from_desired_state else AT_ONCE_S
        )
        self._torque_max_nm = arm.deploy.torque_max_nm if arm.deploy is not None else None
        self._readings = JointReadings()
        self._controller: str | None = None
        self._link: Ros2Link | None = None
        self._started = False
        self.info = ArmInfo(arm.name, arm.joints, rate_hz, robot_watchdog=False)

    def connect(self, timeout_s: float) -> None:
        """Join the graph, wait for every joint and the controller; InputError in `timeout_s`."""
        end_s = time.monotonic() + CONNECT_SHARE * timeout_s
        if self._link is None:
            self._link = Ros2Link(self._namespace, self._settings)
        link, where = self._link, f"at the address {self._address!r}"
        if not link.wait_for(lambda: self._complete, end_s - time.monotonic()):
            self._explain_states(link, where)
        if not link.wait_for(lambda: link.heard, end_s - time.monotonic()):
            raise InputError(
                f"no controller listens to {link.arm_topic} {where}; spawn it "
                f"(ros2 run controller_manager spawner {self._settings.controller}), or name "
                "another in [deploy.ros2] trajectory_topic of the profile"
            )

    def read(self) -> ArmState:
        """Newest reading, at once, stamped as the JointState was."""
        self._take()
        readings, joints = self._readings, self._arm.joints
        position = readings.positions(joints)
        return ArmState(
            robot_time_s=readings.stamp(joints),
            joint_position_rad=position,
            joint_velocity_rad_s=readings.velocities(joints),
            mode=self._controller or "unknown",
            fault=self._fault(position),
            gripper_width_m=self._width_m(),
            load=self._load(),
        )

    def start(self) -> None:
        """Let commands through; raises RobotFault while the controller is not active."""
        fault = self.read().fault
        if fault is not None:
            raise RobotFault(str(fault))
        self._started = True

    def command(self, joint_position_rad: Floats, gripper_width_m: float | None) -> Floats:
        """Publish one joint target (J,) and a width; raises RobotFault before `start`."""
        if not self._started:
            raise RobotFault("the arm was not started, or was stopped")
        link = self._joined()
        link.aim(self._arm.joints, joint_position_rad.tolist(), self._ahead_s)
        if gripper_width_m is not None:
            link.grip(self._finger.position(gripper_width_m), self._ahead_s)
        return joint_position_rad

    def stop(self, kind: StopKind) -> None:
        """Brake to rest from the newest reading; with POWER_OFF ask for that too, where served."""
        if self._started:
            self._started = False
            bring_to_rest(self._joined(), self._arm, self._readings)
        if kind is StopKind.POWER_OFF:
            self._joined().ask(self._settings.power_off_service)

    def clear_fault(self) -> None:
        """Ask the arm's own recovery service; RobotFault tells what to do where that is no help."""
        link, name = self._joined(), self._settings.clear_service
        asked = link.ask(name)
        if link.wait_for(lambda: self.read().fault is None, CLEAR_TIMEOUT_S):
            return
        said = f"asked {name}" if asked else f"nothing serves {name}"
        raise RobotFault(
            f"{self.read().fault} ({said}); free the arm as its maker says, then "
            f"ros2 control switch_controllers --activate {self._settings.controller}"
        )

    def close(self) -> None:
        """Stop and leave the graph."""
        if self._link is not None:
            self.stop(StopKind.SMOOTH)
            self._link.close()
            self._link = None

    def _joined(self) -> Ros2Link:
        if self._link is None:
            raise RobotFault("the arm is not connected")
        return self._link

    @property
    def _complete(self) -> bool:
        self._take()
        return not self._readings.missing(self._arm.joints)

    def _take(self) -> None:
        link = self._joined()
        take_states(link, self._readings)
        for message in link.diagnostics():
            for status in message.status:
                if status.name.endswith(ACTIVITY):
                    told = {value.key: value.value for value in status.values}
                    state = controller_state(told, self._settings.controller)
                    self._controller = state or self._controller

    def _explain_states(self, link: Ros2Link, where: str) -> None:
        if not self._readings.position:
            raise InputError(
                f"nothing is published on {link.states_topic} {where}; is the arm's driver "
                "running, with the same ROS_DOMAIN_ID, and its joint_state_broadcaster active?"
            )
        raise InputError(
            f"{link.states_topic} carries {sorted(self._readings.position)} {where}, but not "
            f"{self._readings.missing(self._arm.joints)} of the profile {self._arm.name}: give "
            "the right --arm, or name the joints in the profile as the robot does"
        )

    def _fault(self, position: Floats) -> Fault | None:
        if not np.isfinite(position).all():
            return Fault(FaultKind.DRIVER, "joint positions are not finite")
        if self._controller in (None, ACTIVE):
            return None
        kind = FaultKind.PROTECTIVE_STOP if self._started else FaultKind.NOT_READY
        detail = (
            f"the controller {self._settings.controller} is {self._controller}: the arm has "
            "stopped itself or was stopped; free it, then clear"
        )
        return Fault(kind, detail)

    def _width_m(self) -> float | None:
        position = self._readings.position.get(self._settings.gripper_joint)
        known = position is not None and math.isfinite(position)
        return self._finger.width_m(position) if known and position is not None else None

    def _load(self) -> Floats | None:
        effort = self._readings.efforts(self._arm.joints)
        if effort is None or self._torque_max_nm is None:
            return None
        return np.abs(effort) / self._torque_max_nm


def halt(address: str, arm: ArmProfile) -> None:
    """Bring the arm to rest from a process that has no link to it; InputError if it is mute."""
    link, readings = Ros2Link(namespace(address), ros2_settings(arm)), JointReadings()

    def seen() -> bool:
        take_states(link, readings)
        return not readings.missing(arm.joints) and link.heard

    try:
        if not link.wait_for(seen, HALT_TIMEOUT_S):
            raise InputError(f"no ROS 2 arm answers at the address {address!r}")
        bring_to_rest(link, arm, readings)
        time.sleep(STOP_LEAST_S)  # what was published must have gone out before the node leaves
    finally:
        link.close()


def bring_to_rest(link: Ros2Link, arm: ArmProfile, readings: JointReadings) -> None:
    """Ask for the place where each joint comes to rest when it brakes evenly from now on."""
    speed = readings.velocities(arm.joints)
    brake_s = max(float(np.abs(speed).max()) / STOP_DECELERATION_RAD_S2, STOP_LEAST_S)
    rest = readings.positions(arm.joints) + speed * brake_s / 2
    link.rest(arm.joints, rest.tolist(), brake_s)


def take_states(link: Ros2Link, readings: JointReadings) -> None:
    """Take in every JointState that has come."""
    for message in link.states():
        take_state(message, readings)


def take_state(message: Any, readings: JointReadings) -> None:
    """Take in one sensor_msgs/JointState."""
    stamp = message.header.stamp
    readings.take(
        stamp.sec + 1e-9 * stamp.nanosec,
        message.name,
        message.position,
        message.velocity,
        message.effort,
    )


def finger_joint(settings: Ros2Settings, arm: ArmProfile) -> FingerJoint:
    """The gripper's joint as the profile says it; by default its position is the width in m."""
    closed, opened, width_max_m = (
        settings.gripper_closed,
        settings.gripper_open,
        arm.gripper.width_max_m,
    )
    return FingerJoint(closed, closed + width_max_m if opened == closed else opened, width_max_m)
