"""The rows of docs/safety.md as faults: what provokes each, and what must be seen of it."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fault_limits import (
    Stats,
    below_the_table,
    blocked,
    fold,
    folded,
    free_end,
    joint_range,
    kept_acceleration,
    kept_apart,
    kept_box,
    kept_lead,
    kept_range,
    kept_speed,
    step,
    stuck,
)
from fault_rig import Rig, signal_children
from numpy.typing import NDArray

from robot_skills.core.errors import RobotFault
from robot_skills.deploy.driver import FaultKind

Floats = NDArray[np.float64]

CONTROL, WATCHDOG = "robot_skills.deploy.control", "watchdog.py"
POLICY = Path(__file__).with_name("fault_policy.py")
HELD_S = 0.5


@dataclass(frozen=True)
class FaultRow:
    """One row: `action` is the table's word, `kinds` the faults that may be latched for it.

    `provoke` makes it happen; `seen` returns what is wrong with the twin's log, "" when nothing
    is. A row that clamps or holds need not latch anything. What takes the computer long is
    `prepared` for an arm by name before the robot is entered: its control process must not wait.
    """

    name: str
    action: str
    kinds: frozenset[FaultKind]
    provoke: Callable[[Rig], None]
    seen: Callable[[Rig, Stats], str] = lambda _rig, _stats: ""
    prepared: Callable[[str], object] = lambda _arm: None


def not_finite(rig: Rig) -> None:
    """The policy returns NaN."""
    rig.sway(1.0)
    rig.mark()
    with suppress(RobotFault):
        rig.act(np.full_like(rig.start, np.nan))


def overload(rig: Rig) -> None:
    """A joint bears four fifths of its rated torque."""
    rig.sway(0.5)
    assert rig.arm.deploy is not None
    rated = rig.arm.deploy.torque_max_nm
    rated = rig.arm.servo_force_max if rated is None else rated
    rig.inject("push", {"joint": 0, "nm": 0.85 * float(rated[0])})
    rig.go(rig.start, 2.0)


def frozen(rig: Rig) -> None:
    """The link freezes while the world goes on."""
    rig.sway(0.6)
    rig.inject("freeze")
    rig.sway(1.0)
    rig.settle(0.5)
    rig.twin.tell(fault="thaw")


def silent_policy(rig: Rig) -> None:
    """The policy's process stalls in the middle of a motion."""
    rig.sway(0.6)
    rig.mark()
    rig.watch(1.5)


def kept_still(rig: Rig, stats: Stats) -> str:
    """The arm came to rest, and goes on when commands return unless that was latched."""
    resting_s = float(stats["robot_time_s"]) - float(stats["last_motion_s"])
    if resting_s < HELD_S:
        return f"the arm has stood still for {resting_s:.2f} s only"
    if not rig.latched:
        rig.start = rig.robot.state().joint_position_rad
        rig.sway(0.6)
        if rig.latched:
            return f"the arm does not go on: {rig.latched}"
    return ""


def slow_loop(rig: Rig) -> None:
    """The control process does not get the processor, again and again."""
    rig.sway(0.6)
    rig.mark()
    periods_s = 2.5 / rig.robot.info.rate_hz
    for _ in range(12):
        signal_children(CONTROL, signal.SIGSTOP)
        time.sleep(periods_s)
        signal_children(CONTROL, signal.SIGCONT)
        rig.sway(0.1)
        if rig.latched:
            return


def lost_packets(rig: Rig) -> None:
    """First 2 % of the packets are lost, which must not matter, and then all of them."""
    rig.inject("drop", {"p": 0.02})
    rig.sway(3.0)
    if rig.latched:
        rig.latched = f"at 2 % already: {rig.latched}"
        return
    rig.inject("drop", {"p": 1.0})
    rig.sway(1.5)
    rig.twin.tell(fault="drop", value={"p": 0.0})


def own_stop(rig: Rig) -> None:
    """The arm stops itself: a protective stop, a reflex, an error of its own."""
    rig.sway(0.6)
    rig.inject("pstop")
    rig.sway(1.0)


def silent_operator(rig: Rig) -> None:
    """The operator's view beats for a second and is heard no more."""
    beating = threading.Event()

    def beat() -> None:
        while not beating.wait(0.05):
            rig.robot.beat()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    rig.sway(1.0)
    beating.set()
    thread.join()
    rig.mark()
    rig.sway(1.5)


def killed_control(rig: Rig) -> None:
    """The control process is killed in the middle of a motion."""
    rig.sway(0.6)
    rig.mark()
    signal_children(CONTROL, signal.SIGKILL)
    rig.watch(1.0)
    rig.sway(0.2)


def killed_watchdog(rig: Rig) -> None:
    """The watchdog process is killed in the middle of a motion."""
    rig.sway(0.6)
    rig.mark()
    signal_children(WATCHDOG, signal.SIGKILL)
    rig.sway(1.5)


def wrong_start(rig: Rig) -> None:
    """The first target is far from where the arm stands."""
    rig.mark()
    rig.go(rig.moved(0, 0.3), 0.5)
    rig.watch(0.5)


def never_moved(rig: Rig, stats: Stats) -> str:
    """Nothing moved at all."""
    seen = max(stats["largest_joint_excursion_rad"])
    return "" if seen < 0.01 else f"a joint moved by {seen:.3f} rad"


def policy_process(arm: str, address: str) -> "subprocess.Popen[str]":
    """A policy in a process of its own, that moves the arm until it is killed."""
    command = [sys.executable, str(POLICY), arm, address]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _row(
    name: str,
    action: str,
    kinds: set[FaultKind],
    provoke: Callable[[Rig], None],
    seen: Callable[[Rig, Stats], str] = lambda _rig, _stats: "",
    prepared: Callable[[str], object] = lambda _arm: None,
) -> FaultRow:
    return FaultRow(name, action, frozenset(kinds), provoke, seen, prepared)


_LINK = {FaultKind.STALE, FaultKind.LINK, FaultKind.PROGRAM_STOPPED, FaultKind.PROTECTIVE_STOP}
_OWN = {FaultKind.PROTECTIVE_STOP, FaultKind.EMERGENCY_STOP, FaultKind.OVERLOAD}
_LOAD = {FaultKind.OVERLOAD, FaultKind.TRACKING, FaultKind.PROTECTIVE_STOP}
_AWAY = {FaultKind.WATCHDOG, FaultKind.DRIVER}
ROWS = (
    _row("not_finite", "stopped", {FaultKind.BAD_COMMAND}, not_finite),
    _row("joint_range", "clamped", set(), joint_range, kept_range, free_end),
    _row("joint_speed", "clamped", set(), step, kept_speed),
    _row("acceleration", "clamped", set(), step, kept_acceleration),
    _row("step_against_measured", "clamped", _LOAD, stuck, kept_lead),
    _row("tracking_error", "stopped", _LOAD, blocked),
    _row("end_effector_box", "clamped", {FaultKind.OUTSIDE}, below_the_table, kept_box),
    _row("self_collision", "stopped", {FaultKind.COLLISION}, fold, kept_apart, folded),
    _row("overload", "stopped", _LOAD, overload),
    _row("stale_reading", "stopped", _LINK, frozen),
    _row("command_age", "held", {FaultKind.COMMAND_AGE}, silent_policy, kept_still),
    _row("loop_overrun", "stopped", {FaultKind.OVERRUN} | _LINK, slow_loop),
    _row("link_errors", "stopped", _LINK, lost_packets),
    _row("vendor_state", "stopped", _OWN, own_stop),
    _row("operator_heartbeat", "stopped", {FaultKind.HEARTBEAT}, silent_operator),
    _row("robot_watchdog", "stopped", _AWAY, killed_control),
    _row("start_pose", "refused", {FaultKind.START_POSE}, wrong_start, never_moved),
)
KILLED_WATCHDOG = _row("watchdog_killed", "stopped", {FaultKind.WATCHDOG}, killed_watchdog)
