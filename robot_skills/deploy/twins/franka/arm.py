"""An FR3's controller: modes, reflexes, the running motion, and what it tells at each cycle.

Cartesian modes, torque commands and Cartesian collision thresholds are not modelled.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from robot_skills.deploy.twins.controller import Note
from robot_skills.deploy.twins.franka import wire
from robot_skills.deploy.twins.franka.motion import DesiredPath
from robot_skills.deploy.twins.franka.wire import Error, MoveAnswer, RobotMode
from robot_skills.deploy.twins.physics import TwinPhysics

Floats = NDArray[np.float64]

LOST_IN_A_ROW_MAX = 20  # Franka Control Interface documentation, lost packets
FILTER_SHARE = 0.1  # of the newest value in the filtered external torque: about 100 rad/s
SPEED_TOLERANCE_RAD_S = 0.3  # of a measured joint over the fastest one allowed
COLLISION_NM = np.array([40.0, 40.0, 38.0, 38.0, 32.0, 30.0, 24.0])  # until a client sets others
RATE_SHARE = 0.01  # control_command_success_rate is over the last 100 cycles


class FrankaArm:
    """One arm before its physics, moved forward cycle by cycle."""

    def __init__(
        self, physics: TwinPhysics, speed_max: Floats, delay_ticks: int, note: Note
    ) -> None:
        self._physics = physics
        self._speed_max = speed_max + SPEED_TOLERANCE_RAD_S
        self._note = note
        self._path = DesiredPath(physics.joint_position)
        self._on_its_way = [self._path.position] * (delay_ticks + 1)
        self._filtered_nm = np.zeros(wire.JOINTS)
        self._collision_nm = COLLISION_NM
        self._finish: Callable[[MoveAnswer], None] | None = None
        self._lost = 0
        self._success = 0.0
        self.gripper_width_m = physics.gripper_width_m
        self.mode = RobotMode.IDLE
        self._state = np.zeros((), wire.STATE)
        identity = np.eye(4).reshape(16)
        for name in ("F_T_EE", "EE_T_K", "F_T_NE", "NE_T_EE", "O_T_EE_d", "O_T_EE_c"):
            self._state[name] = identity
        self._write_mode()

    @property
    def moving(self) -> bool:
        """Whether a motion runs and commands are expected."""
        return self._finish is not None

    def set_collision(self, torque_nm: Floats) -> None:
        """Trip when an external torque (7,) exceeds these."""
        self._collision_nm = torque_nm

    def start(self, finish: Callable[[MoveAnswer], None]) -> bool:
        """Start a joint position motion unless one runs or the arm is stopped."""
        if self.mode is not RobotMode.IDLE:
            return False
        self._finish = finish
        self._path.rest_at(self._path.position)
        self._lost, self._success = 0, 1.0
        self._state["reflex_reason"] = False
        self._set_mode(RobotMode.MOVE)
        return True

    def preempt(self) -> bool:
        """End the motion, as a stop from the client does; refused where the arm is stopped."""
        if self.mode not in (RobotMode.IDLE, RobotMode.MOVE):
            return False
        self._end(MoveAnswer.PREEMPTED, RobotMode.IDLE)
        return True

    def reflex(self, error: Error, detail: str) -> None:
        """Brake and stay in reflex mode until recovered."""
        if self.mode in (RobotMode.REFLEX, RobotMode.USER_STOPPED):
            return
        self._state["errors"][error] = True
        self._state["reflex_reason"] = False
        self._state["reflex_reason"][error] = True
        self._end(MoveAnswer.REFLEX, RobotMode.REFLEX)
        self._note("protective_stop", f"{error.name.lower()}: {detail}")

    def user_stop(self) -> None:
        """Somebody has let go of the activation device."""
        if self.mode is not RobotMode.USER_STOPPED:
            self._end(MoveAnswer.EMERGENCY, RobotMode.USER_STOPPED)
            self._note("emergency_stop", "activation device")

    def enable(self) -> None:
        """Somebody has pressed the activation device again."""
        if self.mode is RobotMode.USER_STOPPED:
            self._set_mode(RobotMode.REFLEX if self._state["errors"].any() else RobotMode.IDLE)

    def recover(self) -> bool:
        """Leave reflex mode; refused in user stop."""
        if self.mode is RobotMode.USER_STOPPED:
            return False
        if self.mode is RobotMode.REFLEX:
            self._state["errors"] = False
            self._set_mode(RobotMode.IDLE)
            self._note("unlocked", "")
        return True

    def tick(self, command: Floats | None, finished: bool) -> None:
        """Let one cycle pass with the command (7,) that answers the last state, if one came."""
        if self.moving:
            self._advance(command, finished)
        else:
            self._path.brake()
        self._on_its_way.append(self._path.position)
        self._physics.step(self._on_its_way.pop(0), self.gripper_width_m)
        self._watch()

    def state(self, message_id: int) -> bytes:
        """The packet of this cycle; Cartesian quantities are zero, the frames identities."""
        state, physics = self._state, self._physics
        state["message_id"] = message_id
        state["q"] = state["theta"] = physics.joint_position
        state["dq"] = state["dtheta"] = physics.joint_velocity
        state["q_d"], state["dq_d"] = self._path.position, self._path.speed
        state["ddq_d"] = self._path.acceleration
        state["tau_J"] = state["tau_J_d"] = physics.joint_torque
        state["tau_ext_hat_filtered"] = self._filtered_nm
        state["control_command_success_rate"] = self._success if self.moving else 0.0
        return state.tobytes()

    def _advance(self, command: Floats | None, finished: bool) -> None:
        self._success += RATE_SHARE * ((command is not None) - self._success)
        if command is None:
            self._lost += 1
            self._path.bridge()
            if self._lost >= LOST_IN_A_ROW_MAX:
                self.reflex(Error.COMMUNICATION, f"{self._lost} commands missing in a row")
            return
        self._lost = 0
        error = self._path.follow(command)
        if error is not None:
            self.reflex(error, "commanded")
        elif finished:
            self._end(MoveAnswer.SUCCESS, RobotMode.IDLE)

    def _watch(self) -> None:
        external = self._physics.external_torque
        self._filtered_nm += FILTER_SHARE * (external - self._filtered_nm)
        excess = np.abs(self._filtered_nm) - self._collision_nm
        if excess.max() > 0:
            joint = int(excess.argmax())
            self.reflex(
                Error.JOINT_REFLEX, f"{self._filtered_nm[joint]:.0f} Nm at joint {joint + 1}"
            )
        if (np.abs(self._physics.joint_velocity) > self._speed_max).any():
            self.reflex(Error.JOINT_VELOCITY, "measured")

    def _end(self, answer: MoveAnswer, mode: RobotMode) -> None:
        finish, self._finish = self._finish, None
        self._set_mode(mode)
        if finish is not None:
            finish(answer)

    def _set_mode(self, mode: RobotMode) -> None:
        self.mode = mode
        self._write_mode()

    def _write_mode(self) -> None:
        state, moving = self._state, self.mode is RobotMode.MOVE
        state["robot_mode"] = self.mode
        state["motion_generator_mode"] = (
            wire.GENERATOR_JOINT_POSITION if moving else wire.GENERATOR_IDLE
        )
        state["controller_mode"] = (
            wire.CONTROLLER_JOINT_IMPEDANCE if moving else wire.CONTROLLER_OTHER
        )
