"""The process that holds libfranka's link to the arm: a state in, a command out, each millisecond.

    python -m robot_skills.deploy.drivers.franka.link HOST FD PARENT PERIOD_S WATCHDOG_S SPEED...

It obeys the orders in the memory of file descriptor FD. When targets cease for WATCHDOG_S, or its
process PARENT ends, it brakes along its path and ends the motion; when it ends itself, the
arm misses its commands and stops after 20 of them.
"""

import gc
import os
import sys
from typing import Any

import numpy as np

from robot_skills.deploy.driver import FaultKind
from robot_skills.deploy.drivers.franka import memory
from robot_skills.deploy.drivers.franka.follower import CYCLE_S, Follower
from robot_skills.deploy.drivers.franka.memory import Floats

ARM_RECORDS = (memory.READING, memory.TARGET, memory.ORDER, memory.ANSWER)
START, HOLD, FINISH, CUT, RECOVER, QUIT = b"start", b"hold", b"finish", b"cut", b"recover", b"quit"
# Contacts that stop the arm: above what it needs to lift its load, far below what its joints give.
COLLISION_NM = [40.0, 40.0, 38.0, 38.0, 32.0, 30.0, 24.0]
COLLISION_N = [60.0, 60.0, 60.0, 30.0, 30.0, 30.0]
RECOVERY_CYCLES = 500  # in which the arm's mode must show that it has recovered
MODES = {
    "Idle": "idle",
    "Move": "move",
    "Guiding": "guiding",
    "Reflex": "reflex",
    "UserStopped": "user stopped",
    "AutomaticErrorRecovery": "recovering",
}


class ArmLink:
    """One connection to one arm, and at most one motion on it."""

    def __init__(
        self,
        host: str,
        records: list[memory.Record],
        speed_max: Floats,
        times_s: tuple[float, float],
    ) -> None:
        import pylibfranka

        self._library: Any = pylibfranka
        # Only a real-time kernel lets a process take the priority that kEnforce insists on.
        self._robot: Any = pylibfranka.Robot(host, pylibfranka.RealtimeConfig.kIgnore)
        self._reading, self._target, self._order, self._answer = records
        self._speed_max = speed_max
        self._period_s, self._watchdog_s = times_s
        self._motion: Any = None
        self._follower = Follower(np.zeros(memory.JOINTS), speed_max, self._period_s)
        self._braking: bytes | None = None
        self._quitting = False
        self._ended = ""
        self._state: Any = None
        self._time_ms = 0
        self._cycles = 1

    def serve(self, parent: int) -> None:
        """Answer states and obey orders until told to quit, or left alone by process `parent`."""
        while not self._quitting or self._motion is not None:
            if self._motion is None:
                self._publish(self._robot.read_once())
            else:
                self._move()
            order = self._order.read()
            if order["number"] != self._answer.draft["number"]:
                self._obey(order)
            if os.getppid() != parent:
                self._quit()

    def _move(self) -> None:
        try:
            state, _ = self._motion.readOnce()
            self._publish(state)
            self._command(state)
        except self._library.ControlException as error:
            self._end(str(error))

    def _command(self, state: Any) -> None:
        follower = self._follower
        follower.take_over(np.array(state.q_d), np.array(state.dq_d), np.array(state.ddq_d))
        if self._braking is None:
            target = self._target.read()
            follower.aim(int(target["number"]), target["position"])
            if follower.silent_cycles * CYCLE_S > self._watchdog_s:
                self._braking = FINISH
                self._ended = f"no command came for {self._watchdog_s:.2g} s"
        position = follower.step(self._cycles) if self._braking is None else follower.brake()
        wanted = self._library.JointPositions(position.tolist())
        if self._braking == FINISH and follower.at_rest:
            wanted.motion_finished = True
            self._motion.writeOnce(wanted)
            self._end(self._ended)
        else:
            self._motion.writeOnce(wanted)

    def _end(self, why: str) -> None:
        self._motion = self._braking = None  # a motion's destructor ends it on the arm
        self._ended = why

    def _quit(self) -> None:
        self._quitting, self._braking = True, FINISH

    def _obey(self, order: np.void) -> None:
        error = ""
        try:
            self._carry_out(bytes(order["kind"]))
        except RuntimeError as refused:  # every exception of libfranka's commands is one
            error = str(refused)
        self._answer.draft["error"] = error.encode()[:400]
        self._answer.draft["number"] = order["number"]
        self._answer.publish()

    def _carry_out(self, kind: bytes) -> None:
        if kind == START:
            self._start()
        elif kind in (HOLD, FINISH) and self._motion is not None:
            self._braking, self._ended = kind, ""
        elif kind == CUT:
            self._end("")
        elif kind == RECOVER:
            self._recover()
        elif kind == QUIT:
            self._quit()

    def _recover(self) -> None:
        self._end("")
        if self._state.robot_mode.name == "Reflex":
            self._robot.automatic_error_recovery()
        for _ in range(RECOVERY_CYCLES):  # states from before may still be on their way
            self._publish(self._robot.read_once())
            if self._state.robot_mode.name not in ("Reflex", "AutomaticErrorRecovery"):
                return

    def _start(self) -> None:
        if self._motion is None:
            limits = (COLLISION_NM, COLLISION_NM, COLLISION_N, COLLISION_N)
            self._robot.set_collision_behavior(*limits)
            joint_impedance = self._library.ControllerMode.JointImpedance
            self._motion = self._robot.start_joint_position_control(joint_impedance)
            first = np.array(self._state.q_d)
            self._follower = Follower(first, self._speed_max, self._period_s)
        self._follower.forget(int(self._target.read()["number"]))
        self._braking, self._ended = None, ""

    def _publish(self, state: Any) -> None:
        self._state = state
        draft = self._reading.draft
        time_ms = round(state.time.to_sec() * 1000)
        self._cycles = max(time_ms - self._time_ms, 1) if self._time_ms else 1
        self._time_ms = time_ms
        draft["time_s"] = time_ms / 1000
        draft["position"], draft["velocity"] = state.q, state.dq
        draft["torque_nm"] = state.tau_J
        draft["cycles"] += 1
        draft["lost"] += self._cycles - 1
        draft["following"] = self._motion is not None and self._braking is None
        mode = state.robot_mode.name
        draft["mode"] = MODES.get(mode, mode).encode()
        draft["fault_kind"], draft["fault"] = self._fault(state, mode)
        self._reading.publish()

    def _fault(self, state: Any, mode: str) -> tuple[bytes, bytes]:
        kind, detail = None, self._ended
        if mode == "UserStopped":
            kind, detail = FaultKind.EMERGENCY_STOP, "the activation device is open; close it"
        elif mode == "Reflex":
            names = _names(state.current_errors) or _names(state.last_motion_errors)
            kind, detail = FaultKind.PROTECTIVE_STOP, f"{names}; free the arm, then clear"
        elif mode not in ("Idle", "Move"):
            kind = FaultKind.NOT_READY
            detail = f"the arm is in mode {mode}; unlock its joints and activate FCI in Desk"
        elif self._ended:
            kind = FaultKind.PROGRAM_STOPPED
        return (kind or "").encode(), detail.encode()[:400] if kind else b""


def _names(errors: Any) -> str:
    return str(errors).strip("[]").replace('"', "")


def main() -> None:
    """Serve as the command line says; what goes wrong is told in the shared memory."""
    host, file_descriptor, parent, period_s, watchdog_s, *speed_max = sys.argv[1:]
    records = memory.attach(int(file_descriptor), ARM_RECORDS)
    times_s = float(period_s), float(watchdog_s)
    try:
        link = ArmLink(host, records, np.array(speed_max, dtype=float), times_s)
        gc.freeze()
        link.serve(int(parent))
    except Exception as error:  # libfranka's have no common base
        reading = records[0]
        reading.draft["fault_kind"], reading.draft["following"] = FaultKind.LINK.encode(), False
        reading.draft["fault"] = str(error).encode()[:400]
        reading.publish()
        sys.exit(1)


if __name__ == "__main__":
    main()
