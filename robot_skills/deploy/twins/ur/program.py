"""The control script that ur-rtde uploads, emulated as the register protocol it implements.

The client writes a command number to input_int_register_0 and its numbers to the double registers.
Streaming commands are taken at once; the others are answered in output_int_register_0: 1 ready,
2 done, then 1 again once the client has cleared the command. URScript itself is not interpreted.
"""

from collections.abc import Callable, Mapping
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from robot_skills.deploy.twins.reference import JointReference
from robot_skills.deploy.twins.ur.rtde import Value

Floats = NDArray[np.float64]

READY = 1
DONE = 2
SCRIPT_START = b"def rtde_control():"
STOP_DECELERATION = 10.0  # rad/s^2 of a program that is ended, as of the script's own stopj
JUMP_MAX_RAD = 0.3  # a servo goal farther than this from the reference trips the safety system


class Number(IntEnum):
    """Command numbers of the script that this twin acts on; it acknowledges all others."""

    MOVE_J = 1
    SERVO_J = 11
    SERVO_STOP = 16
    PROTECTIVE_STOP = 31
    STOP_J = 34
    SET_WATCHDOG = 35
    STOP_SCRIPT = 255


_STREAMED = frozenset({6, 9, 10, 11, 24, 25, 26, 27, 38, 58, 66, 67, 68, 69, 70, 71})


class ControlProgram:
    """Runs one uploaded program at a time against a joint reference."""

    def __init__(
        self,
        reference: JointReference,
        protective_stop: Callable[[str], None],
        note: Callable[[str, str], None],
        tick_s: float,
    ) -> None:
        self._reference = reference
        self._protective_stop = protective_stop
        self._note = note
        self._tick_s = tick_s
        self.running = False
        self.status = 0
        self._command = 0
        self._registers = np.zeros(48)
        self._integers = np.zeros(48, dtype=int)
        self._waiting_for_rest = False
        self._watchdog_s: float | None = None
        self._silence_s = 0.0

    def load(self, script: bytes) -> None:
        """Start the program when it is the control script; any other script ends it."""
        if SCRIPT_START in script:
            self._note("program_started", "")
            self.running, self.status, self._command = True, READY, 0
            self._watchdog_s = None
            self._waiting_for_rest = False
        else:
            self.end("another script")

    def end(self, why: str) -> None:
        """End the program; the arm slows to rest."""
        if self.running:
            self._note("program_ended", why)
            self._reference.stop(STOP_DECELERATION)
        self.running, self.status = False, 0

    def receive(self, inputs: Mapping[str, Value]) -> None:
        """Take over the registers of one input packet and act on its command."""
        self._silence_s = 0.0
        command = None
        for name, value in inputs.items():
            kind, _, index = name.rpartition("_register_")
            if kind == "input_double":
                self._registers[int(index)] = value
            elif name == "input_int_register_0":
                command = int(value)  # type: ignore[arg-type]  # registers are no vectors
            elif kind == "input_int":
                self._integers[int(index)] = int(value)  # type: ignore[arg-type]  # as above
        if self.running and command is not None:
            self._act(command)

    def tick(self) -> None:
        """Let one tick pass: a move may be done, a watchdog may run out."""
        if not self.running:
            return
        if self._waiting_for_rest and self._reference.at_rest:
            self._waiting_for_rest, self.status = False, DONE
        self._silence_s += self._tick_s
        if self._watchdog_s is not None and self._silence_s > self._watchdog_s:
            self.end("watchdog")

    def _act(self, command: int) -> None:
        if command in _STREAMED:
            self._command, self.status = command, READY
            if command == Number.SERVO_J:
                self._servo()
        elif command == 0:
            self._command = 0
            if self.status == DONE:
                self.status = READY
        elif command != self._command:
            self._command, self.status = command, 0
            self._begin(command)

    def _servo(self) -> None:
        goal = self._registers[:6].copy()
        jump = float(np.abs(goal - self._reference.position).max())
        if jump > JUMP_MAX_RAD:
            self._protective_stop(f"servo goal {jump:.2f} rad from the last one")
            return
        self._reference.servo(goal, float(self._registers[8]))

    def _begin(self, command: int) -> None:
        if command == Number.MOVE_J:
            speed, acceleration = (float(v) for v in self._registers[6:8])
            self._reference.move(self._registers[:6].copy(), speed, acceleration)
            self._waiting_for_rest = True
        elif command in (Number.SERVO_STOP, Number.STOP_J):
            self._reference.stop(float(self._registers[0]) or STOP_DECELERATION)
            self._waiting_for_rest = True
        elif command == Number.STOP_SCRIPT:
            self.end("stopScript")
        else:
            if command == Number.SET_WATCHDOG:
                self._watchdog_s = 1.0 / float(self._registers[0])
            elif command == Number.PROTECTIVE_STOP:
                self._protective_stop("asked for by the program")
            self.status = DONE
