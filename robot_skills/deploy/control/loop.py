"""The control loop: read, judge, move the path on, command; once a period, whatever others do."""

import os
import time

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import RobotFault
from robot_skills.deploy.control.channel import Message
from robot_skills.deploy.control.chunk import ChunkFollower, DueTarget
from robot_skills.deploy.control.freshness import Freshness
from robot_skills.deploy.control.links import Links, Patience
from robot_skills.deploy.control.pace import Allowance, Pace
from robot_skills.deploy.control.reporting import Reporter
from robot_skills.deploy.control.watchdog import Guard
from robot_skills.deploy.driver import ArmDriver, ArmState, Fault, FaultKind, StopKind
from robot_skills.deploy.safety.layer import SafetyLayer
from robot_skills.deploy.safety.verdict import Action, Cycle

Floats = NDArray[np.float64]

STANDSTILL_RAD_S = 0.02
BRAKING_MAX_S = 1.5  # of an arm that does not come to rest along its path
CALLER_SILENCE_S = 0.5  # of the calling process, which shows life twenty times a second
# With what is wrong here no path can be followed any more, not even to rest.
AT_ONCE = frozenset({FaultKind.STALE, FaultKind.LINK, FaultKind.COMMAND_REFUSED, FaultKind.DRIVER})


class ControlLoop:
    """One arm's loop; ends when told to close, when its caller is gone, or at a fault."""

    def __init__(
        self,
        driver: ArmDriver,
        safety: SafetyLayer,
        links: Links,
        patience: Patience,
        pace: Pace | None = None,
    ) -> None:
        self._driver, self._safety = driver, safety
        self._channel, self._watchdog = links.channel, links.watchdog
        self._beats = links.memory.beats
        self._caller = os.getppid()
        self._moving = links.watchdog is not None
        self._patience = patience
        self._stopping = False
        self._fault: Fault | None = None
        self._admitted = False
        self._command_error: str | None = None
        self._period_s = 1.0 / driver.info.rate_hz
        state = driver.read()
        self._sent = state.joint_position_rad
        self._chunks = ChunkFollower(links.memory.chunk)
        self._freshness = Freshness(self._period_s)
        self._allowance = Allowance(self._period_s, state.robot_time_s)
        self._pace = pace or Pace(self._period_s)
        self._braking_until_s = float("inf")
        self._reporter = Reporter(links.memory, self._pace, self._chunks, safety)
        self._warm_up(state)

    def _warm_up(self, state: ArmState) -> None:
        """What is slow the first time shall be so before the arm is started."""
        self._safety.margins(state)
        self._safety.advance(self._sent, 0.0, state, 0.0)
        self._pace.lateness_s(0.5, 1.0)

    def run(self) -> Fault | None:
        """Run until closed or left alone, which returns None, or until at rest after a fault."""
        self._pace.restart(time.monotonic())
        while self._wait():
            state = self._read()
            self._beats.control += 1
            if self._cycle(state):
                return self._fault
            self._reporter.report(state, self._sent)
            self._pace.end(time.monotonic())
            if self._moving:  # not before: the first cycle takes its time
                self._beats.guard = Guard.BEATS
        return None

    def _read(self) -> ArmState:
        if self._arm_paces:
            state = self._driver.read()
            self._pace.begin(time.monotonic(), own_time=True)
            return state
        self._pace.begin(time.monotonic())
        return self._driver.read()

    @property
    def _arm_paces(self) -> bool:
        """Whether `read` waits for the arm's next cycle; not while its clock stands still."""
        return self._driver.info.paces and self._freshness.age_s == 0.0

    def _wait(self) -> bool:
        """Wait for the next period, obeying meanwhile; False when it is time to close."""
        until_s = self._pace.earliest_s if self._arm_paces else self._pace.due_s
        while True:
            left_s = until_s - time.monotonic()
            for order in self._channel.receive(left_s):
                if "close" in order:
                    return False
                self._obey(order)
            if left_s <= 0:
                break
        # A process that was forked from the caller may keep the channel open, but is no caller.
        alone = not self._channel.open or os.getppid() != self._caller
        if alone and not self._stopping:
            self._brake()
            self._stopping = True
        return self._moving or not alone

    def _obey(self, order: Message) -> None:
        if "stop" in order and self._moving:
            if StopKind(order["stop"]) is StopKind.POWER_OFF:
                self._end(StopKind.POWER_OFF)
            else:
                self._brake()
                self._stopping = True
        elif "latch" in order and self._fault is None:
            fault = order["latch"]
            self._latch(Fault(FaultKind(fault["kind"]), fault["detail"]))

    def _cycle(self, state: ArmState) -> bool:
        """Judge one reading and command for it; True when it is over."""
        now_s = time.monotonic()
        age_s = self._freshness.update(state.robot_time_s, now_s)
        due = self._chunks.due(state.robot_time_s)
        cycle = self._seen(now_s, age_s, due)
        wanted = self._sent if due is None else due.joint_position
        verdict = self._safety.check(state, cycle, wanted)
        fault = verdict.fault or self._refusal(state, due, cycle)
        if fault is not None and self._fault is None:
            self._latch(fault)
            if not self._moving or state.fault is not None or fault.kind in AT_ONCE:
                self._end(StopKind.SMOOTH)
        if fault is not None and verdict.action is Action.POWER_OFF and self._moving:
            self._end(StopKind.POWER_OFF)
        if self._moving:
            self._move(state, due)
        return self._fault is not None and not self._moving

    def _seen(self, now_s: float, age_s: float, due: DueTarget | None) -> Cycle:
        beat_s = self._beats.operator_s
        error, self._command_error = self._command_error, None
        watchdog_age_s = 0.0
        if self._watchdog is not None and self._moving:
            watchdog_age_s = self._watchdog.age_s(self._beats.watchdog, now_s)
        return Cycle(
            host_time_s=now_s,
            state_age_s=age_s,
            command_age_s=self._command_age_s(now_s, due),
            heartbeat_age_s=now_s - beat_s if beat_s else float("inf"),
            watchdog_age_s=watchdog_age_s,
            overran=self._pace.overran,
            command_error=error,
            moving=self._moving,
        )

    def _command_age_s(self, now_s: float, due: DueTarget | None) -> float:
        if due is None or self._stopping:
            return 0.0
        patience = self._patience
        living = now_s - self._beats.caller_s < CALLER_SILENCE_S
        if living and due.age_s < patience.think_max_s:
            return min(due.age_s, patience.held_s)
        return due.age_s

    def _refusal(self, state: ArmState, due: DueTarget | None, cycle: Cycle) -> Fault | None:
        if self._admitted or due is None or not self._moving:
            return None
        self._admitted = True
        return self._safety.admit(state, due.joint_position, cycle.watchdog_age_s)

    def _move(self, state: ArmState, due: DueTarget | None) -> None:
        elapsed_s = self._allowance.take(state.robot_time_s, time.monotonic())
        goal, left_s, width_m = self._sent, 0.0, None
        if due is not None:
            goal, left_s, width_m = due.joint_position, due.left_s, due.gripper_width_m
        braking = self._stopping or self._fault is not None
        sent = self._safety.advance(goal, left_s, state, elapsed_s)
        try:
            self._sent = self._driver.command(sent, None if braking else width_m)
        except RobotFault as refusal:
            self._command_error = str(refusal)
        if braking and self._rested(state):
            self._end(StopKind.SMOOTH)

    def _rested(self, state: ArmState) -> bool:
        standing = float(np.abs(state.joint_velocity_rad_s).max()) < STANDSTILL_RAD_S
        overdue = time.monotonic() > self._braking_until_s
        return overdue or (self._safety.at_rest and standing) or self._command_error is not None

    def _brake(self) -> None:
        self._safety.brake()
        self._braking_until_s = min(self._braking_until_s, time.monotonic() + BRAKING_MAX_S)

    def _latch(self, fault: Fault) -> None:
        self._fault = fault
        self._channel.send({"fault": {"kind": fault.kind, "detail": fault.detail}})
        self._brake()

    def _end(self, kind: StopKind) -> None:
        """Stop the arm; where that fails the watchdog tries once this process has ended."""
        if self._moving:
            self._beats.guard = Guard.LIFE  # a vendor's stop may take its time
            self._moving = False
        try:
            self._driver.stop(kind)
        except RobotFault as refusal:
            if self._fault is None:
                self._latch(Fault(FaultKind.DRIVER, f"the stop failed: {refusal}"))
            return
        self._beats.guard = Guard.OFF
        self._channel.send({"stopped": True})
