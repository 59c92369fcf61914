"""The caller's side of the control process: newest reading, targets, and the latched fault."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.control.address import ArmAddress
from robot_skills.deploy.control.channel import Message
from robot_skills.deploy.control.chunk import JointChunk, write_chunk
from robot_skills.deploy.control.memory import ArmMemory
from robot_skills.deploy.control.pair import ProcessPair
from robot_skills.deploy.control.readings import read_state, read_status
from robot_skills.deploy.control.status import RobotStatus
from robot_skills.deploy.control.watchdog import Beats, Halted
from robot_skills.deploy.driver import ArmInfo, ArmState, Fault, FaultKind, Floats, StopKind
from robot_skills.deploy.safety.settings import SafetySettings, safety_settings
from robot_skills.deploy.settings import ControlSettings

CONNECT_TIMEOUT_S = 2.5
START_TIMEOUT_S = 30.0  # of process, watchdog and control script together, on a busy machine
STOP_TIMEOUT_S = 2.0
SILENCE_MAX_S = 0.5  # of the control process itself, which reports every period
LAST_WORDS_S = 0.3
NOT_STOPPED = (
    "the control process ended or hung, and the watchdog could not stop the arm: use the "
    "emergency stop"
)
CALLER_BEAT_S = 0.05  # shows the control process that this one lives
LOOK_S = 0.001  # shortest pause between two looks at the readings


class ControlProcess:
    """One arm's control process and its watchdog; after a fault nothing moves until `clear`.

    `accept` sees what has connected before anything can move, and raises InputError to refuse it.
    """

    def __init__(
        self,
        address: ArmAddress,
        settings: ControlSettings | None = None,
        safety: SafetySettings | None = None,
        accept: Callable[[ArmInfo], None] | None = None,
    ) -> None:
        self._address = address
        self._arm = address.profile()
        self._settings = (settings or ControlSettings()).for_arm(self._arm)
        self._safety = safety or safety_settings(self._arm)
        self._accept = accept
        self._memory: ArmMemory | None = None
        self._pair = ProcessPair()
        self._reader: threading.Thread | None = None
        self._news = threading.Condition()
        self._error: Message | None = None
        self._info: ArmInfo | None = None
        self._moving = False
        self._stopped = self._ended = True
        self._closing = False
        self.fault: Fault | None = None

    @property
    def info(self) -> ArmInfo:
        """What the connected arm is; raises RobotFault where none is connected."""
        if self._info is None:
            raise RobotFault("there is no link to the arm; enter the robot first")
        return self._info

    def start(self, move: bool = True, clear: bool = False) -> None:
        """Connect and, with `move`, make the arm ready to follow; raises InputError, RobotFault."""
        if self.fault is not None:
            raise RobotFault(f"latched: {self.fault}; clear the fault first")
        self._error, self._info, self._moving = None, None, move
        self._stopped, self._ended, self._closing = not move, False, False
        self._spawn(move, clear)
        self._reader = threading.Thread(
            target=self._follow, args=(self._cells().beats,), name="control", daemon=True
        )
        self._reader.start()
        try:
            self._await_arm()
            self._await_first_reading()
        except BaseException:
            self._closing = True
            self._end_pair()
            self._release()
            raise

    def clear(self) -> None:
        """Acknowledge the latched fault and start afresh; only because a person asked.

        Raises RobotFault, and keeps the fault latched, when the arm is not ready.
        """
        self.close()
        latched, self.fault = self.fault, None
        try:
            self.start(self._moving, clear=latched is not None)
        except (RobotFault, InputError):
            self.fault = self.fault or latched
            raise

    def state(self) -> ArmState:
        """Newest reading; raises RobotFault when a fault is latched or the process is silent."""
        with self._news:
            return self._checked_state()

    def sent(self) -> Floats:
        """The joint target (J,) rad that the newest reading's cycle sent."""
        return np.array(self._cells().reading.record["sent_rad"])

    def follow(self, chunk: JointChunk) -> None:
        """Follow a chunk of targets from now on, instead of what was asked before.

        Raises RobotFault when a fault is latched or the arm was stopped.
        """
        if self._stopped:
            raise RobotFault("the arm was stopped; enter the robot again to move it")
        self.state()
        write_chunk(self._cells().chunk, chunk, time.monotonic())

    def wait_until(self, robot_time_s: float) -> ArmState:
        """The first reading at or after `robot_time_s`; raises RobotFault as `state` does."""
        with self._news:
            while (left_s := robot_time_s - (state := self._checked_state()).robot_time_s) > 0:
                self._news.wait(min(max(left_s, LOOK_S), SILENCE_MAX_S))
            return state

    def status(self) -> RobotStatus:
        """Rates, margins and the latched fault; never raises once the arm was connected."""
        memory = self._cells()
        with self._news:
            memory.reading.fetch()
            memory.status.fetch()
        return read_status(memory.reading.record, memory.status.record, self.fault)

    def beat(self) -> None:
        """The operator is there; from the first beat on their silence stops the arm."""
        self._cells().beats.operator_s = time.monotonic()

    def latch(self, fault: Fault) -> None:
        """Stop the arm for a reason found on this side, and keep it stopped."""
        self._channel.send({"latch": {"kind": fault.kind, "detail": fault.detail}})
        if self.fault is None:
            self.fault = fault
        self._await_standstill()

    def stop(self, kind: StopKind) -> None:
        """Bring the arm to rest; readings go on. May be called twice and from any thread."""
        if self._ended or self._stopped:
            return
        self._channel.send({"stop": kind})
        self._await_standstill()

    def close(self) -> None:
        """Stop the arm and end both processes; RobotFault where the arm could not be stopped."""
        if not self._ended:
            self.stop(StopKind.SMOOTH)
            self._closing = True
            self._channel.send({"close": True})
            with self._news:
                self._news.wait_for(lambda: self._ended, STOP_TIMEOUT_S)
        self._end_pair()
        unstopped = self._unstopped()
        self._release()
        if unstopped:
            raise RobotFault(NOT_STOPPED)

    def _release(self) -> None:
        if self._reader is not None:
            self._reader.join(STOP_TIMEOUT_S)
            self._reader = None
            self._channel.close()
            self._cells().close()  # its last records can still be read

    def _spawn(self, move: bool, clear: bool) -> None:
        self._memory = ArmMemory.create(self._arm.dof)
        settings, address = self._settings, self._address
        arm = {"driver": address.driver, "host": address.host, "arm": str(address.arm)}
        order = {
            **arm,
            "task": str(address.task or ""),
            "settings": asdict(settings),
            "safety": asdict(self._safety),
            "timeout_s": CONNECT_TIMEOUT_S,
            "move": move,
            "clear": clear,
        }
        silence_max_s = settings.watchdog_silence_s
        watched = {**arm, "priority": settings.priority, "silence_max_s": silence_max_s}
        descriptor = self._memory.descriptor
        self._channel = self._pair.start(descriptor, order, watched if move else None)

    def _await_arm(self) -> None:
        """Wait until an arm has answered, and let it start only if it is accepted."""
        with self._news:
            self._news.wait_for(lambda: self._info is not None or self._ended, START_TIMEOUT_S)
        self._raise_error()
        if self._info is None:
            raise InputError(
                f"{self._address.host} takes connections, but does not answer as a controller of "
                f"{self._address.arm.name} does; is the address right?"
            )
        if self._accept is not None:
            self._accept(self._info)
        self._channel.send({"accepted": True})

    def _await_first_reading(self) -> None:
        deadline_s = time.monotonic() + START_TIMEOUT_S
        with self._news:
            while not (self._ended or self._cells().reading.fetch()):
                if time.monotonic() > deadline_s:
                    raise RobotFault(f"no reading came within {START_TIMEOUT_S:g} s")
                self._news.wait(0.01)
        self._raise_error()
        self.state()

    def _raise_error(self) -> None:
        if self._error is not None:
            kind = InputError if self._error["kind"] == "InputError" else RobotFault
            self.fault = None  # nothing has moved: there is nothing to latch
            raise kind(self._error["detail"])

    def _checked_state(self) -> ArmState:
        self._raise_latched()
        if self._memory is None or self._ended:
            raise RobotFault("there is no link to the arm; enter the robot first")
        reading = self._memory.reading
        reading.fetch()
        silence_s = time.monotonic() - float(reading.record["host_time_s"])
        if silence_s > SILENCE_MAX_S:
            # Where this process itself had slept, the reason has come already, and waits.
            self._news.wait_for(lambda: self.fault is not None, LAST_WORDS_S)
            self._raise_latched()
            self._end_pair()
            self.fault = Fault(FaultKind.DRIVER, f"no reading for {silence_s:.1f} s")
            self._raise_latched()
        return read_state(reading.record)

    def _raise_latched(self) -> None:
        if self.fault is not None:
            raise RobotFault(f"latched: {self.fault}")

    def _cells(self) -> ArmMemory:
        if self._memory is None:
            raise RobotFault("there is no link to the arm; enter the robot first")
        return self._memory

    def _await_standstill(self) -> None:
        with self._news:
            self._news.wait_for(lambda: self._stopped or self._ended, STOP_TIMEOUT_S)
        if not (self._stopped or self._ended):
            self._end_pair()  # its watchdog then stops the arm

    def _end_pair(self) -> None:
        self._pair.kill()
        if self._unstopped():
            self.fault = Fault(FaultKind.DRIVER, NOT_STOPPED)

    def _unstopped(self) -> bool:
        """Whether nothing stopped the arm: the watchdog could not, and it does not do so itself."""
        alone = self._info is not None and self._info.robot_watchdog
        failed = self._memory is not None and self._memory.beats.halted is Halted.FAILED
        return failed and not alone

    def _follow(self, beats: Beats) -> None:
        while self._channel.open:
            for message in self._channel.receive(CALLER_BEAT_S):
                with self._news:
                    self._take(message)
                    self._news.notify_all()
            beats.caller_s = time.monotonic()
        unexpected = self.fault is None and self._info is not None and not self._closing
        words = self._last_words() if unexpected else ""
        with self._news:
            self._ended = True
            if unexpected and self.fault is None:
                self.fault = Fault(FaultKind.DRIVER, words)
            self._news.notify_all()

    def _take(self, message: Message) -> None:
        if "info" in message:
            table: dict[str, Any] = message["info"]
            self._info = ArmInfo(**{**table, "joints": tuple(table["joints"])})
        elif "fault" in message and self.fault is None:
            fault = message["fault"]
            self.fault = Fault(FaultKind(fault["kind"]), fault["detail"])
        elif "error" in message:
            self._error = message["error"]
            if self._info is not None and self.fault is None:
                self.fault = Fault(FaultKind.DRIVER, str(message["error"]["detail"]))
        elif "stopped" in message:
            self._stopped = True

    def _last_words(self) -> str:
        words = {
            Halted.NO: "the control process ended by itself",
            Halted.YES: "the control process ended by itself or hung; the watchdog stopped the arm",
            Halted.FAILED: NOT_STOPPED,
        }
        self._pair.settle()
        return words[self._cells().beats.halted]
