"""A real arm or its twin as a Robot: the executor cannot tell it from the simulated one."""

import contextlib
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import RobotFault
from robot_skills.core.observation import Observation, PoseEstimate
from robot_skills.core.robot import Command, Perception
from robot_skills.deploy.control_process import ControlProcess
from robot_skills.deploy.driver import ArmState, Fault, FaultKind, Gripper, StopKind
from robot_skills.deploy.fixtures import FixtureJoint
from robot_skills.deploy.limits import Limits

Floats = NDArray[np.float64]

CONNECT_TIMEOUT_S = 3.0


class ConnectedPerception(Perception, Protocol):
    """Perception over a link that is opened and closed with the robot."""

    def connect(self, timeout_s: float) -> None:
        """Open the link; raises InputError when nothing answers."""
        ...

    def close(self) -> None:
        """Let go of the link."""
        ...


class DriverRobot:
    """Implements core.robot.Robot on a control process, a gripper and perception.

    The arm is stopped on leaving the `with` block, whatever the reason, Ctrl-C included. A fault
    latches: every later call raises RobotFault with the reason until `clear_fault`.
    """

    def __init__(
        self,
        control: ControlProcess,
        gripper: Gripper,
        perception: ConnectedPerception,
        limits: Limits,
        rate_hz: float,
        fixtures: Mapping[str, FixtureJoint] | None = None,
    ) -> None:
        self.rate_hz = rate_hz
        self._control = control
        self._gripper = gripper
        self._perception = perception
        self._limits = limits
        self._fixtures = fixtures or {}
        self._sent = np.zeros(0)
        self._due_s = 0.0

    @property
    def fault(self) -> Fault | None:
        """Why the arm may not move, or None."""
        return self._control.fault

    def __enter__(self) -> Self:
        self._open(self._control.start)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._control.stop(StopKind.SMOOTH)
        self._undo.close()

    def observe(self) -> Observation:
        """Newest reading of everything; raises RobotFault when any of it would be stale."""
        state = self._control.state()
        seen = self._perception.poses(state.robot_time_s)
        return Observation(
            time_s=state.robot_time_s,
            joint_position=state.joint_position_rad,
            joint_velocity=state.joint_velocity_rad_s,
            gripper_width_m=self._gripper.width_m,
            object_pose=seen,
            fixture_position=self._openings(seen),
        )

    def act(self, joint_position: Floats, gripper_width_m: float) -> Command:
        """Follow joint targets (J,) rad for one control period of robot time.

        Returns what was sent after limits, on a steady beat: time a caller spends between two
        calls is taken from the next period, not added to it.
        """
        state = self._control.state()
        command = self._limited(np.asarray(joint_position), gripper_width_m, state)
        period_s = 1.0 / self.rate_hz
        self._control.aim(command.joint_position, period_s)
        self._gripper.move(command.gripper_width_m)
        self._sent = command.joint_position
        missed = state.robot_time_s > self._due_s + period_s
        self._due_s = (state.robot_time_s if missed else self._due_s) + period_s
        self._control.wait_until(self._due_s)
        return command

    def stop(self) -> None:
        """Bring the arm to rest and keep it there; observing goes on."""
        self._control.stop(StopKind.SMOOTH)

    def clear_fault(self) -> None:
        """Acknowledge the latched fault and make the arm ready again, on fresh links."""
        self._undo.close()
        self._open(self._control.clear)

    def _open(self, start_control: Callable[[], None]) -> None:
        with contextlib.ExitStack() as undo:
            undo.callback(self._control.close)
            start_control()
            self._gripper.connect(CONNECT_TIMEOUT_S)
            undo.callback(self._gripper.close)
            self._perception.connect(CONNECT_TIMEOUT_S)
            undo.callback(self._perception.close)
            self._undo = undo.pop_all()
        state = self._control.state()
        self._sent = state.joint_position_rad
        self._due_s = state.robot_time_s

    def _limited(self, joint_position: Floats, width_m: float, state: ArmState) -> Command:
        """What may be sent; latches the fault of a policy or gripper that cannot be trusted."""
        kind = FaultKind.BAD_COMMAND
        try:
            command = self._limits.apply(
                joint_position, width_m, self._sent, state.joint_position_rad
            )
            kind = FaultKind.GRIPPER
            self._gripper.check()
        except RobotFault as error:
            self._control.latch(Fault(kind, str(error)))
            raise
        return command

    def _openings(self, seen: Mapping[str, PoseEstimate]) -> dict[str, float]:
        return {name: joint.position(seen[name].pose) for name, joint in self._fixtures.items()}
