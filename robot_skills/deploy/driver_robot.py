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
from robot_skills.deploy.control.chunk import JointChunk
from robot_skills.deploy.control.process import ControlProcess
from robot_skills.deploy.control.status import RobotStatus
from robot_skills.deploy.driver import ArmInfo, ArmState, Fault, FaultKind, StopKind
from robot_skills.deploy.fixtures import FixtureJoint

Floats = NDArray[np.float64]

CONNECT_TIMEOUT_S = 3.0
FULL_TURN_RAD = 2 * np.pi
SPARE_CYCLES = 2


class ConnectedPerception(Perception, Protocol):
    """Perception over a link that is opened and closed with the robot."""

    def connect(self, timeout_s: float) -> None:
        """Open the link; raises InputError when nothing answers."""
        ...

    def close(self) -> None:
        """Let go of the link."""
        ...


class DriverRobot:
    """Implements core.robot.Robot on a control process and perception, where there is any.

    The arm is stopped on leaving the `with` block, whatever the reason, Ctrl-C included. A fault
    latches: every later call raises RobotFault with the reason until `clear_fault`. With
    `read_only` nothing is ever commanded.
    """

    def __init__(
        self,
        control: ControlProcess,
        perception: ConnectedPerception | None,
        rate_hz: float,
        fixtures: Mapping[str, FixtureJoint] | None = None,
        read_only: bool = False,
    ) -> None:
        self.rate_hz = rate_hz
        self._control = control
        self._perception = perception
        self._fixtures = fixtures or {}
        self._read_only = read_only
        self._due_s = 0.0

    @property
    def fault(self) -> Fault | None:
        """Why the arm may not move, or None."""
        return self._control.fault

    @property
    def info(self) -> ArmInfo:
        """What the connected arm says of itself; raises RobotFault where none is connected."""
        return self._control.info

    def __enter__(self) -> Self:
        self._open(lambda: self._control.start(move=not self._read_only))
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
        seen = {} if self._perception is None else self._perception.poses(state.robot_time_s)
        if state.gripper_width_m is None:
            raise RobotFault("the gripper has not told its width yet")
        return Observation(
            time_s=state.robot_time_s,
            joint_position=state.joint_position_rad,
            joint_velocity=state.joint_velocity_rad_s,
            gripper_width_m=state.gripper_width_m,
            object_pose=seen,
            fixture_position=self._openings(seen),
        )

    def state(self) -> ArmState:
        """Newest reading of the arm alone; raises RobotFault when it is stale or latched."""
        return self._control.state()

    def act(self, joint_position: Floats, gripper_width_m: float) -> Command:
        """Follow joint targets (J,) rad for one control period of robot time.

        Returns the last target that was sent in it, after every limit, on a steady beat: time a
        caller spends between two calls is taken from the next period, not added to it.
        """
        period_s = 1.0 / self.rate_hz
        state = self._control.state()
        # Readings and targets each cross to the other process within a cycle of its own: stamps on
        # the steady beat, so much later, give each target the same time whenever it came.
        spare_s = SPARE_CYCLES / self._control.info.rate_hz
        late = state.robot_time_s > self._due_s + spare_s
        begun_s = state.robot_time_s if late else self._due_s
        due_s = np.array([begun_s + period_s + spare_s])
        target = np.asarray(joint_position, dtype=float)
        self._follow(due_s, target[np.newaxis], np.array([gripper_width_m], dtype=float), state)
        missed = state.robot_time_s > self._due_s + period_s
        self._due_s = (state.robot_time_s if missed else self._due_s) + period_s
        self._control.wait_until(self._due_s)
        return Command(self._control.sent(), gripper_width_m)

    def follow(self, joint_position: Floats, gripper_width_m: Floats, rate_hz: float) -> None:
        """Follow targets (K, J) rad and widths (K,) m, `rate_hz` of them a second, from now on.

        Returns at once; the next call replaces what is left of them.
        """
        state = self._control.state()
        due_s = state.robot_time_s + np.arange(1, len(joint_position) + 1) / rate_hz
        self._follow(due_s, np.asarray(joint_position), np.asarray(gripper_width_m), state)

    def stop(self) -> None:
        """Bring the arm to rest and keep it there; observing goes on."""
        self._control.stop(StopKind.SMOOTH)

    def beat(self) -> None:
        """The operator is there: from the first call on, half a second without one is a stop."""
        self._control.beat()

    def status(self) -> RobotStatus:
        """Rates, margins and the latched fault, without waiting."""
        return self._control.status()

    def clear_fault(self) -> None:
        """Acknowledge the latched fault and make the arm ready again, on fresh links."""
        self._undo.close()
        self._open(self._control.clear)

    def _open(self, start_control: Callable[[], None]) -> None:
        with contextlib.ExitStack() as undo:
            undo.callback(self._control.close)
            start_control()
            if self._perception is not None:
                self._perception.connect(CONNECT_TIMEOUT_S)
                undo.callback(self._perception.close)
            self._undo = undo.pop_all()
        self._due_s = self._control.state().robot_time_s

    def _follow(self, due_s: Floats, joints: Floats, widths_m: Floats, state: ArmState) -> None:
        try:
            refuse(joints, widths_m, state.joint_position_rad)
        except RobotFault as error:
            self._control.latch(Fault(FaultKind.BAD_COMMAND, str(error)))
            raise
        self._control.follow(JointChunk(due_s, joints, widths_m))

    def _openings(self, seen: Mapping[str, PoseEstimate]) -> dict[str, float]:
        return {
            name: joint.position(seen[name].pose)
            for name, joint in self._fixtures.items()
            if name in seen
        }


def refuse(joint_position: Floats, gripper_width_m: Floats, measured: Floats) -> None:
    """Raise RobotFault for targets (K, J) that say that their sender is broken."""
    if joint_position.ndim != 2 or joint_position.shape[1:] != measured.shape:
        found = joint_position.shape[1:]
        raise RobotFault(f"joint targets must have shape {measured.shape}; found {found}")
    if not (np.isfinite(joint_position).all() and np.isfinite(gripper_width_m).all()):
        raise RobotFault(f"targets must be finite; found {joint_position}, {gripper_width_m}")
    if (np.abs(joint_position - measured) > FULL_TURN_RAD).any():
        raise RobotFault("a joint target is more than a turn away; are its units degrees?")
